package sluice.engine;

import java.io.OutputStream;
import java.io.PrintStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Driver;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.jar.JarFile;
import liquibase.Scope;
import liquibase.changelog.ChangeLogHistoryServiceFactory;
import liquibase.executor.ExecutorService;
import liquibase.lockservice.LockServiceFactory;

/**
 * Makes this process fast before it knows its work: a complete update and rollback against a database in memory. That database is
 * in a class loader of its own, which ends with the rehearsal: no changelog finds its classes.
 */
final class WarmUp {
    private static final String DRIVER = "org.h2.Driver";
    private static final String URL_IN_MEMORY = "jdbc:h2:mem:warmup;USER=sa;PASSWORD=;MODE=PostgreSQL;DB_CLOSE_DELAY=-1";

    private final Path resources;
    private final Path databaseJar;

    WarmUp(Path resources, Path databaseJar) {
        this.resources = resources;
        this.databaseJar = databaseJar;
    }

    void run() throws Exception {
        Events nowhere = new Events(new PrintStream(OutputStream.nullOutputStream()));
        try (URLClassLoader loader = new URLClassLoader(new URL[] {databaseJar.toUri().toURL()}, WarmUp.class.getClassLoader())) {
            Class<?> driver = loader.loadClass(DRIVER);
            Driver database = (Driver) driver.getDeclaredConstructor().newInstance();
            for (String action : List.of("update", "rollback")) {
                Map<String, Object> outcome = new StepRun(rehearsal(action), nowhere, new Control(), database).execute();
                if (!"succeeded".equals(outcome.get("status"))) throw new IllegalStateException("warm-up " + action + " failed: " + outcome.get("error"));
            }
            try (Connection last = database.connect(URL_IN_MEMORY, new Properties()); Statement statement = last.createStatement()) {
                statement.execute("SHUTDOWN");
            }
            driver.getMethod("unload").invoke(null);
        }
        connect();
        forget();
    }

    /** Nothing depends on it: a driver that cannot be rehearsed is only slower the first time. */
    private static void connect() throws Exception {
        Properties login = new Properties();
        Map.of("user", "rehearsal", "password", RehearsalServer.PASSWORD, "connectTimeout", "2", "loginTimeout", "2", "socketTimeout", "2", "tcpKeepAlive", "true").forEach(login::setProperty);
        try (RehearsalServer server = new RehearsalServer();
             Connection connection = new org.postgresql.Driver().connect(server.url(), login);
             Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            statement.executeQuery("SELECT 1").close();
            connection.prepareStatement("SELECT ?").close();
            connection.getMetaData().getDatabaseProductVersion();
            connection.rollback();
        } catch (SQLException unrehearsed) {
            // The real connection tells what is wrong.
        }
    }

    private Command rehearsal(String action) {
        Map<String, String> login = Map.of();
        return new Command(action, URL_IN_MEMORY, DRIVER, login, "memory",
            resources.toString(), "changelog.xml", List.of(), "", "", "", Map.of(), Map.of("table", "warm"), "update".equals(action) ? "start" : "", 1, "pre", false, "", "", "rehearsal", 0);
    }

    /** Drops what Liquibase remembers per database, so that the real run starts like a fresh process. */
    private static void forget() throws Exception {
        ChangeLogHistoryServiceFactory.getInstance().resetAll();
        LockServiceFactory.getInstance().resetAll();
        Scope.getCurrentScope().getSingleton(ExecutorService.class).reset();
    }

    /** Loads every class of the given jars, so that the archive made from this process holds them. */
    static void loadAll(List<Path> jars) throws Exception {
        for (Path jar : jars) {
            try (JarFile file = new JarFile(jar.toFile())) {
                file.stream().map(entry -> entry.getName()).filter(name -> name.endsWith(".class") && !name.startsWith("META-INF") && !name.contains("module-info")).forEach(WarmUp::load);
            }
        }
    }

    private static void load(String entry) {
        try {
            Class.forName(entry.replace('/', '.').substring(0, entry.length() - ".class".length()), false, WarmUp.class.getClassLoader());
        } catch (Throwable optional) {
            // Classes for libraries that are not here (waffle, osgi, …) are not needed.
        }
    }
}
