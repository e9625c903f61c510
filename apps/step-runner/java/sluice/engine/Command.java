package sluice.engine;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import liquibase.Contexts;
import liquibase.LabelExpression;

/** The one command of this process. It arrives on standard input, so that no argument list or environment ever holds the password. */
record Command(
    String action,
    String url,
    String driver,
    Map<String, String> connectionProperties,
    String server,
    String root,
    String changelog,
    List<String> searchPath,
    String filePrefix,
    String contexts,
    String labels,
    Map<String, String> settings,
    Map<String, String> parameters,
    String tag,
    int count,
    String preStartTag,
    boolean allowShellCommands,
    String session,
    String lockOwner,
    String sessionName,
    long recoveryMs
) {
    static Command from(Map<String, Object> json) {
        return new Command(
            text(json, "action"),
            text(json, "url"),
            text(json, "driver"),
            texts(json, "connectionProperties"),
            text(json, "server"),
            text(json, "root"),
            text(json, "changelog"),
            list(json, "searchPath"),
            text(json, "filePrefix"),
            text(json, "contexts"),
            text(json, "labels"),
            texts(json, "settings"),
            texts(json, "parameters"),
            text(json, "tag"),
            json.get("count") instanceof Double count ? count.intValue() : 0,
            text(json, "preStartTag"),
            Boolean.TRUE.equals(json.get("allowShellCommands")),
            text(json, "session"),
            text(json, "lockOwner"),
            text(json, "sessionName"),
            json.get("recoveryMs") instanceof Double ms ? ms.longValue() : 0
        );
    }

    Contexts contextFilter() {
        return new Contexts(contexts);
    }

    LabelExpression labelFilter() {
        return new LabelExpression(labels);
    }

    private static List<String> list(Map<String, Object> json, String name) {
        return json.get(name) instanceof List<?> entries ? entries.stream().map(String::valueOf).toList() : List.of();
    }

    private static String text(Map<String, Object> json, String name) {
        Object value = json.get(name);
        return value == null ? "" : value.toString();
    }

    private static Map<String, String> texts(Map<String, Object> json, String name) {
        Map<String, String> found = new LinkedHashMap<>();
        if (json.get(name) instanceof Map<?, ?> members) members.forEach((key, value) -> found.put(key.toString(), String.valueOf(value)));
        return found;
    }
}
