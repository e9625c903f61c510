package sluice.engine;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Timestamp;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import liquibase.database.Database;
import liquibase.database.jvm.JdbcConnection;
import liquibase.exception.DatabaseException;

/** DATABASECHANGELOG as it stands in the database, read past every cache: what is really deployed. */
final class History {
    private static final Set<String> NO_SUCH_TABLE = Set.of("42P01", "42S02", "42S04", "3F000");
    private static final String COLUMNS = "ID, AUTHOR, FILENAME, DATEEXECUTED, ORDEREXECUTED, EXECTYPE, MD5SUM, DESCRIPTION, COMMENTS, TAG, CONTEXTS, LABELS, DEPLOYMENT_ID";

    private History() {}

    /** @return every row in the order of execution; none when the table does not exist yet */
    static List<Map<String, Object>> read(Database database) throws SQLException, DatabaseException {
        JdbcConnection connection = (JdbcConnection) database.getConnection();
        String table = database.escapeTableName(database.getLiquibaseCatalogName(), database.getLiquibaseSchemaName(), database.getDatabaseChangeLogTableName());
        List<Map<String, Object>> rows = new ArrayList<>();
        try (Statement statement = connection.createStatement();
             ResultSet found = statement.executeQuery("SELECT " + COLUMNS + " FROM " + table + " ORDER BY DATEEXECUTED, ORDEREXECUTED")) {
            while (found.next()) rows.add(row(found));
        } catch (SQLException cause) {
            if (!NO_SUCH_TABLE.contains(cause.getSQLState())) throw cause;
        } finally {
            if (!connection.getAutoCommit()) connection.rollback();
        }
        return rows;
    }

    private static Map<String, Object> row(ResultSet found) throws SQLException {
        Map<String, Object> row = new LinkedHashMap<>();
        Timestamp at = found.getTimestamp("DATEEXECUTED");
        row.put("id", found.getString("ID"));
        row.put("author", found.getString("AUTHOR"));
        row.put("file", found.getString("FILENAME"));
        row.put("dateExecuted", at == null ? 0 : at.getTime());
        row.put("orderExecuted", found.getInt("ORDEREXECUTED"));
        row.put("execType", found.getString("EXECTYPE"));
        row.put("checksum", found.getString("MD5SUM"));
        row.put("description", found.getString("DESCRIPTION"));
        row.put("comments", found.getString("COMMENTS"));
        row.put("tag", found.getString("TAG"));
        row.put("contexts", found.getString("CONTEXTS"));
        row.put("labels", found.getString("LABELS"));
        row.put("deploymentId", found.getString("DEPLOYMENT_ID"));
        return row;
    }
}
