package sluice.engine;

import java.io.PrintStream;
import java.util.LinkedHashMap;
import java.util.Map;

/** The way out of this process: one JSON object per line on the original standard output, which nothing else writes to. */
final class Events {
    private final PrintStream channel;

    Events(PrintStream channel) {
        this.channel = channel;
    }

    synchronized void emit(String type, Map<String, ?> fields) {
        Map<String, Object> event = new LinkedHashMap<>();
        event.put("type", type);
        event.put("at", System.currentTimeMillis());
        event.putAll(fields);
        channel.println(Json.write(event));
        channel.flush();
    }

    void log(String level, String message) {
        emit("log", Map.of("level", level, "message", message));
    }
}
