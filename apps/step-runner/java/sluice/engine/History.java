package sluice.engine;

import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Timestamp;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import liquibase.database.Database;
import liquibase.database.jvm.JdbcConnection;
import liquibase.exception.DatabaseException;

/** DATABASECHANGELOG as it stands in the database, read past every cache: what is really deployed. */
final class History {
    private static final Set<String> NO_SUCH_TABLE = Set.of("42P01", "42S02", "42S04", "3F000");
    private static final Comparator<Map<String, Object>> IN_ORDER = Comparator.<Map<String, Object>>comparingInt(row -> (Integer) row.get("orderExecuted")).thenComparingLong(row -> (Long) row.get("dateExecuted"));

    private History() {}

    /**
     * Tables of older versions and of other tools lack columns, and hold NULL where today's never do: both are read as empty.
     * @return every row in the order of execution; none when the table does not exist yet
     */
    static List<Map<String, Object>> read(Database database) throws SQLException, DatabaseException {
        JdbcConnection connection = (JdbcConnection) database.getConnection();
        String table = database.escapeTableName(database.getLiquibaseCatalogName(), database.getLiquibaseSchemaName(), database.getDatabaseChangeLogTableName());
        List<Map<String, Object>> rows = new ArrayList<>();
        try (Statement statement = connection.createStatement();
             ResultSet found = statement.executeQuery("SELECT * FROM " + table)) {
            Set<String> columns = columnsOf(found.getMetaData());
            while (found.next()) rows.add(row(found, columns));
        } catch (SQLException cause) {
            if (!NO_SUCH_TABLE.contains(cause.getSQLState())) throw cause;
        } finally {
            if (!connection.getAutoCommit()) connection.rollback();
        }
        rows.sort(IN_ORDER);
        return rows;
    }

    private static Set<String> columnsOf(ResultSetMetaData about) throws SQLException {
        Set<String> names = new HashSet<>();
        for (int column = 1; column <= about.getColumnCount(); column++) names.add(about.getColumnName(column).toUpperCase(Locale.ROOT));
        return names;
    }

    private static Map<String, Object> row(ResultSet found, Set<String> columns) throws SQLException {
        Map<String, Object> row = new LinkedHashMap<>();
        Timestamp at = found.getTimestamp("DATEEXECUTED");
        row.put("id", Objects.toString(found.getString("ID"), ""));
        row.put("author", Objects.toString(found.getString("AUTHOR"), ""));
        row.put("file", Objects.toString(found.getString("FILENAME"), ""));
        row.put("dateExecuted", at == null ? 0L : at.getTime());
        row.put("orderExecuted", columns.contains("ORDEREXECUTED") ? found.getInt("ORDEREXECUTED") : 0);
        row.put("execType", Objects.toString(text(found, columns, "EXECTYPE"), "EXECUTED"));
        row.put("checksum", text(found, columns, "MD5SUM"));
        for (String name : List.of("DESCRIPTION", "COMMENTS", "TAG", "CONTEXTS", "LABELS")) row.put(name.toLowerCase(Locale.ROOT), text(found, columns, name));
        row.put("deploymentId", text(found, columns, "DEPLOYMENT_ID"));
        return row;
    }

    private static String text(ResultSet found, Set<String> columns, String name) throws SQLException {
        return columns.contains(name) ? found.getString(name) : null;
    }
}
