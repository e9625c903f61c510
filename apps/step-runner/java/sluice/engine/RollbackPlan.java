package sluice.engine;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import liquibase.change.AbstractChange;
import liquibase.change.Change;
import liquibase.changelog.ChangeSet;
import liquibase.changelog.DatabaseChangeLog;
import liquibase.changelog.RanChangeSet;
import liquibase.changelog.filter.ChangeSetFilter;
import liquibase.database.Database;
import liquibase.exception.LiquibaseException;
import liquibase.exception.RollbackFailedException;

/**
 * What a rollback will take back, found out before it begins: the last changesets of the history, all of them or none.
 * The order of a history is ORDEREXECUTED. Liquibase goes by DATEEXECUTED; where the two would take back different changesets, nothing is.
 */
final class RollbackPlan {
    private static final int MOST_NAMED = 20;
    private static final Comparator<RanChangeSet> BY_DATE = Comparator.comparing(RanChangeSet::getDateExecuted, Comparator.nullsFirst(Comparator.naturalOrder()));
    private static final Comparator<RanChangeSet> BY_ORDER = Comparator.comparing(RanChangeSet::getOrderExecuted, Comparator.nullsFirst(Comparator.naturalOrder()));

    private final List<RanChangeSet> history;
    private final String changelogPath;

    /** @param history rows of the history table, in any order */
    RollbackPlan(List<RanChangeSet> history, String changelogPath) {
        this.history = history;
        this.changelogPath = changelogPath;
    }

    /**
     * @return rows that were deployed after the tag, in the order in which they go
     * @throws LiquibaseException when no row or more than one carries the tag, or when the history contradicts itself there
     */
    List<RanChangeSet> afterTag(String tag) throws LiquibaseException {
        List<RanChangeSet> tagged = history.stream().filter(row -> tag.equalsIgnoreCase(row.getTag())).toList();
        if (tagged.isEmpty()) throw refused("no changeset of the history carries the tag \"" + tag + "\"");
        if (tagged.size() > 1) {
            throw refused("the tag \"" + tag + "\" is on " + tagged.size() + " changesets (" + names(tagged) + "), so the point to go back to is not known; use another tag or changeSetCount");
        }
        RanChangeSet point = tagged.get(0);
        return agreed(after(point, BY_ORDER.thenComparing(BY_DATE)), after(point, BY_DATE.thenComparing(BY_ORDER)));
    }

    /** @return the last rows, in the order in which they go @throws LiquibaseException when there are fewer, or when the history contradicts itself there */
    List<RanChangeSet> last(int count) throws LiquibaseException {
        if (history.size() < count) {
            throw new LiquibaseException("cannot roll back " + count + " changesets: only " + history.size() + " are deployed; nothing was rolled back");
        }
        return agreed(lastBy(BY_ORDER.thenComparing(BY_DATE), count), lastBy(BY_DATE.thenComparing(BY_ORDER), count));
    }

    /** @throws LiquibaseException naming every row that the changelog cannot take back, and why */
    void check(List<RanChangeSet> leaving, DatabaseChangeLog changeLog, List<ChangeSetFilter> selection, Database database) throws LiquibaseException {
        List<String> obstacles = new ArrayList<>();
        Set<String> seen = new HashSet<>();
        for (RanChangeSet row : leaving) {
            // Liquibase would run the rollback of such a changeset once for each row.
            String obstacle = seen.add(name(row)) ? obstacle(changeLog.getChangeSets(row), selection, database) : "is recorded more than once; delete the rows that repeat it";
            if (obstacle != null) obstacles.add(name(row) + " " + obstacle);
        }
        if (!obstacles.isEmpty()) throw refused("cannot roll back: " + shortened(obstacles, "; "));
    }

    private String obstacle(List<ChangeSet> candidates, List<ChangeSetFilter> selection, Database database) {
        if (candidates.isEmpty()) return "is deployed but not part of changelog " + changelogPath;
        List<ChangeSet> selected = candidates.stream().filter(changeSet -> Survey.refusal(selection, changeSet) == null).toList();
        if (selected.isEmpty()) return "is deployed but left out by this step: " + Survey.refusal(selection, candidates.get(0));
        return selected.stream().allMatch(changeSet -> isReversible(changeSet, database)) ? null : "has no rollback";
    }

    /** Some changes make their rollback themselves (loadUpdateData deletes its rows by key), although Liquibase answers that they have none. */
    private static boolean isReversible(ChangeSet changeSet, Database database) {
        return changeSet.supportsRollback(database) || changeSet.getChanges().stream().allMatch(change -> change.supportsRollback(database) || makesItsRollback(change));
    }

    private static boolean makesItsRollback(Change change) {
        return !isInherited(change, "generateRollbackStatements") && isInherited(change, "supportsRollback");
    }

    private static boolean isInherited(Change change, String method) {
        try {
            return change.getClass().getMethod(method, Database.class).getDeclaringClass() == AbstractChange.class;
        } catch (NoSuchMethodException never) {
            throw new IllegalStateException(never);
        }
    }

    /** A tag that the changelog itself sets is a changeset, and goes with what came after it. */
    private List<RanChangeSet> after(RanChangeSet point, Comparator<RanChangeSet> order) {
        List<RanChangeSet> sorted = history.stream().sorted(order).toList();
        boolean isOwnChangeSet = point.getDescription() != null && point.getDescription().trim().equals("tagDatabase");
        return reversed(sorted.subList(sorted.indexOf(point) + (isOwnChangeSet ? 0 : 1), sorted.size()));
    }

    private List<RanChangeSet> lastBy(Comparator<RanChangeSet> order, int count) {
        return reversed(history.stream().sorted(order).toList().subList(history.size() - count, history.size()));
    }

    private static List<RanChangeSet> agreed(List<RanChangeSet> byOrder, List<RanChangeSet> byDate) throws LiquibaseException {
        if (byOrder.equals(byDate)) return byOrder;
        throw refused("the history contradicts itself about what came last: by ORDEREXECUTED " + (byOrder.isEmpty() ? "nothing" : dated(byOrder))
            + " would be rolled back, by DATEEXECUTED " + (byDate.isEmpty() ? "nothing" : dated(byDate))
            + ". Clocks or time zones of the machines that deployed differ; correct DATEEXECUTED of these rows in the history table so that both orders agree, and run the step again");
    }

    private static LiquibaseException refused(String reason) {
        return new RollbackFailedException(reason + "; nothing was rolled back");
    }

    private static List<RanChangeSet> reversed(List<RanChangeSet> rows) {
        List<RanChangeSet> turned = new ArrayList<>(rows);
        Collections.reverse(turned);
        return turned;
    }

    static String name(RanChangeSet row) {
        return row.getStoredChangeLog() + "::" + row.getId() + "::" + row.getAuthor();
    }

    private static String names(List<RanChangeSet> rows) {
        return shortened(rows.stream().map(RollbackPlan::name).toList(), ", ");
    }

    private static String dated(List<RanChangeSet> rows) {
        return shortened(rows.stream().map(row -> name(row) + " (order " + row.getOrderExecuted() + ", " + row.getDateExecuted() + ")").toList(), ", ");
    }

    private static String shortened(List<String> texts, String separator) {
        String shown = texts.stream().limit(MOST_NAMED).collect(Collectors.joining(separator));
        return texts.size() <= MOST_NAMED ? shown : shown + separator + "and " + (texts.size() - MOST_NAMED) + " more";
    }
}
