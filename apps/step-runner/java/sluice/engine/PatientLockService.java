package sluice.engine;

import liquibase.Scope;
import liquibase.database.Database;
import liquibase.exception.DatabaseException;
import liquibase.exception.LockException;
import liquibase.lockservice.StandardLockService;

/**
 * Liquibase's way to the run's lock. Its commands each take and free the lock, also one that only waited and gave up; here the
 * first taking counts, and only the run itself frees ({@link RunLock#letGo}).
 */
public final class PatientLockService extends StandardLockService {
    private static final long MINUTE_MS = 60_000;

    @Override
    public int getPriority() {
        return super.getPriority() + 10;
    }

    @Override
    public boolean supports(Database database) {
        return RunLock.current() != null;
    }

    @Override
    public boolean hasChangeLogLock() {
        return RunLock.current().isHeld();
    }

    @Override
    public void waitForLock() throws LockException {
        acquireLock();
    }

    /** Waits: the run goes on only with the lock. */
    @Override
    public boolean acquireLock() throws LockException {
        if (hasChangeLogLock()) return true;
        try {
            database.rollback();
            RunLock.current().waitFor(database, this::init, getChangeLogLockWaitTime() * MINUTE_MS);
            return true;
        } catch (DatabaseException cause) {
            throw new LockException(cause);
        }
    }

    @Override
    public void releaseLock() {
        // Kept until the run ends.
    }

    @Override
    public void forceReleaseLock() {
        // Nothing of a run frees what it does not hold.
    }
}
