package sluice.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import liquibase.Contexts;
import liquibase.LabelExpression;
import liquibase.changelog.ChangeLogHistoryServiceFactory;
import liquibase.changelog.ChangeSet;
import liquibase.changelog.DatabaseChangeLog;
import liquibase.changelog.filter.ChangeSetFilter;
import liquibase.changelog.filter.ChangeSetFilterResult;
import liquibase.changelog.filter.ContextChangeSetFilter;
import liquibase.changelog.filter.DbmsChangeSetFilter;
import liquibase.changelog.filter.IgnoreChangeSetFilter;
import liquibase.changelog.filter.LabelChangeSetFilter;
import liquibase.changelog.filter.ShouldRunChangeSetFilter;
import liquibase.database.Database;
import liquibase.exception.LiquibaseException;

/**
 * The changelog against the history table, by Liquibase's own filters. Selection comes first, so that nothing is computed for
 * changesets that are not meant: they may need classes that are not here.
 */
final class Survey {
    private final List<ChangeSet> due = new ArrayList<>();

    /** @param leftOut told about every changeset that is neither deployed nor selected, with the reason */
    Survey(DatabaseChangeLog changeLog, Database database, Contexts contexts, LabelExpression labels, BiConsumer<ChangeSet, String> leftOut) throws LiquibaseException {
        ChangeLogHistoryServiceFactory.getInstance().getChangeLogService(database).reset();
        List<ChangeSetFilter> selection = selection(contexts, labels, database);
        ShouldRunChangeSetFilter shouldRun = new ShouldRunChangeSetFilter(database);
        for (ChangeSet changeSet : changeLog.getChangeSets()) {
            String reason = refusal(selection, changeSet);
            if (reason == null && shouldRun.accepts(changeSet).isAccepted()) due.add(changeSet);
            if (reason != null && database.getRanChangeSet(changeSet) == null) leftOut.accept(changeSet, reason);
        }
        // Whatever comes next looks for itself, under the lock.
        ChangeLogHistoryServiceFactory.getInstance().getChangeLogService(database).reset();
    }

    /** What a step chooses by, before any look at the history. */
    static List<ChangeSetFilter> selection(Contexts contexts, LabelExpression labels, Database database) {
        return List.of(new ContextChangeSetFilter(contexts), new LabelChangeSetFilter(labels), new DbmsChangeSetFilter(database), new IgnoreChangeSetFilter());
    }

    /** @return why the changeset is not chosen, or null */
    static String refusal(List<ChangeSetFilter> selection, ChangeSet changeSet) {
        for (ChangeSetFilter filter : selection) {
            ChangeSetFilterResult result = filter.accepts(changeSet);
            if (!result.isAccepted()) return result.getMessage();
        }
        return null;
    }

    /** Changesets that an update would run now. */
    List<ChangeSet> due() {
        return due;
    }
}
