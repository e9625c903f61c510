package sluice.engine;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * The change engine: one process, one command, one end. Arguments: `warm <resources> <database jar>`, `cold`, or
 * `train <resources> <database jar> <jar>…` to make the class archive. Everything else comes on standard input.
 */
public final class Engine {
    private Engine() {}

    public static void main(String[] args) throws Exception {
        Events events = new Events(new PrintStream(new FileOutputStream(FileDescriptor.out), false, StandardCharsets.UTF_8));
        System.setOut(new PrintStream(OutputStream.nullOutputStream()));
        System.setErr(System.out);
        System.setProperty("liquibase.headless", "true");
        System.setProperty("mariadb.logging.disable", "true");
        if (args[0].equals("train")) {
            new WarmUp(Path.of(args[1]), Path.of(args[2])).run();
            List<Path> jars = Arrays.stream(args).skip(3).map(Path::of).toList();
            WarmUp.loadAll(jars);
            return;
        }
        Control control = new Control();
        control.listen(System.in);
        long startedAt = System.currentTimeMillis();
        if (args[0].equals("warm") && !control.hasCommand()) new WarmUp(Path.of(args[1]), Path.of(args[2])).run();
        events.emit("ready", Map.of("warmUpMs", System.currentTimeMillis() - startedAt));
        PrintStream captured = LineStream.to(line -> { if (!LogCapture.isNoise(line)) events.log("INFO", line); });
        System.setOut(captured);
        System.setErr(captured);
        Command command = control.awaitCommand();
        events.emit("finished", command.action().equals("tidy") ? Tidy.run(command) : new StepRun(command, events, control).execute());
        // No shutdown work is left; ending now saves the time of taking the process down in order.
        Runtime.getRuntime().halt(0);
    }
}
