package sluice.engine;

import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.List;
import liquibase.ChecksumVersion;
import liquibase.change.CheckSum;
import liquibase.changelog.ChangeLogHistoryService;
import liquibase.changelog.ChangeLogHistoryServiceFactory;
import liquibase.changelog.ChangeSet;
import liquibase.changelog.DatabaseChangeLog;
import liquibase.changelog.RanChangeSet;
import liquibase.database.Database;
import liquibase.database.jvm.JdbcConnection;
import liquibase.exception.LiquibaseException;

/** The history table of a database that older versions have managed. */
final class OldHistory {
    private final Events events;
    private final Database database;

    OldHistory(Events events, Database database) {
        this.events = events;
        this.database = database;
    }

    /**
     * Adds the columns the table lacks, as every run of Liquibase does, and empties checksums from before version 8 (Liquibase 3.5): this
     * engine cannot compute them. Liquibase up to 4.21 did the same; an update then writes today's. Only rows of this changelog are touched.
     * @throws LiquibaseException naming rows that Liquibase stumbles over, and why
     */
    void bringUpToDate(DatabaseChangeLog changeLog) throws LiquibaseException, SQLException {
        ChangeLogHistoryService history = ChangeLogHistoryServiceFactory.getInstance().getChangeLogService(database);
        history.init();
        List<String> faults = History.faults(database);
        if (!faults.isEmpty()) {
            throw new LiquibaseException("the history table " + History.table(database) + " cannot be read: " + String.join("; ", faults) + ". Nothing was changed; correct these rows in the database, or delete those that no tool needs, and run the step again");
        }
        int emptied = 0;
        for (ChangeSet changeSet : changeLog.getChangeSets()) {
            RanChangeSet ran = database.getRanChangeSet(changeSet);
            CheckSum checkSum = ran == null ? null : ran.getLastCheckSum();
            if (checkSum != null && checkSum.getVersion() < ChecksumVersion.V8.getVersion()) emptied += empty(ran);
        }
        if (emptied > 0) events.log("WARN", "The checksums of " + emptied + " deployed changesets come from before Liquibase 3.5 and cannot be compared with today's; they are written again");
        history.reset();
    }

    private int empty(RanChangeSet ran) throws SQLException, LiquibaseException {
        JdbcConnection connection = (JdbcConnection) database.getConnection();
        try (PreparedStatement update = connection.prepareStatement("UPDATE " + History.table(database) + " SET MD5SUM = NULL WHERE ID = ? AND AUTHOR = ? AND FILENAME = ?")) {
            update.setString(1, ran.getId());
            update.setString(2, ran.getAuthor());
            update.setString(3, ran.getStoredChangeLog());
            int rows = update.executeUpdate();
            if (!connection.getAutoCommit()) connection.commit();
            return rows;
        }
    }
}
