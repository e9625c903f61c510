package sluice.engine;

import java.util.Arrays;
import java.util.Date;
import java.util.stream.Collectors;
import liquibase.Scope;
import liquibase.database.Database;
import liquibase.exception.LockException;
import liquibase.lockservice.StandardLockService;

/** Liquibase's own lock, waited for in small steps: it names the holder once, and cancelling ends the wait. */
public final class PatientLockService extends StandardLockService {
    static final String CONTROL = "sluice.control";
    private static final long STEP_MS = 250;

    @Override
    public int getPriority() {
        return super.getPriority() + 10;
    }

    @Override
    public boolean supports(Database database) {
        return Scope.getCurrentScope().get(CONTROL, Control.class) != null;
    }

    @Override
    public void waitForLock() throws LockException {
        Control control = Scope.getCurrentScope().get(CONTROL, Control.class);
        long until = System.currentTimeMillis() + getChangeLogLockWaitTime() * 60_000;
        boolean told = false;
        while (!acquireLock()) {
            control.check();
            if (System.currentTimeMillis() >= until) throw new LockException("could not get the change log lock within " + getChangeLogLockWaitTime() + " minutes; held by " + holders());
            if (!told) Scope.getCurrentScope().getUI().sendMessage("Waiting for the change log lock, held by " + holders());
            told = true;
            Control.pause(STEP_MS);
        }
    }

    private String holders() throws LockException {
        String names = Arrays.stream(listLocks()).map(lock -> lock.getLockedBy() + " since " + new Date(lock.getLockGranted().getTime())).collect(Collectors.joining(", "));
        return names.isEmpty() ? "another run" : names;
    }
}
