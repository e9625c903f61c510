package sluice.engine;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/** A session that its engine lost, at the server: it may still be executing a statement whose client is gone. */
final class LostSession {
    private static final long PAUSE_MS = 500;
    private static final int GONE_CHECKS = 20;
    private static final int NO_SUCH_THREAD = 1094;
    private static final String OTHERS = " FROM pg_stat_activity WHERE application_name = ? AND usename = current_user AND pid <> pg_backend_pid()";

    private LostSession() {}

    /**
     * Ends it, over another connection, and waits until it is gone.
     * @param name of the session on PostgreSQL
     * @param number the {@link MariaDbSession} on MariaDB and MySQL; empty when it is not known
     */
    static void end(Connection connection, String name, String number) throws SQLException {
        if (connection.isWrapperFor(org.postgresql.PGConnection.class)) endPostgres(connection, name);
        else if (connection.isWrapperFor(org.mariadb.jdbc.Connection.class)) endMariaDb(connection, MariaDbSession.parse(number));
    }

    private static void endPostgres(Connection connection, String name) throws SQLException {
        count(connection, "SELECT count(pg_terminate_backend(pid))" + OTHERS, name);
        for (int check = 0; count(connection, "SELECT count(*)" + OTHERS, name) > 0; check++) pause(check);
    }

    private static void endMariaDb(Connection connection, MariaDbSession lost) throws SQLException {
        if (lost == null || !lost.isOpen(connection)) return;
        kill(connection, lost.number());
        for (int check = 0; lost.isOpen(connection); check++) pause(check);
    }

    private static void pause(int check) throws SQLException {
        if (check == GONE_CHECKS) throw new SQLException("the lost session has not ended yet");
        Control.pause(PAUSE_MS);
    }

    private static long count(Connection connection, String sql, String name) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, name);
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                return row.getLong(1);
            }
        }
    }

    private static void kill(Connection connection, long session) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("KILL " + session);
        } catch (SQLException cause) {
            if (cause.getErrorCode() != NO_SUCH_THREAD) throw cause;
        }
    }
}
