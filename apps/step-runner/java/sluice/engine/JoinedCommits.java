package sluice.engine;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Set;
import java.util.regex.Pattern;
import liquibase.change.AbstractSQLChange;
import liquibase.change.Change;
import liquibase.changelog.ChangeSet;
import liquibase.database.Database;
import liquibase.database.jvm.JdbcConnection;
import liquibase.exception.DatabaseException;

/**
 * Commits the changes of a changeset together with its row of the history table. Liquibase commits the changes first and the row a moment later; an engine that
 * is killed in between leaves changes no history knows of, and the next run applies them a second time. On PostgreSQL, and on MariaDB and MySQL, where DDL
 * statements commit by themselves: there only what comes after the last one is joined ({@link SelfCommitting}).
 */
final class JoinedCommits extends JdbcConnection {
    /** Liquibase's names of them. Not of their relatives, whose transactions end in other ways. */
    private static final Set<String> PRODUCTS = Set.of("postgresql", "mariadb", "mysql");
    /** A transaction that may only read takes no row, and MariaDB and MySQL do not show that it is one. */
    private static final Pattern MAY_ONLY_READ = Pattern.compile("\\bread\\s+only\\b", Pattern.CASE_INSENSITIVE);

    private boolean isNextHeld;

    JoinedCommits(Connection connection) {
        super(connection);
    }

    /** The commit that follows the last change of a changeset waits for the one of the history row. */
    static void holdNext(ChangeSet changeSet, Database database) {
        set(database, changeSet.isRunInTransaction() && PRODUCTS.contains(database.getShortName()) && !(SelfCommitting.is(database) && mayOnlyRead(changeSet)));
    }

    /** A change that commits by itself does so, and so does everything outside of a changeset. */
    static void holdNone(Database database) {
        set(database, false);
    }

    private static void set(Database database, boolean isNextHeld) {
        if (database.getConnection() instanceof JoinedCommits connection) connection.isNextHeld = isNextHeld;
    }

    private static boolean mayOnlyRead(ChangeSet changeSet) {
        return mayOnlyRead(changeSet.getChanges()) || mayOnlyRead(changeSet.getRollback().getChanges());
    }

    private static boolean mayOnlyRead(Iterable<Change> changes) {
        for (Change change : changes) {
            if (change instanceof AbstractSQLChange raw && raw.getSql() != null && MAY_ONLY_READ.matcher(raw.getSql()).find()) return true;
        }
        return false;
    }

    @Override
    public void commit() throws DatabaseException {
        boolean mayWait = isNextHeld;
        isNextHeld = false;
        try {
            if (mayWait && !getUnderlyingConnection().getAutoCommit() && isRowWritable()) return;
        } catch (SQLException cause) {
            throw new DatabaseException(cause);
        }
        super.commit();
    }

    /**
     * Brings forward what the commit would check on PostgreSQL, so that it is the changeset that fails and not its row. A transaction that has another role or
     * may only read until it ends is committed at once, as Liquibase does.
     */
    private boolean isRowWritable() throws SQLException {
        Connection connection = getUnderlyingConnection();
        if (!connection.isWrapperFor(org.postgresql.PGConnection.class)) return true;
        try (Statement statement = connection.createStatement()) {
            statement.execute("SET CONSTRAINTS ALL IMMEDIATE");
            try (ResultSet row = statement.executeQuery("SELECT current_user, current_setting('transaction_read_only')")) {
                return row.next() && row.getString(1).equals(connection.getMetaData().getUserName()) && "off".equals(row.getString(2));
            }
        }
    }
}
