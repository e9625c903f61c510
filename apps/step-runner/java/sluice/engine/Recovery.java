package sluice.engine;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.function.Consumer;
import liquibase.database.Database;
import liquibase.database.DatabaseFactory;
import liquibase.database.jvm.JdbcConnection;
import liquibase.exception.DatabaseException;

/**
 * After a run that lost its session: the database may be restarting, failing over, or behind a proxy that dropped the connection.
 * A new connection ends what is left of the old session, frees the lock if it is still the run's, and reads what is deployed.
 */
final class Recovery {
    private static final long PAUSE_MS = 500;

    private final Command command;
    private final Events events;
    private final Control control;
    private final RunLock lock;

    Recovery(Command command, Events events, Control control, RunLock lock) {
        this.command = command;
        this.events = events;
        this.control = control;
        this.lock = lock;
    }

    /**
     * Tries until it succeeds, until the command's time for it is over, or until the run is to be stopped.
     * @param number the database's number for the lost session on MariaDB and MySQL, otherwise empty
     * @param look is given the database before its connection is closed again
     * @return whether the lock is certain not to be the run's any more
     */
    boolean run(String number, Consumer<Database> look) {
        long until = System.currentTimeMillis() + command.recoveryMs();
        events.log("WARN", "The database session was lost; connecting again, for at most " + command.recoveryMs() / 1000 + " s, to free the change log lock and to read the history");
        while (true) {
            String failure;
            try (Connection connection = StepRun.connect(command)) {
                LostSession.end(connection, command.sessionName(), number);
                Database database = DatabaseFactory.getInstance().findCorrectDatabaseImplementation(new JdbcConnection(connection));
                if (lock.letGo(database)) {
                    events.log("INFO", "The change log lock is not held by this run any more");
                    look.accept(database);
                    return true;
                }
                failure = "the lock table could not be read";
            } catch (SQLException | DatabaseException cause) {
                failure = Failure.running(cause, null).message();
            }
            if (System.currentTimeMillis() >= until || control.isCancelled()) {
                events.log("WARN", "The change log lock could not be freed (" + failure + "). The next run frees it as soon as the database shows that this session is gone; by hand it is freed with: "
                    + LockHolder.releasing("LOCKEDBY LIKE '%#" + command.lockOwner() + " %'") + LockHolder.BY_COMMAND);
                return false;
            }
            Control.pause(PAUSE_MS);
        }
    }
}
