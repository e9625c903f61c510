package sluice.engine;

import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import liquibase.changelog.ChangeSet;
import liquibase.changelog.DatabaseChangeLog;
import liquibase.exception.CustomChangeException;
import liquibase.exception.MigrationFailedException;
import liquibase.exception.UnknownChangelogFormatException;

/** What went wrong, in words for the person who reads the step's log, and in the kinds that failure strategies know. */
record Failure(String message, String failureType, String sqlState) {
    private static final String TRANSACTION_ABORTED = "25P02";
    /** PostgreSQL has ended the session, because it stood still in a transaction, or because that took too long. */
    private static final Set<String> ENDED_IN_TRANSACTION = Set.of("25P03", "25P04");

    /** Errors of MariaDB and MySQL whose SQL states say less: the server is going down, the session was ended. Other drivers number theirs in other ranges. */
    private static final Set<Integer> LOST = Set.of(1053, 1927);
    private static final Set<Integer> FORBIDDEN = Set.of(1044, 1142, 1143, 1227, 1370);

    private static final int LONGEST_CHAIN = 30;
    private static final Pattern CLASS_NAME = Pattern.compile("\\b(?:[a-z][a-z0-9]*\\.)+[A-Z]\\w*(?:Exception|Error): ");
    /** "Error parsing a.yaml : Error parsing a.yaml: …", of a file whose parts name it as well. */
    private static final Pattern TWICE = Pattern.compile("Error parsing (.+?) ?: (?=Error parsing \\1 ?: )");
    private static final Pattern LEVEL = Pattern.compile("(^| : )ERROR: ");
    /** Both of Liquibase's texts for a file that is not there end in advice for its own command line. */
    private static final Pattern NO_FILE = Pattern.compile("was not found\\.\\s+The file property cannot be configured[\\s\\S]*|was not found in the configured search path:((?:\\s*\\R\\s*- .*)+)[\\s\\S]*");
    private static final String SEARCH_PATH = "A DB schema whose paths are relative to another folder names it in changelog.searchPath, and the command line in --search-path";

    Map<String, Object> json(ChangeSet changeSet) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("message", message);
        json.put("failureType", failureType);
        if (sqlState != null) json.put("sqlState", sqlState);
        if (changeSet != null) json.put("changeset", Changesets.identity(changeSet));
        return json;
    }

    /** With what a user can do about it, of a failure outside of changesets: there a run only works at Liquibase's own two tables. */
    Failure explained(Command command) {
        if ("Authorization".equals(failureType)) {
            String user = command.connectionProperties().getOrDefault("user", "");
            return followedBy(". No changeset was at work: before the first one, a run creates or updates DATABASECHANGELOG and DATABASECHANGELOGLOCK. Grant the user \"" + user
                + "\" USAGE and CREATE on their schema, or, where both tables exist, SELECT, INSERT, UPDATE and DELETE on them");
        }
        if ("25006".equals(sqlState)) return followedBy(". The database takes no changes in this session: it is a standby, or default_transaction_read_only is on for it or for the user. Name the primary in the connector, or switch that mode off");
        if ("3F000".equals(sqlState)) return followedBy(". The search_path of this user names no schema that exists and that it may use; set currentSchema in the URL of the connector, or grant USAGE on the schema. A name with capital letters stands in double quotes there: currentSchema=%22Sales%22");
        return this;
    }

    Failure followedBy(String advice) {
        return new Failure(message + advice, failureType, sqlState);
    }

    /** With the names that files have in the repository, instead of where it lies on this machine. */
    Failure within(Command command) {
        return new Failure(message.replace(command.root() + "/", ""), failureType, sqlState);
    }

    static Failure connecting(Command command, SQLException cause) {
        String state = cause.getSQLState() == null ? "" : cause.getSQLState();
        String user = command.connectionProperties().getOrDefault("user", "");
        if (state.startsWith("28")) {
            return new Failure("login to " + command.server() + " as \"" + user + "\" was refused: " + text(cause), "Authentication", state);
        }
        if (state.startsWith("42501")) return new Failure("login to " + command.server() + " is not allowed: " + text(cause), "Authorization", state);
        return new Failure("cannot connect to " + command.server() + ": " + reason(cause), "Connectivity", state.isEmpty() ? null : state);
    }

    /** Why a class cannot be used, and what makes it usable. */
    static String missingClass(String name) {
        return "the class " + name + ", which is not on the class path of the change engine; nothing was applied. The operator of the delegate puts its jar into the folder that STEP_RUNNER_EXTENSIONS_DIR names, or the changelog does without it";
    }

    static Failure running(Throwable cause, ChangeSet changeSet) {
        ClassNotFoundException missing = find(cause, ClassNotFoundException.class);
        if (missing != null && find(cause, CustomChangeException.class) != null) return new Failure("a customChange needs " + missingClass(missing.getMessage()), "Unknown", null);
        UnknownChangelogFormatException format = find(cause, UnknownChangelogFormatException.class);
        if (format != null) {
            return new Failure(text(format) + ": the change engine reads .xml, .yaml, .yml, .json and .sql; nothing was applied. The operator of the delegate puts a jar with a parser for it into the folder that STEP_RUNNER_EXTENSIONS_DIR names", "Unknown", null);
        }
        SQLException sql = telling(cause);
        String state = sql == null ? null : sql.getSQLState();
        StackOverflowError endless = find(cause, StackOverflowError.class);
        String detail = endless != null ? withoutEnd(endless, changeSet) : sql == null ? account(cause) : text(sql) + (state == null ? "" : " (SQL state " + state + ")");
        String message = changeSet == null ? detail : "changeset " + changeSet.getId() + " by " + changeSet.getAuthor() + " in " + changeSet.getFilePath() + " failed: " + detail;
        return new Failure(message, sql == null ? "Unknown" : kind(sql), state);
    }

    private static String withoutEnd(StackOverflowError endless, ChangeSet changeSet) {
        if (changeSet != null) return "it is too long or nested too deeply for Liquibase (StackOverflowError); split it into several changesets";
        boolean ofFiles = Arrays.stream(endless.getStackTrace()).anyMatch(frame -> frame.getClassName().equals(DatabaseChangeLog.class.getName()) && frame.getMethodName().startsWith("include"));
        String circle = ofFiles ? "a file includes itself, directly or through others" : "a changelog parameter refers to itself, directly or through others";
        return "the changelog cannot be read, because it has no end: " + circle + " (StackOverflowError); nothing was applied";
    }

    /** The error of the database that says what went wrong: in PostgreSQL a later statement of the same transaction only says that an earlier one failed. */
    private static SQLException telling(Throwable cause) {
        SQLException first = find(cause, SQLException.class);
        if (first == null || !TRANSACTION_ABORTED.equals(first.getSQLState())) return first;
        SQLException earlier = find(first.getCause(), SQLException.class);
        return earlier == null ? first : earlier;
    }

    private static String kind(SQLException cause) {
        if (LOST.contains(cause.getErrorCode())) return "Connectivity";
        if (FORBIDDEN.contains(cause.getErrorCode())) return "Authorization";
        String state = cause.getSQLState();
        if (state == null) return "Unknown";
        if (state.startsWith("08") || state.startsWith("57P0") || ENDED_IN_TRANSACTION.contains(state)) return "Connectivity";
        if (state.startsWith("28")) return "Authentication";
        return state.equals("42501") ? "Authorization" : "Unknown";
    }

    private static String reason(SQLException cause) {
        UnknownHostException host = find(cause, UnknownHostException.class);
        if (host != null) return "host " + host.getMessage() + " is not known (name resolution failed)";
        if (find(cause, SocketTimeoutException.class) != null) return "no answer in time; check host, port and firewall";
        if (find(cause, NoRouteToHostException.class) != null) return "no route to this host";
        if (find(cause, ConnectException.class) != null) return "connection refused; nothing listens on this port";
        return text(cause);
    }

    /**
     * What a chain of exceptions says, each part once. Liquibase wraps the text of a cause several times, mostly unchanged; on the way out it
     * adds the file, the line and the column, which the innermost text does not know.
     */
    static String account(Throwable cause) {
        List<String> texts = new ArrayList<>();
        for (Throwable each = cause; each != null && texts.size() < LONGEST_CHAIN; each = each.getCause()) {
            // It names the changeset, which the reader of this text has before them.
            if (each instanceof MigrationFailedException && each.getCause() != null) texts.clear();
            else if (each.getMessage() != null && !each.getMessage().isBlank()) texts.add(text(each));
        }
        if (texts.isEmpty()) return cause.getClass().getSimpleName();
        String account = texts.get(texts.size() - 1);
        for (int index = texts.size() - 2; index >= 0; index--) account = joined(texts.get(index), account);
        return account;
    }

    private static String joined(String outer, String inner) {
        if (inner.contains(outer)) return inner;
        return outer.contains(inner) ? outer : outer + ": " + inner;
    }

    /** In one line, without the names of exception classes that wrapping has put in front, and without a level that the line in the log has itself. */
    private static String text(Throwable cause) {
        String message = NO_FILE.matcher(String.valueOf(cause.getMessage()).strip()).replaceAll(Failure::withoutFile);
        String line = message.replaceAll("(?<=[.,;:!?])\\s*\\R\\s*", " ").replaceAll("\\s*\\R\\s*", "; ").replaceAll("[;,:\\s]+$", "");
        if (cause instanceof SQLException) return line;
        String plain = LEVEL.matcher(CLASS_NAME.matcher(line).replaceAll("")).replaceAll("$1");
        return TWICE.matcher(plain).replaceAll("");
    }

    private static String withoutFile(MatchResult found) {
        String searched = found.group(1) == null ? "" : "; searched in " + found.group(1).strip().replaceFirst("^- ", "").replaceAll("\\s*\\R\\s*- ", ", ");
        return Matcher.quoteReplacement("was not found" + searched + ". " + SEARCH_PATH);
    }

    static <T extends Throwable> T find(Throwable cause, Class<T> type) {
        int depth = 0;
        for (Throwable each = cause; each != null && depth < 30; each = each.getCause(), depth++) if (type.isInstance(each)) return type.cast(each);
        return null;
    }
}
