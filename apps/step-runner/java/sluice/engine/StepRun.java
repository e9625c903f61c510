package sluice.engine;

import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.Driver;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import liquibase.Liquibase;
import liquibase.Scope;
import liquibase.UpdateSummaryEnum;
import liquibase.UpdateSummaryOutputEnum;
import liquibase.changelog.ChangeSet;
import liquibase.changelog.DatabaseChangeLog;
import liquibase.database.Database;
import liquibase.database.DatabaseFactory;
import liquibase.database.jvm.JdbcConnection;
import liquibase.exception.LiquibaseException;

/** One update or rollback, from the connection to the history table that is left behind. */
final class StepRun {
    private final Command command;
    private final Events events;
    private final Control control;
    private final Changesets changesets;
    private String preStartTag;

    StepRun(Command command, Events events, Control control) {
        this.command = command;
        this.events = events;
        this.control = control;
        changesets = new Changesets(events, control);
    }

    /** @return the fields of the `finished` event */
    Map<String, Object> execute() throws Exception {
        LogCapture logs = new LogCapture(events);
        Map<String, Object> scope = new HashMap<>();
        command.settings().forEach((name, value) -> scope.put("liquibase." + name, value));
        scope.put(Scope.Attr.logService.name(), logs);
        scope.put(Scope.Attr.ui.name(), logs.console());
        scope.put(PatientLockService.CONTROL, control);
        return Scope.child(scope, this::connectAndRun);
    }

    private Map<String, Object> connectAndRun() throws Exception {
        Connection connection;
        try {
            connection = connect(command);
        } catch (SQLException cause) {
            return finished(control.isCancelled() ? "cancelled" : "failed", Failure.connecting(command, cause), null);
        }
        try (Connection open = connection) {
            control.opened(open);
            return run(DatabaseFactory.getInstance().findCorrectDatabaseImplementation(new JdbcConnection(open)));
        } catch (Control.CancelledException early) {
            return finished("cancelled", new Failure("stopped before anything was run", "Unknown", null), null);
        }
    }

    static Connection connect(Command command) throws SQLException {
        Properties properties = new Properties();
        command.connectionProperties().forEach(properties::setProperty);
        try {
            Driver driver = (Driver) Class.forName(command.driver()).getDeclaredConstructor().newInstance();
            Connection connection = driver.connect(command.url(), properties);
            if (connection == null) throw new SQLException("the driver does not accept this URL", "08001");
            return connection;
        } catch (ReflectiveOperationException cause) {
            throw new SQLException("driver " + command.driver() + " is missing", "08001", cause);
        }
    }

    private Map<String, Object> run(Database database) throws SQLException {
        tellConnected(database);
        Failure failure = null;
        ChangeSet failedOn = null;
        Liquibase liquibase = null;
        try {
            liquibase = Changelog.read(command, database).liquibase();
            liquibase.setChangeExecListener(changesets);
            liquibase.setShowSummary(UpdateSummaryEnum.SUMMARY);
            liquibase.setShowSummaryOutput(UpdateSummaryOutputEnum.CONSOLE);
            if ("rollback".equals(command.action())) rollback(liquibase, database);
            else update(liquibase, database);
        } catch (Exception | StackOverflowError | NoClassDefFoundError cause) {
            failedOn = changesets.current();
            failure = Failure.running(cause, failedOn);
        }
        control.unwind();
        String status = failure == null ? "succeeded" : control.isCancelled() ? "cancelled" : "failed";
        Map<String, Object> finished = finished(status, failure, failedOn);
        finished.put("history", historyOrNull(database));
        finished.put("pending", pendingOrNull(liquibase, database));
        return finished;
    }

    private void tellConnected(Database database) throws SQLException {
        Connection connection = ((JdbcConnection) database.getConnection()).getUnderlyingConnection();
        DatabaseMetaData about = connection.getMetaData();
        Map<String, Object> connected = new LinkedHashMap<>();
        connected.put("product", about.getDatabaseProductName());
        connected.put("version", about.getDatabaseProductVersion());
        if (connection.isWrapperFor(org.mariadb.jdbc.Connection.class)) {
            connected.put("session", String.valueOf(connection.unwrap(org.mariadb.jdbc.Connection.class).getThreadId()));
        }
        events.emit("connected", connected);
    }

    private void update(Liquibase liquibase, Database database) throws Exception {
        DatabaseChangeLog changeLog = liquibase.getDatabaseChangeLog();
        new OldHistory(events, database).bringUpToDate(changeLog);
        // Read against the history: tells what will be left out and why.
        List<ChangeSet> due = new Survey(changeLog, database, command.contextFilter(), command.labelFilter(), changesets::skipped).due();
        new Moved(events, changeLog, History.read(database)).refuse(due);
        boolean nothingToDo = due.isEmpty();
        String lastTag = markStart(liquibase, database, nothingToDo);
        liquibase.update(command.contextFilter(), command.labelFilter());
        control.check();
        if (command.tag().isEmpty() || command.tag().equals(lastTag)) return;
        if (nothingToDo && lastTag != null) {
            events.log("WARN", "tag \"" + command.tag() + "\" was not set: nothing was applied, and the last changeset already carries the tag \"" + lastTag + "\", which a rollback may need");
            return;
        }
        liquibase.tag(command.tag());
        events.log("INFO", "Tagged the database as \"" + command.tag() + "\"");
    }

    /**
     * Finds the point a rollback of this update would go back to: the tag of the last row, or a new tag put there.
     * @return the tag of the last row before the update, or null
     */
    private String markStart(Liquibase liquibase, Database database, boolean nothingToDo) throws Exception {
        List<Map<String, Object>> rows = History.read(database);
        if (rows.isEmpty()) {
            preStartTag = "";
            return null;
        }
        Object tag = rows.get(rows.size() - 1).get("tag");
        if (tag != null) {
            preStartTag = tag.toString();
            return preStartTag;
        }
        // Nothing will be applied and the row gets the step's own tag in a moment: that is the same point.
        if (nothingToDo && !command.tag().isEmpty()) {
            preStartTag = command.tag();
            return null;
        }
        liquibase.tag(command.preStartTag());
        preStartTag = command.preStartTag();
        return null;
    }

    private void rollback(Liquibase liquibase, Database database) throws Exception {
        new OldHistory(events, database).bringUpToDate(liquibase.getDatabaseChangeLog());
        if (!command.tag().isEmpty()) {
            liquibase.rollback(command.tag(), command.contextFilter(), command.labelFilter());
            return;
        }
        int deployed = History.read(database).size();
        if (deployed < command.count()) {
            throw new LiquibaseException("cannot roll back " + command.count() + " changesets: only " + deployed + " are deployed; nothing was rolled back");
        }
        liquibase.rollback(command.count(), command.contextFilter(), command.labelFilter());
        if (changesets.rolledBackCount() < command.count()) {
            throw new LiquibaseException("rolled back " + changesets.rolledBackCount() + " of " + command.count()
                + " changesets: the others are deployed but not part of changelog " + command.changelog());
        }
    }

    private Map<String, Object> finished(String status, Failure failure, ChangeSet failedOn) {
        Map<String, Object> finished = new LinkedHashMap<>();
        finished.put("status", status);
        if (failure != null) finished.put("error", failure.json(failedOn));
        finished.put("preStartTag", preStartTag);
        finished.put("history", null);
        finished.put("pending", null);
        return finished;
    }

    private List<Map<String, Object>> historyOrNull(Database database) {
        try {
            if (!database.getConnection().getAutoCommit()) database.rollback();
            return History.read(database);
        } catch (Exception unreadable) {
            events.log("WARN", "the history table could not be read after the run: " + unreadable.getMessage());
            return null;
        }
    }

    private List<Map<String, Object>> pendingOrNull(Liquibase liquibase, Database database) {
        if (liquibase == null) return null;
        try {
            List<Map<String, Object>> pending = new ArrayList<>();
            for (ChangeSet changeSet : new Survey(liquibase.getDatabaseChangeLog(), database, command.contextFilter(), command.labelFilter(), (leftOut, reason) -> { }).due()) pending.add(Changesets.described(changeSet));
            return pending;
        } catch (Exception unreadable) {
            return null;
        }
    }
}
