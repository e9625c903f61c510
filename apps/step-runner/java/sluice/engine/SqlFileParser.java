package sluice.engine;

import java.io.BufferedReader;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import liquibase.Scope;
import liquibase.change.AbstractSQLChange;
import liquibase.changelog.ChangeLogParameters;
import liquibase.changelog.ChangeSet;
import liquibase.changelog.DatabaseChangeLog;
import liquibase.exception.ChangeLogParseException;
import liquibase.parser.core.formattedsql.FormattedSqlChangeLogParser;
import liquibase.resource.ResourceAccessor;

/**
 * Formatted SQL as the stock distribution reads it without a key. The open-source part alone takes its commercial directives for comments:
 * files that are included there would be left out without a word, and a line that names a rollback file would become part of the checksum.
 */
public final class SqlFileParser extends FormattedSqlChangeLogParser {
    private static final Pattern INCLUDE = Pattern.compile("\\s*--\\s*(include\\s(.*\\s)?file|includeAll\\s(.*\\s)?path):\\S.*", Pattern.CASE_INSENSITIVE);
    private static final Pattern ROLLBACK_FILE = Pattern.compile("\\s*--\\s*rollbackSqlFile\\s+(.*)", Pattern.CASE_INSENSITIVE);

    @Override
    public int getPriority() {
        return super.getPriority() + 10;
    }

    /** Lines before the first changeset. */
    @Override
    protected boolean handleAdditionalLines(DatabaseChangeLog changeLog, ResourceAccessor files, String line) throws ChangeLogParseException {
        refuseInclude(changeLog.getPhysicalFilePath(), line);
        return super.handleAdditionalLines(changeLog, files, line);
    }

    @Override
    protected void configureChangeSet(
        String path, ChangeLogParameters parameters, BufferedReader reader, StringBuilder sql, StringBuilder rollback, ChangeSet changeSet, int count, String line, Matcher comment,
        ResourceAccessor files, DatabaseChangeLog changeLog, AbstractSQLChange change, Matcher rollbackSplit, boolean splits, String endDelimiter, AtomicBoolean handled
    ) throws ChangeLogParseException, IOException {
        refuseInclude(path, line);
        if (ROLLBACK_FILE.matcher(line).matches()) {
            Scope.getCurrentScope().getLog(SqlFileParser.class).warning("\"" + line.strip() + "\" of changeset " + changeSet + " has no effect: rollback files of formatted SQL are part of the commercial Liquibase. Write the SQL behind --rollback");
            return;
        }
        super.configureChangeSet(path, parameters, reader, sql, rollback, changeSet, count, line, comment, files, changeLog, change, rollbackSplit, splits, endDelimiter, handled);
    }

    private static void refuseInclude(String path, String line) throws ChangeLogParseException {
        if (!INCLUDE.matcher(line).matches()) return;
        throw new ChangeLogParseException(path + " says \"" + line.strip() + "\", and files of formatted SQL that include others are part of the commercial Liquibase; include them from a changelog in XML, YAML or JSON. Nothing was applied");
    }
}
