package sluice.engine;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Who holds the change log lock, as its row says. An engine of this product writes
 * `<host>#<engine> session=<name> backend=<session number>@<server> (<address>)`; without `backend` its life cannot be proven from outside.
 */
record LockHolder(String lockedBy, Timestamp since) {
    /** Said after the statement: the command that does the same with the right to and a trace in the audit trail. */
    static final String BY_COMMAND = "; also with: npm run sluice -- locks release, for the holder that locks list shows";
    private static final Pattern OURS = Pattern.compile("#(sluice-[A-Za-z0-9_-]+) session=(\\S+)(?: backend=(\\d+(?::\\d+)?)@([0-9a-f]+))? \\(");

    /** @return the holder, or null when the lock is free; the table must exist */
    static LockHolder read(Connection connection, String table) throws SQLException {
        try (PreparedStatement select = connection.prepareStatement("SELECT LOCKEDBY, LOCKGRANTED FROM " + table + " WHERE ID = 1 AND LOCKED = TRUE");
             ResultSet row = select.executeQuery()) {
            return row.next() ? new LockHolder(row.getString(1), row.getTimestamp(2)) : null;
        }
    }

    /** @return what keeps the lock from ever being taken, with the remedy; null when the table has its one row */
    static String fault(Connection connection, String table) throws SQLException {
        try (PreparedStatement select = connection.prepareStatement("SELECT COUNT(*), COUNT(LOCKED) FROM " + table + " WHERE ID = 1"); ResultSet row = select.executeQuery()) {
            row.next();
            int rows = row.getInt(1);
            String rule = "the change log lock is the one row with ID 1 of " + table + ", which ";
            if (rows > 1) return rule + "has " + rows + " of them; delete all but one and run the step again";
            if (rows == 0) return rule + "has none; add it with: INSERT INTO " + table + " (ID, LOCKED) VALUES (1, FALSE), and run the step again";
            return row.getInt(2) == 1 ? null : rule + "holds NULL in LOCKED; when no other tool is at work, set it with: UPDATE " + table + " SET LOCKED = FALSE WHERE ID = 1, and run the step again";
        }
    }

    /** What is known about a holder. */
    enum Life { ALIVE, DEAD, UNKNOWN }

    /** Dead only with proof: the engine wrote down how to prove it, and the same server says that its session is gone. */
    Life life(SessionProof proof) {
        Matcher ours = OURS.matcher(lockedBy == null ? "" : lockedBy);
        if (!ours.find() || ours.group(3) == null) return Life.UNKNOWN;
        return proof.life(ours.group(1), ours.group(2), ours.group(3), ours.group(4));
    }

    /** The statement that frees the lock by hand, and only from this holder. */
    String releasing() {
        return releasing("LOCKEDBY = '" + (lockedBy == null ? "" : lockedBy.replace("'", "''")) + "'");
    }

    /** @param condition names the holder */
    static String releasing(String condition) {
        return "UPDATE DATABASECHANGELOGLOCK SET LOCKED = FALSE, LOCKEDBY = NULL, LOCKGRANTED = NULL WHERE " + condition;
    }

    @Override
    public String toString() {
        return (lockedBy == null ? "an unnamed holder" : lockedBy) + (since == null ? "" : " since " + since.toLocalDateTime().withNano(0));
    }
}
