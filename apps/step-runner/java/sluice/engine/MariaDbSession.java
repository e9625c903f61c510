package sluice.engine;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/**
 * One session of a MariaDB or MySQL server: its number, and the port of its client. A restarted server counts from one again, so the number
 * alone may be somebody else's by now.
 */
record MariaDbSession(long number, String port) {
    /** @return the session of this connection; behind a proxy that shares sessions, null */
    static MariaDbSession of(Connection connection) throws SQLException {
        long number = connection.unwrap(org.mariadb.jdbc.Connection.class).getThreadId();
        return find(connection, number);
    }

    /** @param text as {@link #toString} makes it */
    static MariaDbSession parse(String text) {
        int colon = text.indexOf(':');
        return colon < 0 ? null : new MariaDbSession(Long.parseLong(text.substring(0, colon)), text.substring(colon + 1));
    }

    /** Asked by a session of the same user; other people's are seen only with the right to. */
    boolean isOpen(Connection connection) throws SQLException {
        return equals(find(connection, number));
    }

    /** The statement that every version has: the view behind it is on its way out of MySQL. */
    private static MariaDbSession find(Connection connection, long number) throws SQLException {
        try (Statement statement = connection.createStatement(); ResultSet row = statement.executeQuery("SHOW PROCESSLIST")) {
            while (row.next()) {
                if (row.getLong("Id") == number) return new MariaDbSession(number, portOf(row.getString("Host")));
            }
            return null;
        }
    }

    /** A client on a socket file has no port. */
    private static String portOf(String host) {
        String port = host == null ? "" : host.substring(host.lastIndexOf(':') + 1);
        return port.matches("\\d+") ? port : "0";
    }

    @Override
    public String toString() {
        return number + ":" + port;
    }
}
