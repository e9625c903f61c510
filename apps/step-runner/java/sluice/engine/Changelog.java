package sluice.engine;

import java.io.IOException;
import java.lang.reflect.Field;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import liquibase.Liquibase;
import liquibase.Scope;
import liquibase.change.Change;
import liquibase.change.core.ExecuteShellCommandChange;
import liquibase.changelog.ChangeLogParameters;
import liquibase.changelog.ChangeSet;
import liquibase.changelog.DatabaseChangeLog;
import liquibase.database.Database;
import liquibase.exception.LiquibaseException;
import liquibase.precondition.CustomPreconditionWrapper;
import liquibase.precondition.Precondition;
import liquibase.precondition.PreconditionLogic;
import liquibase.resource.ResourceAccessor;

/**
 * The changelog of one run. It is read once, after everything that decides what it says is known (contexts, labels, database,
 * parameters), and that one reading is what is checked, shown and run.
 */
final class Changelog {
    private final Command command;
    private final Liquibase liquibase;

    private Changelog(Command command, Liquibase liquibase) {
        this.command = command;
        this.liquibase = liquibase;
    }

    /** @throws LiquibaseException when it cannot be read, or holds what is not allowed here; nothing has been applied then */
    static Changelog read(Command command, Database database) throws Exception {
        ResourceAccessor files = SourceTree.of(Path.of(command.root()), command.searchPath());
        Liquibase liquibase = new Liquibase(pathIn(command), files, database);
        isolate(liquibase.getChangeLogParameters());
        command.parameters().forEach(liquibase::setChangeLogParameter);
        liquibase.getChangeLogParameters().setContexts(command.contextFilter());
        liquibase.getChangeLogParameters().setLabels(command.labelFilter());
        Changelog changelog = new Changelog(command, liquibase);
        Map<String, Object> scope = Map.of(Scope.Attr.database.name(), database, Scope.Attr.resourceAccessor.name(), files);
        Scope.child(scope, changelog::parse);
        changelog.requireRecordableNames();
        changelog.requireClasses();
        if (!command.allowShellCommands()) changelog.refuseShellCommands();
        return changelog;
    }

    Liquibase liquibase() {
        return liquibase;
    }

    DatabaseChangeLog content() throws LiquibaseException {
        return liquibase.getDatabaseChangeLog();
    }

    /** The changelog's name below the folder of the search path that holds it. */
    private static String pathIn(Command command) throws IOException {
        if (command.searchPath().isEmpty()) return command.changelog();
        Path file = Path.of("/", command.changelog()).normalize();
        for (String folder : command.searchPath()) {
            Path base = Path.of("/", folder).normalize();
            if (file.startsWith(base) && !file.equals(base)) return base.relativize(file).toString();
        }
        throw new IOException("changelog \"" + command.changelog() + "\" lies in none of the folders of the search path (" + String.join(", ", command.searchPath()) + "); correct searchPath or location of the DB schema");
    }

    /**
     * Liquibase offers all environment variables and system properties of its process as changelog parameters, before those of the
     * user. Here they are the agent's, which no changelog has any business with.
     */
    private static void isolate(ChangeLogParameters parameters) throws ReflectiveOperationException {
        Field global = ChangeLogParameters.class.getDeclaredField("globalParameters");
        global.setAccessible(true);
        int ofProcess = ((List<?>) global.get(new ChangeLogParameters())).size();
        ((List<?>) global.get(parameters)).subList(0, ofProcess).clear();
    }

    private void parse() throws LiquibaseException {
        try {
            for (ChangeSet changeSet : content().getChangeSets()) prefix(changeSet);
        } catch (LiquibaseException | RuntimeException cause) {
            String message = Failure.account(cause);
            if (!message.contains("for includeAll")) throw cause;
            throw new LiquibaseException(message + "; searched in " + String.join(", ", liquibase.getResourceAccessor().describeLocations())
                + ". A DB schema whose paths are relative to another folder names it in changelog.searchPath");
        }
    }

    /** A file name that the changelog gives itself (logicalFilePath) stays what it is. */
    private void prefix(ChangeSet changeSet) {
        // Liquibase leaves "classpath:" out of the name that it records.
        String physical = changeSet.getChangeLog().getPhysicalFilePath();
        boolean isPhysical = changeSet.getFilePath().equals(physical) || changeSet.getFilePath().equals(DatabaseChangeLog.normalizePath(physical));
        if (isPhysical && !command.filePrefix().isEmpty()) changeSet.setFilePath(command.filePrefix() + changeSet.getFilePath());
    }

    /** The driver writes half a surrogate pair as "?": the changeset would be recorded under another name, and applied again by every run. */
    private void requireRecordableNames() throws LiquibaseException {
        for (ChangeSet changeSet : content().getChangeSets()) {
            for (String name : List.of(changeSet.getId(), changeSet.getAuthor(), changeSet.getFilePath())) {
                if (name.codePoints().noneMatch(code -> code >= Character.MIN_SURROGATE && code <= Character.MAX_SURROGATE)) continue;
                throw new LiquibaseException("changeset " + changeSet.getId() + " by " + changeSet.getAuthor() + " in " + changeSet.getFilePath()
                    + " has half a surrogate pair in its id, author or file name, which no database can record; correct it in the changelog. Nothing was applied");
            }
        }
    }

    /** A custom precondition whose class is missing would count as one that failed, and may then mark its changeset as run. */
    private void requireClasses() throws LiquibaseException {
        requireClasses(content().getPreconditions(), "the changelog");
        for (ChangeSet changeSet : content().getChangeSets()) requireClasses(changeSet.getPreconditions(), "changeset " + changeSet.getId() + " by " + changeSet.getAuthor() + " in " + changeSet.getFilePath());
    }

    private static void requireClasses(Precondition precondition, String owner) throws LiquibaseException {
        if (precondition instanceof PreconditionLogic several) {
            for (Precondition nested : several.getNestedPreconditions()) requireClasses(nested, owner);
        }
        if (!(precondition instanceof CustomPreconditionWrapper custom)) return;
        try {
            Class.forName(custom.getClassName(), false, Scope.getCurrentScope().getClassLoader());
        } catch (ClassNotFoundException missing) {
            throw new LiquibaseException("the customPrecondition of " + owner + " needs " + Failure.missingClass(custom.getClassName()));
        }
    }

    private void refuseShellCommands() throws LiquibaseException {
        for (ChangeSet changeSet : content().getChangeSets()) {
            List<Change> changes = new ArrayList<>(changeSet.getChanges());
            changes.addAll(changeSet.getRollback().getChanges());
            if (changes.stream().anyMatch(ExecuteShellCommandChange.class::isInstance)) {
                throw new LiquibaseException("changeset " + changeSet.getId() + " by " + changeSet.getAuthor() + " in " + changeSet.getFilePath()
                    + " runs a program of the operating system (executeCommand), which is not allowed here; nothing was applied");
            }
        }
    }
}
