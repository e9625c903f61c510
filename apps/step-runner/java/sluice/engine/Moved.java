package sluice.engine;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import liquibase.ChecksumVersion;
import liquibase.changelog.ChangeSet;
import liquibase.changelog.DatabaseChangeLog;
import liquibase.change.CheckSum;
import liquibase.exception.LiquibaseException;

/**
 * Changesets that are due, while the history holds the same id and author under a path that differs only in its beginning: the
 * database was migrated from another root, and running them again would double what they did.
 */
final class Moved {
    private final Events events;
    /** The rows of the history by id and author. */
    private final Map<String, List<Map<String, Object>>> recorded = new HashMap<>();
    private final Set<String> known = new HashSet<>();

    Moved(Events events, DatabaseChangeLog changeLog, List<Map<String, Object>> history) {
        this.events = events;
        for (Map<String, Object> row : history) recorded.computeIfAbsent(key(text(row, "id"), text(row, "author")), name -> new ArrayList<>(1)).add(row);
        for (ChangeSet changeSet : changeLog.getChangeSets()) known.add(key(changeSet.getId(), changeSet.getAuthor(), changeSet.getFilePath()));
    }

    /**
     * Stops the run when a due changeset has the content of the recorded one, or when that cannot be compared (checksums before version 8).
     * Another content is another changeset: that is only said.
     * @throws LiquibaseException naming the changeset, both paths and the setting that makes them one
     */
    void refuse(List<ChangeSet> due) throws LiquibaseException {
        for (ChangeSet changeSet : due) {
            for (Map<String, Object> row : recorded.getOrDefault(key(changeSet.getId(), changeSet.getAuthor()), List.of())) {
                if (!isElsewhere(changeSet, row)) continue;
                String both = "changeset " + changeSet.getId() + " by " + changeSet.getAuthor() + " in " + changeSet.getFilePath() + " is recorded as deployed under " + text(row, "file");
                if (mayBeSame(changeSet, text(row, "checksum"))) throw new LiquibaseException(both + "; nothing was applied, because it would run a second time. " + remedy(changeSet.getFilePath(), text(row, "file")));
                events.log("WARN", both + " with another content, and is taken for another changeset");
            }
        }
    }

    private boolean isElsewhere(ChangeSet changeSet, Map<String, Object> row) {
        // Both files are part of this changelog: two changesets that happen to have one name.
        if (known.contains(key(text(row, "id"), text(row, "author"), text(row, "file")))) return false;
        String here = normal(changeSet.getFilePath());
        String there = normal(text(row, "file"));
        return !here.equals(there) && here.substring(here.lastIndexOf('/') + 1).equals(there.substring(there.lastIndexOf('/') + 1));
    }

    private static boolean mayBeSame(ChangeSet changeSet, String stored) {
        CheckSum recorded = stored.isEmpty() ? null : CheckSum.parse(stored);
        if (recorded == null || recorded.getVersion() < ChecksumVersion.V8.getVersion()) return true;
        // A changeset keeps the first checksum it computes, whatever its version: the run must not find this one.
        changeSet.clearCheckSum();
        boolean isSame = changeSet.generateCheckSum(ChecksumVersion.enumFromChecksumVersion(recorded.getVersion())).equals(recorded);
        changeSet.clearCheckSum();
        return isSame;
    }

    private static String remedy(String here, String there) {
        String from = normal(here);
        String to = normal(there);
        String otherwise = "give the changelog the recorded path as its logicalFilePath; a changeset that is really another one needs an id of its own";
        if (from.endsWith("/" + to)) return "Set changelog.searchPath of the DB schema to \"" + DatabaseChangeLog.normalizePath(here).substring(0, from.length() - to.length() - 1) + "\", or " + otherwise;
        if (to.endsWith("/" + from)) return "Set changelog.filePrefix of the DB schema to \"" + DatabaseChangeLog.normalizePath(there).substring(0, to.length() - from.length()) + "\", or " + otherwise;
        return "Set changelog.searchPath and changelog.filePrefix of the DB schema so that the paths agree, or " + otherwise;
    }

    private static String key(String id, String author, String file) {
        return normal(file) + "\n" + key(id, author);
    }

    private static String key(String id, String author) {
        return author.toLowerCase(Locale.ROOT) + "\n" + id.toLowerCase(Locale.ROOT);
    }

    private static String normal(String file) {
        return DatabaseChangeLog.normalizePath(file).toLowerCase(Locale.ROOT);
    }

    private static String text(Map<String, Object> row, String name) {
        return Objects.toString(row.get(name), "");
    }
}
