package sluice.engine;

import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Timestamp;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import liquibase.changelog.ChangeSet.ExecType;
import liquibase.database.Database;
import liquibase.database.jvm.JdbcConnection;
import liquibase.exception.DatabaseException;

/** DATABASECHANGELOG as it stands in the database, read past every cache: what is really deployed. */
final class History {
    private static final List<String> REQUIRED = List.of("FILENAME", "ID", "AUTHOR", "DATEEXECUTED", "ORDEREXECUTED", "EXECTYPE");
    private static final int MOST_FAULTS = 10;
    private static final Set<String> NO_SUCH_TABLE = Set.of("42P01", "42S02", "42S04", "3F000");
    /** The most that a point of time may be away from 1970 for those who read a result; databases also hold infinity. */
    private static final long LATEST_MS = 8_640_000_000_000_000L;
    private static final Comparator<Map<String, Object>> IN_ORDER = Comparator.<Map<String, Object>>comparingInt(row -> (Integer) row.get("orderExecuted")).thenComparingLong(row -> (Long) row.get("dateExecuted"));

    /** The order of {@link #read} from its end, where an empty order or time counts as the smallest. */
    private static final String LAST_FIRST = " ORDER BY COALESCE(ORDEREXECUTED, 0) DESC, CASE WHEN DATEEXECUTED IS NULL THEN 1 ELSE 0 END, DATEEXECUTED DESC";
    /** The driver holds so many rows at a time, not the whole table in its own form besides ours. */
    private static final int FETCHED_ROWS = 1_000;
    private static final int PART_ROWS = 500;

    private History() {}

    /**
     * Tables of older versions and of other tools lack columns, and hold NULL where today's never do: both are read as empty.
     * @return every row in the order of execution; none when the table does not exist yet
     */
    static List<Map<String, Object>> read(Database database) throws SQLException, DatabaseException {
        List<Map<String, Object>> rows = new ArrayList<>();
        each(database, "", 0, rows::add);
        rows.sort(IN_ORDER);
        return rows;
    }

    /** @return the last row in the order of execution, without reading the others; null when there is none */
    static Map<String, Object> last(Database database) throws SQLException, DatabaseException {
        List<Map<String, Object>> rows = new ArrayList<>(1);
        each(database, LAST_FIRST, 1, rows::add);
        return rows.isEmpty() ? null : rows.get(0);
    }

    /**
     * Tells every row as `history` events of some rows each, in no order and without holding more than those. The first one says that it is.
     * @return how many rows there are
     */
    static int tell(Database database, Events events) throws SQLException, DatabaseException {
        List<Map<String, Object>> part = new ArrayList<>(PART_ROWS);
        int[] told = {0};
        each(database, "", 0, row -> {
            part.add(row);
            if (part.size() == PART_ROWS) told[0] += tell(part, told[0] == 0, events);
        });
        return told[0] + tell(part, told[0] == 0, events);
    }

    private static int tell(List<Map<String, Object>> part, boolean isFirst, Events events) {
        int size = part.size();
        events.emit("history", Map.of("isFirst", isFirst, "rows", part));
        part.clear();
        return size;
    }

    /** @param most rows to read; 0 for all */
    private static void each(Database database, String order, int most, Consumer<Map<String, Object>> use) throws SQLException, DatabaseException {
        JdbcConnection connection = (JdbcConnection) database.getConnection();
        try (Statement statement = connection.createStatement()) {
            statement.setMaxRows(most);
            statement.setFetchSize(most == 0 ? FETCHED_ROWS : most);
            try (ResultSet found = statement.executeQuery("SELECT * FROM " + table(database) + order)) {
                Set<String> columns = columnsOf(found.getMetaData());
                while (found.next()) use.accept(row(found, columns));
            }
        } catch (SQLException cause) {
            if (!NO_SUCH_TABLE.contains(cause.getSQLState())) throw cause;
        } finally {
            if (!connection.getAutoCommit()) connection.rollback();
        }
    }

    /** The table's name as statements need it. */
    static String table(Database database) {
        return database.escapeTableName(database.getLiquibaseCatalogName(), database.getLiquibaseSchemaName(), database.getDatabaseChangeLogTableName());
    }

    /**
     * Liquibase reads every row of the table and stumbles over values that it never writes; other tools, imports and people do.
     * @return the first rows that it cannot read, each with what is wrong; the table must have the columns of today
     */
    static List<String> faults(Database database) throws SQLException, DatabaseException {
        JdbcConnection connection = (JdbcConnection) database.getConnection();
        String isMissing = REQUIRED.stream().map(name -> name + " IS NULL").collect(Collectors.joining(" OR "));
        String known = Arrays.stream(ExecType.values()).map(type -> "'" + type + "'").collect(Collectors.joining(", "));
        List<String> faults = new ArrayList<>();
        try (Statement statement = connection.createStatement()) {
            statement.setMaxRows(MOST_FAULTS);
            try (ResultSet found = statement.executeQuery("SELECT " + String.join(", ", REQUIRED) + " FROM " + table(database) + " WHERE " + isMissing + " OR EXECTYPE NOT IN (" + known + ")")) {
                while (found.next()) faults.add(fault(found));
            }
        } finally {
            if (!connection.getAutoCommit()) connection.rollback();
        }
        return faults;
    }

    private static String fault(ResultSet row) throws SQLException {
        List<String> missing = new ArrayList<>();
        for (String name : REQUIRED) if (row.getString(name) == null) missing.add(name);
        String changeSet = "row " + row.getString("FILENAME") + "::" + row.getString("ID") + "::" + row.getString("AUTHOR");
        return missing.isEmpty() ? changeSet + " has the unknown EXECTYPE \"" + row.getString("EXECTYPE") + "\"" : changeSet + " has no " + String.join(", ", missing);
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
        row.put("dateExecuted", at == null ? 0L : Math.max(-LATEST_MS, Math.min(LATEST_MS, at.getTime())));
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
