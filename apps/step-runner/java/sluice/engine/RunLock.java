package sluice.engine;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Timestamp;
import liquibase.Scope;
import liquibase.changelog.ChangeLogHistoryServiceFactory;
import liquibase.database.Database;
import liquibase.database.jvm.JdbcConnection;
import liquibase.exception.DatabaseException;
import liquibase.exception.LockException;

/**
 * The change log lock of one run. It is taken once, kept to the end of the run whatever Liquibase's commands do between, and
 * changed only by statements that name the holder they expect: what another tool holds is waited for, never freed.
 */
final class RunLock {
    static final String KEY = "sluice.lock";
    private static final long STEP_MS = 250;
    private static final long LOOK_EVERY_MS = 2_000;
    private static final long TELL_EVERY_MS = 30_000;
    private static final int HOST_LENGTH = 60;
    private static final int VALID_LIMIT_S = 5;

    private final Command command;
    private final Events events;
    private final Control control;
    private SessionProof proof;
    private String owner;
    private boolean tried;
    private boolean held;

    RunLock(Command command, Events events, Control control) {
        this.command = command;
        this.events = events;
        this.control = control;
    }

    static RunLock current() {
        return Scope.getCurrentScope().get(KEY, RunLock.class);
    }

    /** Once, on the new connection, before anything else uses it. */
    void prepare(Connection connection) throws SQLException {
        proof = SessionProof.of(connection);
        String backend = proof.begin(command.lockOwner());
        owner = host() + "#" + command.lockOwner() + " session=" + command.sessionName() + (backend == null ? "" : " backend=" + backend) + " (" + address() + ")";
    }

    boolean isHeld() {
        return held;
    }

    /** What makes the lock table ready for use. */
    interface Preparation {
        void run() throws DatabaseException;
    }

    /**
     * Waits until the lock is this run's.
     * @param preparation done once, before the first look
     * @param waitMs the longest wait
     * @throws LockException naming the holder, or what is wrong with the lock table
     */
    void waitFor(Database database, Preparation preparation, long waitMs) throws LockException {
        Wait wait = new Wait(waitMs);
        while (!held) {
            control.check();
            try {
                if (!wait.isPrepared) prepare(database, preparation, wait);
                look(database, wait);
            } catch (LockException blocked) {
                if (!LockBlocker.isIn(blocked)) throw blocked;
                tellBlocked(database, wait);
            }
            if (!held) Control.pause(STEP_MS);
        }
    }

    /** How long this run has waited, and when it looks for the holder and speaks again. */
    private static final class Wait {
        final long startedAt = System.currentTimeMillis();
        final long mostMs;
        long lookAt = startedAt;
        long tellAt = startedAt;
        boolean isPrepared;

        Wait(long mostMs) {
            this.mostMs = mostMs;
        }

        long lastedMs() {
            return System.currentTimeMillis() - startedAt;
        }

        boolean isOver() {
            return lastedMs() >= mostMs;
        }

        boolean tells() {
            long now = System.currentTimeMillis();
            if (now < tellAt) return false;
            tellAt = now + TELL_EVERY_MS;
            return true;
        }

        String limit() {
            return "could not get the change log lock within " + mostMs / 60_000 + " minutes; ";
        }

        String start() {
            return lastedMs() < TELL_EVERY_MS ? "Waiting for the change log lock" : "Still waiting for the change log lock (" + lastedMs() / 1000 + " of at most " + mostMs / 1000 + " s)";
        }
    }

    private void prepare(Database database, Preparation preparation, Wait wait) throws LockException {
        try {
            // Liquibase takes a table that it cannot read for one that is not there, so nothing of its own runs under a limit.
            LockBlocker.probe(connection(database), table(database));
            settle(database);
            preparation.run();
            wait.isPrepared = true;
        } catch (SQLException | DatabaseException cause) {
            throw new LockException(cause);
        } finally {
            settle(database);
        }
    }

    /** Takes the lock when it is free, and from time to time looks who holds it. */
    private void look(Database database, Wait wait) throws LockException {
        long now = System.currentTimeMillis();
        boolean looks = now >= wait.lookAt;
        if (looks) refuseBroken(database);
        if (take(database) || !looks) return;
        wait.lookAt = now + LOOK_EVERY_MS;
        LockHolder holder = holder(database);
        if (holder == null) return;
        LockHolder.Life life = holder.life(proof);
        settle(database);
        if (life == LockHolder.Life.DEAD && takeOver(database, holder)) return;
        if (wait.isOver()) throw new LockException(wait.limit() + "held by " + holder + ". " + advice(holder, life));
        if (wait.tells()) events.log("INFO", wait.start() + ", held by " + holder + (life == LockHolder.Life.ALIVE ? "; its session is open" : ""));
    }

    private void tellBlocked(Database database, Wait wait) throws LockException {
        String blocker = LockBlocker.named(connection(database), table(database));
        settle(database);
        if (wait.isOver()) throw new LockException(wait.limit() + table(database) + " is locked by " + blocker + ". Let that transaction end, or end that session, and run the step again");
        if (wait.tells()) events.log("INFO", wait.start() + ": " + table(database) + " is locked by " + blocker);
    }

    private static void limit(Database database) throws LockException {
        try {
            LockBlocker.limit(connection(database));
        } catch (SQLException cause) {
            throw new LockException(cause);
        }
    }

    private static String advice(LockHolder holder, LockHolder.Life life) {
        return life == LockHolder.Life.ALIVE
            ? "Its session is still open: let that run end, or abort it"
            : "Whether the holder still runs cannot be seen from here; when it is certain that it does not, free the lock with: " + holder.releasing() + LockHolder.BY_COMMAND;
    }

    private boolean take(Database database) throws LockException {
        tried = true;
        boolean taken;
        try {
            limit(database);
            taken = change(database, "LOCKED = TRUE, LOCKEDBY = ?, LOCKGRANTED = ? WHERE ID = 1 AND LOCKED = FALSE", owner, now());
        } catch (LockException refused) {
            // A session that still answers has refused the statement, so the lock cannot be this run's.
            tried = !answers(database);
            throw refused;
        }
        if (taken) began(database, "Successfully acquired change log lock");
        return taken;
    }

    private static boolean answers(Database database) {
        try {
            return connection(database).isValid(VALID_LIMIT_S);
        } catch (SQLException lost) {
            return false;
        }
    }

    private boolean takeOver(Database database, LockHolder dead) throws LockException {
        limit(database);
        boolean taken = change(database, "LOCKEDBY = ?, LOCKGRANTED = ? WHERE ID = 1 AND LOCKED = TRUE AND LOCKEDBY = ?", owner, now(), dead.lockedBy());
        if (taken) {
            events.log("WARN", "Took over the change log lock of " + dead + ": that engine no longer runs, its database session is gone");
            began(database, "Successfully acquired change log lock");
        }
        return taken;
    }

    private void began(Database database, String message) {
        held = true;
        Scope.getCurrentScope().getSingleton(ChangeLogHistoryServiceFactory.class).resetAll();
        database.setCanCacheLiquibaseTableInfo(true);
        events.log("INFO", message);
    }

    /**
     * Frees the lock if it is still this run's, over the run's connection or another one.
     * @return false when the database could not be asked
     */
    boolean letGo(Database database) {
        if (!tried) return true;
        database.setCanCacheLiquibaseTableInfo(false);
        try {
            boolean freed = change(database, "LOCKED = FALSE, LOCKEDBY = NULL, LOCKGRANTED = NULL WHERE ID = 1 AND LOCKED = TRUE AND LOCKEDBY = ?", owner);
            if (freed) events.log("INFO", "Successfully released change log lock");
            held = false;
            return true;
        } catch (LockException unreachable) {
            return false;
        }
    }

    /** Before each taking: with two rows the lock would be taken twice, and a row that is not there or says nothing never becomes free. */
    private void refuseBroken(Database database) throws LockException {
        try {
            limit(database);
            String fault = LockHolder.fault(connection(database), table(database));
            if (fault != null) throw new LockException(fault);
        } catch (SQLException cause) {
            throw new LockException(cause);
        } finally {
            settle(database);
        }
    }

    private LockHolder holder(Database database) throws LockException {
        try {
            limit(database);
            return LockHolder.read(connection(database), table(database));
        } catch (SQLException cause) {
            throw new LockException(cause);
        } finally {
            settle(database);
        }
    }

    private static boolean change(Database database, String what, Object... values) throws LockException {
        try (PreparedStatement update = connection(database).prepareStatement("UPDATE " + table(database) + " SET " + what)) {
            for (int index = 0; index < values.length; index++) update.setObject(index + 1, values[index]);
            boolean changed = update.executeUpdate() == 1;
            database.commit();
            return changed;
        } catch (SQLException | DatabaseException cause) {
            throw new LockException(cause);
        } finally {
            settle(database);
        }
    }

    private static void settle(Database database) {
        try {
            database.rollback();
        } catch (DatabaseException lost) {
            // The statement before has failed with the same connection, and says so.
        }
    }

    private static Connection connection(Database database) {
        return ((JdbcConnection) database.getConnection()).getUnderlyingConnection();
    }

    private static String table(Database database) {
        return database.escapeTableName(database.getLiquibaseCatalogName(), database.getLiquibaseSchemaName(), database.getDatabaseChangeLogLockTableName());
    }

    private static Timestamp now() {
        return new Timestamp(System.currentTimeMillis());
    }

    private static String host() {
        try {
            String name = InetAddress.getLocalHost().getHostName();
            return name.length() <= HOST_LENGTH ? name : name.substring(0, HOST_LENGTH);
        } catch (UnknownHostException nameless) {
            return "unknown";
        }
    }

    private static String address() {
        try {
            return InetAddress.getLocalHost().getHostAddress();
        } catch (UnknownHostException nameless) {
            return "unknown";
        }
    }
}
