package sluice.engine;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.Map;

/** Puts a MariaDB or MySQL database in order after an engine that was ended by force: its session, and the lock if it is still held. */
final class Tidy {
    private static final int NO_SUCH_TABLE = 1146;

    private Tidy() {}

    /** @return the fields of the `finished` event; `released` tells whether the lock had to be freed */
    static Map<String, Object> run(Command command) {
        Map<String, Object> finished = new LinkedHashMap<>();
        finished.put("preStartTag", null);
        finished.put("historyRows", null);
        finished.put("pending", null);
        try (Connection connection = StepRun.connect(command)) {
            LostSession.end(connection, command.sessionName(), command.session());
            finished.put("released", release(connection, command.lockOwner()));
            finished.put("status", "succeeded");
        } catch (SQLException cause) {
            finished.put("status", "failed");
            finished.put("error", Failure.running(cause, null).json(null));
        }
        return finished;
    }

    private static boolean release(Connection connection, String owner) throws SQLException {
        String sql = "UPDATE DATABASECHANGELOGLOCK SET LOCKED = FALSE, LOCKGRANTED = NULL, LOCKEDBY = NULL WHERE LOCKED AND LOCATE(CONCAT('#', ?, ' '), LOCKEDBY) > 0";
        try (PreparedStatement update = connection.prepareStatement(sql)) {
            update.setString(1, owner);
            return update.executeUpdate() == 1;
        } catch (SQLException cause) {
            if (cause.getErrorCode() == NO_SUCH_TABLE) return false;
            throw cause;
        }
    }
}
