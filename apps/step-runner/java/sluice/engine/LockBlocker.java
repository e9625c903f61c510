package sluice.engine;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/**
 * Another session whose open transaction locks the lock table itself, so that not even the row can be read or changed. Without a limit a
 * statement waits for it without a word.
 */
final class LockBlocker {
    private static final String POSTGRES_LIMIT = "SET LOCAL lock_timeout = '2s'";
    private static final String POSTGRES_REFUSED = "55P03";
    private static final int MYSQL_REFUSED = 1205;
    private static final int MOST_NAMED = 3;
    /** Of PostgreSQL: every lock but that of a mere reader or of a vacuum may keep this run from the row. A session that waits itself holds nobody up. */
    private static final String HOLDERS = "SELECT a.pid, a.usename, a.application_name, a.client_addr, to_char(a.xact_start AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') AS since"
        + " FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid WHERE l.locktype = 'relation' AND l.granted AND l.mode NOT IN ('AccessShareLock', 'ShareUpdateExclusiveLock') AND l.pid <> pg_backend_pid()"
        + " AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND l.relation = to_regclass(?)::oid"
        + " AND NOT EXISTS (SELECT 1 FROM pg_locks w WHERE w.pid = l.pid AND NOT w.granted)"
        + " GROUP BY 1, 2, 3, 4, a.xact_start ORDER BY a.xact_start LIMIT " + MOST_NAMED;

    private LockBlocker() {}

    /** Until the end of the transaction, statements give up when they cannot have a lock. MariaDB and MySQL have such a limit of their own. */
    static void limit(Connection connection) throws SQLException {
        if (!isPostgres(connection)) return;
        try (Statement statement = connection.createStatement()) {
            statement.execute(POSTGRES_LIMIT);
        }
    }

    /** Reads the table under the limit, if it is there. @throws SQLException also one that {@link #isIn} knows */
    static void probe(Connection connection, String table) throws SQLException {
        if (!isPostgres(connection)) return;
        limit(connection);
        try (PreparedStatement find = connection.prepareStatement("SELECT to_regclass(?)")) {
            find.setString(1, table);
            try (ResultSet row = find.executeQuery()) {
                if (!row.next() || row.getString(1) == null) return;
            }
        }
        try (Statement read = connection.createStatement()) {
            read.executeQuery("SELECT ID FROM " + table + " WHERE ID = 1").close();
        }
    }

    /** @return whether a statement gave up because another session has what it needed */
    static boolean isIn(Throwable cause) {
        SQLException sql = Failure.find(cause, SQLException.class);
        return sql != null && (POSTGRES_REFUSED.equals(sql.getSQLState()) || sql.getErrorCode() == MYSQL_REFUSED);
    }

    /** @param table as SQL names it @return for people: who has the table locked, as far as this user may see it */
    static String named(Connection connection, String table) {
        try {
            List<String> holders = isPostgres(connection) ? holders(connection, table) : List.of();
            return holders.isEmpty() ? "another session, which cannot be seen from here" : String.join("; ", holders);
        } catch (SQLException unreadable) {
            return "another session, which this user may not see";
        }
    }

    private static List<String> holders(Connection connection, String table) throws SQLException {
        List<String> holders = new ArrayList<>();
        try (PreparedStatement select = connection.prepareStatement(HOLDERS)) {
            select.setString(1, table);
            try (ResultSet row = select.executeQuery()) {
                while (row.next()) {
                    holders.add("session " + row.getString(1) + known(" of user ", row.getString(2)) + known(", application ", row.getString(3)) + known(", from ", row.getString(4)) + known(", in a transaction since ", row.getString(5)));
                }
            }
        }
        return holders;
    }

    private static String known(String what, String value) {
        return value == null || value.isEmpty() ? "" : what + value;
    }

    private static boolean isPostgres(Connection connection) throws SQLException {
        return connection.isWrapperFor(org.postgresql.PGConnection.class);
    }
}
