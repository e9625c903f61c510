package sluice.engine;

import java.util.LinkedHashMap;
import java.util.Map;
import liquibase.changelog.ChangeSet;
import liquibase.changelog.ChangeSet.ExecType;
import liquibase.changelog.ChangeSet.RunStatus;
import liquibase.changelog.DatabaseChangeLog;
import liquibase.changelog.visitor.AbstractChangeExecListener;
import liquibase.change.Change;
import liquibase.database.Database;

/** Tells what happens to each changeset as it happens, and stops between two changes once cancelling was asked for. */
final class Changesets extends AbstractChangeExecListener {
    private final Events events;
    private final Control control;
    private long startedAt;
    private ChangeSet current;
    private boolean isFailureTold;
    private int rolledBack;

    Changesets(Events events, Control control) {
        this.events = events;
        this.control = control;
    }

    /** The changeset that was under way when something went wrong. */
    ChangeSet current() {
        return current;
    }

    int rolledBackCount() {
        return rolledBack;
    }

    static Map<String, Object> identity(ChangeSet changeSet) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("id", changeSet.getId());
        json.put("author", changeSet.getAuthor());
        json.put("file", changeSet.getFilePath());
        return json;
    }

    static Map<String, Object> described(ChangeSet changeSet) {
        Map<String, Object> json = identity(changeSet);
        putText(json, "comment", changeSet.getComments());
        if (changeSet.getContextFilter() != null) putText(json, "contexts", changeSet.getContextFilter().getOriginalString());
        if (changeSet.getLabels() != null) putText(json, "labels", changeSet.getLabels().toString());
        return json;
    }

    private static void putText(Map<String, Object> json, String name, String value) {
        if (value != null && !value.isBlank()) json.put(name, value);
    }

    @Override
    public void willRun(ChangeSet changeSet, DatabaseChangeLog changeLog, Database database, RunStatus status) {
        begin(changeSet);
    }

    @Override
    public void willRun(Change change, ChangeSet changeSet, DatabaseChangeLog changeLog, Database database) {
        JoinedCommits.holdNone(database);
        control.check();
    }

    @Override
    public void ran(Change change, ChangeSet changeSet, DatabaseChangeLog changeLog, Database database) {
        JoinedCommits.holdNext(changeSet, database);
    }

    @Override
    public void willRollback(ChangeSet changeSet, DatabaseChangeLog changeLog, Database database) {
        begin(changeSet);
        // Statements that Liquibase makes up for a rollback are no changes that it tells.
        JoinedCommits.holdNext(changeSet, database);
    }

    private void begin(ChangeSet changeSet) {
        control.check();
        isFailureTold = false;
        startedAt = System.currentTimeMillis();
        current = changeSet;
        events.emit("began", identity(changeSet));
    }

    @Override
    public void ran(ChangeSet changeSet, DatabaseChangeLog changeLog, Database database, ExecType type) {
        JoinedCommits.holdNone(database);
        switch (type) {
            case EXECUTED, RERAN -> end("applied", changeSet, null);
            case MARK_RAN -> end("markedRan", changeSet, null);
            case SKIPPED -> end("skipped", changeSet, null);
            case FAILED -> { } // runFailed tells it, with the reason
        }
    }

    @Override
    public void rolledBack(ChangeSet changeSet, DatabaseChangeLog changeLog, Database database) {
        JoinedCommits.holdNone(database);
        rolledBack++;
        end("rolledBack", changeSet, null);
    }

    @Override
    public void runFailed(ChangeSet changeSet, DatabaseChangeLog changeLog, Database database, Exception cause) {
        JoinedCommits.holdNone(database);
        control.unwind();
        tellFailed(changeSet, cause);
    }

    /** After the end of Liquibase's work: it tells no failure of what it does around the changes, such as writing the history row. */
    void ended(Throwable cause) {
        if (current != null && !isFailureTold) tellFailed(current, cause);
    }

    private void tellFailed(ChangeSet changeSet, Throwable cause) {
        end("failed", changeSet, Failure.running(cause, null).message());
        isFailureTold = true;
        current = changeSet;
    }

    @Override
    public void rollbackFailed(ChangeSet changeSet, DatabaseChangeLog changeLog, Database database, Exception cause) {
        runFailed(changeSet, changeLog, database, cause);
    }

    void skipped(ChangeSet changeSet, String reason) {
        Map<String, Object> json = described(changeSet);
        json.put("status", "skipped");
        json.put("reason", reason);
        events.emit("changeset", json);
    }

    private void end(String status, ChangeSet changeSet, String error) {
        Map<String, Object> json = described(changeSet);
        json.put("status", status);
        json.put("durationMs", Math.max(0, System.currentTimeMillis() - startedAt));
        putText(json, "description", changeSet.getDescription());
        putText(json, "error", error);
        events.emit("changeset", json);
        current = null;
    }
}
