package sluice.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.logging.Level;
import java.util.stream.Collectors;
import liquibase.AbstractExtensibleObject;
import liquibase.logging.Logger;
import liquibase.logging.core.AbstractLogService;
import liquibase.logging.core.AbstractLogger;
import liquibase.ui.InputHandler;
import liquibase.ui.UIService;

/** Liquibase's own messages, as log events: what the command line would show, and what happened inside each changeset. */
final class LogCapture extends AbstractLogService {
    /** Whose INFO lines a person wants to see; everyone's warnings and errors are shown. */
    private static final Set<String> TALKERS = Set.of("liquibase.changelog.ChangeSet", "liquibase.lockservice");
    private static final Set<String> NOISE = Set.of("License service not loaded", "Unable to parse license", "Cannot load service");

    private static final String ERROR = "ERROR:";

    /** Who writes the summary of an update, a line at a time. */
    private static final String SUMMARY = "liquibase.util.ShowSummaryUtil";

    private final Events events;
    private final List<String> summary = new ArrayList<>();

    LogCapture(Events events) {
        this.events = events;
    }

    static boolean isNoise(String message) {
        return NOISE.stream().anyMatch(message::contains);
    }

    /** Liquibase's summary counts as run what was due, also after a failure: it is told by whoever knows that all went well. */
    void tellSummary() {
        summary.forEach(line -> say("INFO", line));
    }

    UIService console() {
        return new Console();
    }

    @Override
    public int getPriority() {
        return PRIORITY_SPECIALIZED;
    }

    @Override
    public Logger getLog(Class type) {
        return new Captured(type.getName());
    }

    private void say(String level, String message) {
        if (message == null || message.isBlank() || isNoise(message)) return;
        String real = message.startsWith(ERROR) ? "ERROR" : level;
        // The level says it once; in front of every line it is noise. Lines stay together until they are masked: a secret may go over several.
        String text = message.lines().map(line -> line.startsWith(ERROR) ? line.substring(ERROR.length()).strip() : line.stripTrailing()).filter(line -> !line.isEmpty()).collect(Collectors.joining("\n"));
        if (!text.isEmpty()) events.log(real, text);
    }

    private final class Captured extends AbstractLogger {
        private final boolean talks;
        private final boolean isSummary;

        Captured(String name) {
            talks = TALKERS.stream().anyMatch(name::startsWith);
            isSummary = name.equals(SUMMARY);
        }

        @Override
        public void log(Level level, String message, Throwable cause) {
            // SEVERE repeats the exception that the run reports anyway, with a stack trace nobody can use.
            if (level.intValue() >= Level.SEVERE.intValue()) return;
            if (level.intValue() >= Level.WARNING.intValue()) say("WARN", message);
            else if (isSummary && level.intValue() >= Level.INFO.intValue()) summary.add(message);
            else if (talks && level.intValue() >= Level.INFO.intValue()) say("INFO", message);
        }
    }

    private final class Console extends AbstractExtensibleObject implements UIService {
        @Override
        public int getPriority() {
            return PRIORITY_SPECIALIZED;
        }

        @Override
        public void sendMessage(String message) {
            say("INFO", message);
        }

        @Override
        public void sendErrorMessage(String message) {
            say("WARN", message);
        }

        @Override
        public void sendErrorMessage(String message, Throwable cause) {
            say("WARN", message);
        }

        @Override
        public <T> T prompt(String question, T fallback, InputHandler<T> handler, Class<T> type) {
            return fallback;
        }

        @Override
        public void setAllowPrompt(boolean allow) {}

        @Override
        public boolean getAllowPrompt() {
            return false;
        }
    }
}
