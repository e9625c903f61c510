package sluice.engine;

import java.sql.SQLException;
import java.util.Set;
import liquibase.change.AbstractSQLChange;
import liquibase.change.Change;
import liquibase.changelog.ChangeSet;
import liquibase.database.Database;

/** MariaDB and MySQL: a DDL statement commits what was before it, and itself. A changeset that ends in its middle leaves what had run by then. */
final class SelfCommitting {
    private static final Set<String> PRODUCTS = Set.of("mariadb", "mysql");
    /** Errors of a statement that finds its work done: a database, table, view, column, key, constraint, row, routine or trigger that is there, or not any more. */
    private static final Set<Integer> DONE_ALREADY = Set.of(1005, 1007, 1008, 1022, 1050, 1051, 1060, 1061, 1062, 1068, 1091, 1304, 1305, 1359, 1360, 1826, 3821, 3822);
    private static final String WHY = ". DDL statements commit by themselves on this database";
    private static final String COMPARE = "compare the changeset with the database before it runs again";
    private static final String DONE_BUT_NOT_RECORDED = WHY + ": an earlier run that failed or was ended within this changeset leaves what it had done, and no row in DATABASECHANGELOG. If that is so here, " + COMPARE
        + ": take back what is there by hand, or, when all of it is there, let the changeset record itself by a precondition with onFail: MARK_RAN";
    private static final String TAKEN_BACK_ALREADY = WHY + ": an earlier rollback that failed or was ended within this changeset leaves what it had taken back, and the row in DATABASECHANGELOG. If that is so here, " + COMPARE
        + ": put back by hand what is gone, or delete the row when nothing of the changeset is left";

    private SelfCommitting() {}

    static boolean is(Database database) {
        return PRODUCTS.contains(database.getShortName());
    }

    /** @return what a failure within a changeset may have left, and what to do, to be put after the error; empty where there is nothing to say */
    static String advice(ChangeSet changeSet, Throwable cause, boolean isRollback) {
        SQLException sql = Failure.find(cause, SQLException.class);
        if (sql != null && DONE_ALREADY.contains(sql.getErrorCode())) return isRollback ? TAKEN_BACK_ALREADY : DONE_BUT_NOT_RECORDED;
        return hasSeveralStatements(isRollback ? changeSet.getRollback().getChanges() : changeSet.getChanges()) ? WHY + ": what this changeset did before the statement that failed may have stayed; " + COMPARE : "";
    }

    private static boolean hasSeveralStatements(Iterable<Change> changes) {
        int statements = 0;
        for (Change change : changes) statements += change instanceof AbstractSQLChange raw && mayHoldSeveral(raw) ? 2 : 1;
        return statements > 1;
    }

    private static boolean mayHoldSeveral(AbstractSQLChange raw) {
        String sql = raw.getSql() == null ? "" : raw.getSql().strip();
        int end = sql.indexOf(';');
        return raw.getEndDelimiter() != null || (end >= 0 && end < sql.length() - 1);
    }
}
