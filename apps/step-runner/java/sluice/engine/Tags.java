package sluice.engine;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.Map;
import liquibase.Liquibase;
import liquibase.database.Database;
import liquibase.database.jvm.JdbcConnection;
import liquibase.exception.LiquibaseException;

/**
 * The tags of one update: where it began, and its own. The last row of a history is the one with the greatest ORDEREXECUTED;
 * Liquibase's own tag command goes by DATEEXECUTED, which clocks and time zones of other machines put in another order.
 */
final class Tags {
    private final Liquibase liquibase;
    private final Database database;
    private final Events events;

    Tags(Liquibase liquibase, Database database, Events events) {
        this.liquibase = liquibase;
        this.database = database;
        this.events = events;
    }

    /**
     * Finds the point a rollback of an update would go back to: the tag of the last row, or a new tag put there.
     * @param fresh the tag to put on a row without one
     * @return a tag that a row carries; empty when nothing is deployed, or when no one row can carry it
     */
    String markStart(String fresh) throws Exception {
        Map<String, Object> last = last();
        if (last == null) {
            events.log("INFO", "The history is empty, so no tag marks the point where this update begins (preStartTag stays empty)");
            return "";
        }
        String row = last.get("file") + "::" + last.get("id") + "::" + last.get("author");
        Object present = last.get("tag");
        if (present != null) {
            events.log("INFO", "The point where this update begins is the tag \"" + present + "\" of the last changeset, " + row);
            return present.toString();
        }
        if (put(last, fresh)) {
            events.log("INFO", "Set the tag \"" + fresh + "\" on the last changeset, " + row + ": it is the point where this update begins");
            return fresh;
        }
        events.log("WARN", "the point where this update begins gets no tag (preStartTag stays empty), because no single row can carry it: " + several(last));
        return "";
    }

    /** Puts the step's own tag on the last row. A tag that is there stays: a rollback may need it, and it marks the same point. */
    void mark(String tag) throws Exception {
        Map<String, Object> last = last();
        Object present = last == null ? null : last.get("tag");
        if (tag.equals(present)) return;
        if (present != null) {
            events.log("WARN", "tag \"" + tag + "\" was not set: the last changeset already carries the tag \"" + present + "\", which marks the same point and which a rollback may need");
            return;
        }
        // In an empty history Liquibase makes a row for the tag.
        if (last == null) liquibase.tag(tag);
        else if (!put(last, tag)) throw new LiquibaseException("the tag \"" + tag + "\" was not set: " + several(last));
        events.log("INFO", "Tagged the database as \"" + tag + "\"");
    }

    private Map<String, Object> last() throws Exception {
        return History.last(database);
    }

    private static String several(Map<String, Object> row) {
        return "the history has the last changeset " + row.get("file") + "::" + row.get("id") + "::" + row.get("author") + " more than once; delete the rows that repeat it";
    }

    /** @return false, and nothing changed, when the row is there more than once: a tag on two rows is no point to go back to */
    private boolean put(Map<String, Object> row, String tag) throws SQLException, LiquibaseException {
        Connection connection = ((JdbcConnection) database.getConnection()).getUnderlyingConnection();
        try (PreparedStatement update = connection.prepareStatement("UPDATE " + History.table(database) + " SET TAG = ? WHERE ID = ? AND AUTHOR = ? AND FILENAME = ? AND ORDEREXECUTED = ?")) {
            update.setString(1, tag);
            update.setObject(2, row.get("id"));
            update.setObject(3, row.get("author"));
            update.setObject(4, row.get("file"));
            update.setObject(5, row.get("orderExecuted"));
            boolean isOne = update.executeUpdate() == 1;
            if (isOne) database.commit();
            else database.rollback();
            return isOne;
        }
    }
}
