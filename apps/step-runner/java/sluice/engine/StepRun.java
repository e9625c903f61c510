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
import liquibase.changelog.ChangeLogHistoryService;
import liquibase.changelog.ChangeLogHistoryServiceFactory;
import liquibase.changelog.ChangeSet;
import liquibase.changelog.DatabaseChangeLog;
import liquibase.changelog.RanChangeSet;
import liquibase.database.Database;
import liquibase.database.DatabaseFactory;
import liquibase.database.jvm.JdbcConnection;
import liquibase.exception.DatabaseException;
import liquibase.exception.LiquibaseException;
import liquibase.lockservice.LockServiceFactory;

/** One update or rollback, from the connection to the history table that is left behind. */
final class StepRun {
    private static final int VALID_LIMIT_S = 5;

    private final Command command;
    private final Driver driver;
    private final Events events;
    private final Control control;
    private final Changesets changesets;
    private final RunLock lock;
    private final LogCapture logs;
    private String preStartTag;
    /** The database's number for the session, where it has no name. */
    private String session = "";

    StepRun(Command command, Events events, Control control) {
        this(command, events, control, null);
    }

    /** @param driver connects instead of the driver the command names; null to take that */
    StepRun(Command command, Events events, Control control, Driver driver) {
        this.command = command;
        this.driver = driver;
        this.events = events;
        this.control = control;
        changesets = new Changesets(events, control);
        logs = new LogCapture(events);
        lock = new RunLock(command, events, control);
    }

    /** @return the fields of the `finished` event */
    Map<String, Object> execute() throws Exception {
        Map<String, Object> scope = new HashMap<>();
        command.settings().forEach((name, value) -> scope.put("liquibase." + name, value));
        scope.put(Scope.Attr.logService.name(), logs);
        scope.put(Scope.Attr.ui.name(), logs.console());
        scope.put(RunLock.KEY, lock);
        return Scope.child(scope, this::connectAndRun);
    }

    private Map<String, Object> connectAndRun() throws Exception {
        Connection connection;
        try {
            connection = driver == null ? connect(command) : connect(driver, command);
        } catch (SQLException cause) {
            return finished(control.isCancelled() ? "cancelled" : "failed", Failure.connecting(command, cause), null);
        }
        try (Connection open = connection) {
            control.opened(open);
            return begin(open);
        } catch (Control.CancelledException early) {
            return finished("cancelled", new Failure("stopped before anything was run", "Unknown", null), null);
        }
    }

    /** A server may end a session before anything was asked of it. */
    private Map<String, Object> begin(Connection open) throws SQLException {
        Database database;
        try {
            lock.prepare(open);
            database = DatabaseFactory.getInstance().findCorrectDatabaseImplementation(new JoinedCommits(open));
            tellConnected(database);
        } catch (SQLException | DatabaseException refused) {
            return finished(control.isCancelled() ? "cancelled" : "failed", Failure.running(refused, null), null);
        }
        return run(database);
    }

    static Connection connect(Command command) throws SQLException {
        try {
            return connect((Driver) Class.forName(command.driver()).getDeclaredConstructor().newInstance(), command);
        } catch (ReflectiveOperationException cause) {
            throw new SQLException("driver " + command.driver() + " is missing", "08001", cause);
        }
    }

    private static Connection connect(Driver driver, Command command) throws SQLException {
        Properties properties = new Properties();
        command.connectionProperties().forEach(properties::setProperty);
        Connection connection = driver.connect(command.url(), properties);
        if (connection == null) throw new SQLException("the driver does not accept this URL", "08001");
        return connection;
    }

    private Map<String, Object> run(Database database) throws SQLException {
        Failure failure = null;
        ChangeSet failedOn = null;
        Liquibase liquibase = null;
        try {
            LockServiceFactory.getInstance().getLockService(database).waitForLock();
            liquibase = Changelog.read(command, database).liquibase();
            liquibase.setChangeExecListener(changesets);
            liquibase.setShowSummary(UpdateSummaryEnum.SUMMARY);
            liquibase.setShowSummaryOutput(UpdateSummaryOutputEnum.LOG);
            inTree(liquibase, database);
            logs.tellSummary();
        } catch (Exception | StackOverflowError | NoClassDefFoundError cause) {
            changesets.ended(cause);
            failedOn = changesets.current();
            failure = Failure.running(cause, failedOn).within(command);
            if (failedOn == null) failure = failure.explained(command);
            if (failedOn != null && SelfCommitting.is(database)) failure = failure.followedBy(SelfCommitting.advice(failedOn, cause, "rollback".equals(command.action())));
        }
        control.unwind();
        String status = failure == null ? "succeeded" : control.isCancelled() ? "cancelled" : "failed";
        Map<String, Object> finished = finished(status, failure, failedOn);
        conclude(finished, liquibase, database);
        return finished;
    }

    /** Reads what is deployed and frees the lock, over a new connection when the run's own was lost. */
    private void conclude(Map<String, Object> finished, Liquibase liquibase, Database database) throws SQLException {
        Connection connection = ((JdbcConnection) database.getConnection()).getUnderlyingConnection();
        if (connection.isValid(VALID_LIMIT_S)) {
            look(finished, liquibase, database);
            // Once more: a late request to cancel may hit just this statement.
            if (lock.letGo(database) || lock.letGo(database)) return;
        }
        new Recovery(command, events, control, lock).run(session, found -> look(finished, liquibase, found));
    }

    private void look(Map<String, Object> finished, Liquibase liquibase, Database database) {
        finished.put("historyRows", tellHistory(database));
        finished.put("pending", pendingOrNull(liquibase, database));
    }

    private void tellConnected(Database database) throws SQLException {
        Connection connection = ((JdbcConnection) database.getConnection()).getUnderlyingConnection();
        DatabaseMetaData about = connection.getMetaData();
        Map<String, Object> connected = new LinkedHashMap<>();
        connected.put("product", about.getDatabaseProductName());
        connected.put("version", about.getDatabaseProductVersion());
        if (connection.isWrapperFor(org.mariadb.jdbc.Connection.class)) {
            MariaDbSession own = MariaDbSession.of(connection);
            session = own == null ? "" : own.toString();
            connected.put("session", session);
        }
        events.emit("connected", connected);
    }

    /** Checksums are computed also where Liquibase does not ask for them, and those of files need the repository. */
    private void inTree(Liquibase liquibase, Database database) throws Exception {
        Map<String, Object> scope = Map.of(Scope.Attr.database.name(), database, Scope.Attr.resourceAccessor.name(), liquibase.getResourceAccessor());
        Scope.child(scope, () -> {
            if ("rollback".equals(command.action())) rollback(liquibase, database);
            else update(liquibase, database);
        });
    }

    private void update(Liquibase liquibase, Database database) throws Exception {
        DatabaseChangeLog changeLog = liquibase.getDatabaseChangeLog();
        new OldHistory(events, database).bringUpToDate(changeLog);
        // Read against the history: tells what will be left out and why.
        List<ChangeSet> due = new Survey(changeLog, database, command.contextFilter(), command.labelFilter(), changesets::skipped).due();
        new Misread(events, liquibase.getResourceAccessor()).warn(due);
        if (!due.isEmpty()) new Moved(events, changeLog, History.read(database)).refuse(due);
        boolean nothingToDo = due.isEmpty();
        Tags tags = new Tags(liquibase, database, events);
        String stepTag = command.tag();
        // Nothing will be applied and the row gets the step's own tag in a moment: that is the same point.
        boolean isSamePoint = nothingToDo && !stepTag.isEmpty();
        preStartTag = tags.markStart(isSamePoint ? stepTag : command.preStartTag());
        liquibase.update(command.contextFilter(), command.labelFilter());
        control.check();
        if (!stepTag.isEmpty()) tags.mark(stepTag);
    }

    private void rollback(Liquibase liquibase, Database database) throws Exception {
        new OldHistory(events, database).bringUpToDate(liquibase.getDatabaseChangeLog());
        ChangeLogHistoryService history = ChangeLogHistoryServiceFactory.getInstance().getChangeLogService(database);
        history.reset();
        RollbackPlan plan = new RollbackPlan(history.getRanChangeSets(), command.changelog());
        List<RanChangeSet> leaving = command.tag().isEmpty() ? plan.last(command.count()) : plan.afterTag(command.tag());
        plan.check(leaving, liquibase.getDatabaseChangeLog(), Survey.selection(command.contextFilter(), command.labelFilter(), database), database);
        events.log("INFO", leaving.isEmpty() ? "Nothing is deployed after tag \"" + command.tag() + "\"" : "Rolling back " + leaving.size() + " changeset(s), in this order:");
        for (RanChangeSet row : leaving) events.log("INFO", "  " + RollbackPlan.name(row));
        if (command.tag().isEmpty()) liquibase.rollback(command.count(), command.contextFilter(), command.labelFilter());
        else liquibase.rollback(command.tag(), command.contextFilter(), command.labelFilter());
        if (changesets.rolledBackCount() < leaving.size()) {
            throw new LiquibaseException("rolled back " + changesets.rolledBackCount() + " of " + leaving.size() + " changesets; the others are still deployed");
        }
    }

    private Map<String, Object> finished(String status, Failure failure, ChangeSet failedOn) {
        Map<String, Object> finished = new LinkedHashMap<>();
        finished.put("status", status);
        if (failure != null) finished.put("error", failure.json(failedOn));
        finished.put("preStartTag", preStartTag);
        finished.put("historyRows", null);
        finished.put("pending", null);
        return finished;
    }

    /** @return how many rows were told; null when the table could not be read */
    private Integer tellHistory(Database database) {
        try {
            if (!database.getConnection().getAutoCommit()) database.rollback();
            return History.tell(database, events);
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
