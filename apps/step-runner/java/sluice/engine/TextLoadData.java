package sluice.engine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import liquibase.Scope;
import liquibase.change.DatabaseChange;
import liquibase.change.core.LoadDataChange;
import liquibase.change.core.LoadDataColumnConfig;
import liquibase.database.Database;
import liquibase.resource.Resource;
import liquibase.statement.SqlStatement;
import liquibase.util.FilenameUtil;

/**
 * `loadData` as later Liquibase versions have it: a value for a column of long text is the name of a file with the text when there is
 * such a file, and otherwise the text itself. Liquibase 4.28 takes every value for a file name.
 */
@DatabaseChange(name = "loadData", description = "Loads data from a CSV file into an existing table", priority = 2, appliesTo = {"table"}, since = "1.7")
public final class TextLoadData extends LoadDataChange {
    @Override
    protected SqlStatement[] generateStatementsFromRows(Database database, List<LoadDataRowConfig> rows) {
        boolean isPrepared = rows.stream().map(this::isPreparedWithTexts).reduce(false, Boolean::logicalOr);
        return super.generateStatementsFromRows(database, rows.stream().map(row -> new LoadDataRowConfig(isPrepared, row.getColumns())).toList());
    }

    /**
     * A row is prepared for the sake of files; a prepared statement takes no text for a column of some other types, such as real.
     * Liquibase leaves out, without a word, the rows that are not prepared when others are: all are, or none.
     */
    private boolean isPreparedWithTexts(LoadDataRowConfig row) {
        boolean namedFiles = namesFiles(row);
        row.getColumns().forEach(this::readAsText);
        return row.needsPreparedStatement() && (!namedFiles || namesFiles(row) || Boolean.TRUE.equals(getUsePreparedStatements()));
    }

    private static boolean namesFiles(LoadDataRowConfig row) {
        return row.getColumns().stream().anyMatch(column -> column.getValueClobFile() != null || column.getValueBlobFile() != null);
    }

    private void readAsText(LoadDataColumnConfig column) {
        String value = column.getValueClobFile();
        if (value == null || isFile(value)) return;
        column.setValueClobFile(null);
        column.setValue(value);
    }

    /** Looked up where Liquibase would: beside the changelog. Text that cannot be a file name is no file. */
    private boolean isFile(String value) {
        try {
            String path = FilenameUtil.concat(FilenameUtil.getDirectory(getChangeSet().getChangeLog().getPhysicalFilePath()), value);
            if (path == null) return false;
            Resource resource = Scope.getCurrentScope().getResourceAccessor().get(path);
            return resource.exists() && Files.isRegularFile(Path.of(resource.getUri()));
        } catch (IOException | RuntimeException unreadable) {
            return false;
        }
    }
}
