package sluice.engine;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * Standard input: first the command, later perhaps `{"action":"cancel"}`. The end of input means that the owner of this
 * process is gone: the statement under way is cancelled, and the process ends whatever happens.
 */
final class Control {
    private static final long CANCEL_REPEAT_MS = 200;
    private static final long ORPHAN_LIMIT_MS = 8_000;

    private final CompletableFuture<Map<String, Object>> command = new CompletableFuture<>();
    private volatile boolean cancelled;
    private volatile boolean unwinding;
    private volatile boolean working;
    private volatile Connection connection;

    /** Reads on a daemon thread of its own; Liquibase keeps its scope per thread, so the work itself stays on the main one. */
    void listen(InputStream input) {
        daemon("control", () -> read(input));
    }

    boolean hasCommand() {
        return command.isDone();
    }

    Command awaitCommand() throws Exception {
        Map<String, Object> json = command.get();
        working = true;
        return Command.from(json);
    }

    boolean isCancelled() {
        return cancelled;
    }

    /** @throws CancelledException once cancelling was asked for */
    void check() {
        if (cancelled) throw new CancelledException();
    }

    void opened(Connection opened) {
        connection = opened;
        check();
    }

    /** From here on statements only clean up (roll back, release the lock): they must not be cancelled. */
    void unwind() {
        unwinding = true;
    }

    private void read(InputStream input) {
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(input, StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) receive(line);
        } catch (IOException | RuntimeException gone) {
            // Treated like the end of input, below.
        }
        orphaned();
    }

    @SuppressWarnings("unchecked")
    private void receive(String line) {
        Map<String, Object> json = (Map<String, Object>) Json.parse(line);
        if ("cancel".equals(json.get("action"))) cancel();
        else command.complete(json);
    }

    private void cancel() {
        if (cancelled) return;
        cancelled = true;
        daemon("cancel", () -> {
            // Repeated: the first request may fall between two statements of one changeset.
            while (!unwinding) {
                cancelStatement();
                pause(CANCEL_REPEAT_MS);
            }
        });
    }

    private void cancelStatement() {
        Connection open = connection;
        if (open == null) return;
        try {
            if (open.isWrapperFor(org.postgresql.PGConnection.class)) open.unwrap(org.postgresql.PGConnection.class).cancelQuery();
            else if (open.isWrapperFor(org.mariadb.jdbc.Connection.class)) open.unwrap(org.mariadb.jdbc.Connection.class).cancelCurrentQuery();
        } catch (SQLException unreachable) {
            // Tried again; the owner of this process has a second way.
        }
    }

    private void orphaned() {
        if (!working) Runtime.getRuntime().halt(0);
        cancel();
        pause(ORPHAN_LIMIT_MS);
        Runtime.getRuntime().halt(3);
    }

    private static void daemon(String name, Runnable body) {
        Thread thread = new Thread(body, name);
        thread.setDaemon(true);
        thread.start();
    }

    static void pause(long ms) {
        try {
            Thread.sleep(ms);
        } catch (InterruptedException never) {
            Thread.currentThread().interrupt();
        }
    }

    /** Unchecked, so that it passes through Liquibase's visitors. */
    static final class CancelledException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        CancelledException() {
            super("cancelled");
        }
    }
}
