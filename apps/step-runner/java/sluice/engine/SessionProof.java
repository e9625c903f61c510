package sluice.engine;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HexFormat;

/**
 * Proof that an engine's session lives: a lock of the session itself, which the database frees when the session ends, however it ends.
 * Where a proxy shares sessions, or the server does not keep such locks, there is no proof, and then nothing counts as dead.
 */
abstract class SessionProof {
    /** Sessions that the server should notice as lost: a dead client in seconds, a dead machine or network in about two minutes. */
    private static final String[] WATCHFUL = {
        "SET client_connection_check_interval = '2s'", "SET tcp_keepalives_idle = 60", "SET tcp_keepalives_interval = 10", "SET tcp_keepalives_count = 6",
    };

    final Connection connection;

    private SessionProof(Connection connection) {
        this.connection = connection;
    }

    /** For a connection that was just opened and has no transaction under way. */
    static SessionProof of(Connection connection) throws SQLException {
        if (connection.isWrapperFor(org.postgresql.PGConnection.class)) return new Postgres(connection);
        if (connection.isWrapperFor(org.mariadb.jdbc.Connection.class)) return new MariaDb(connection);
        return new None(connection);
    }

    /** Takes the session's lock. @return `<session number>@<server>`, or null when it would prove nothing */
    String begin(String engine) {
        try {
            return take(engine);
        } catch (SQLException unsupported) {
            return null;
        }
    }

    LockHolder.Life life(String engine, String session, String backend, String server) {
        try {
            // Session locks are facts of one server: another one of the same cluster knows nothing about them.
            if (!server.equals(server())) return LockHolder.Life.UNKNOWN;
            return lives(engine, session, backend) ? LockHolder.Life.ALIVE : LockHolder.Life.DEAD;
        } catch (SQLException unreadable) {
            return LockHolder.Life.UNKNOWN;
        }
    }

    abstract String take(String engine) throws SQLException;

    abstract boolean lives(String engine, String session, String backend) throws SQLException;

    abstract String identity() throws SQLException;

    final String server() throws SQLException {
        return HexFormat.of().formatHex(digest(identity()), 0, 6);
    }

    /** @return the first column of the first row as text, or null */
    final String ask(String sql, Object... values) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            for (int index = 0; index < values.length; index++) statement.setObject(index + 1, values[index]);
            try (ResultSet row = statement.executeQuery()) {
                return row.next() ? row.getString(1) : null;
            }
        }
    }

    private static byte[] digest(String text) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private static final class Postgres extends SessionProof {
        private static final String HELD = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1"
            + " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            + " AND classid = (((?::bigint) >> 32) & 4294967295)::text::oid AND objid = ((?::bigint) & 4294967295)::text::oid";

        Postgres(Connection connection) {
            super(connection);
        }

        @Override
        String take(String engine) throws SQLException {
            String backend = ask("SELECT pg_backend_pid()");
            // A pooler makes up the number it gives its clients; its server sessions outlive them or change under them.
            if (!backend.equals(String.valueOf(connection.unwrap(org.postgresql.PGConnection.class).getBackendPID()))) return null;
            for (String setting : WATCHFUL) watch(setting);
            long key = key(engine);
            if (!"t".equals(ask("SELECT pg_try_advisory_lock(?)", key))) return null;
            return isHeld(key, " AND pid = pg_backend_pid()") ? backend + "@" + server() : null;
        }

        private void watch(String setting) {
            try (var statement = connection.createStatement()) {
                statement.execute(setting);
            } catch (SQLException unknown) {
                // Older servers and some systems do not have it: a lost session then takes longer to end.
            }
        }

        @Override
        boolean lives(String engine, String session, String backend) throws SQLException {
            // The name as well: a changelog may free every lock of its session, or reset it.
            return isHeld(key(engine), "") || !"0".equals(ask("SELECT count(*) FROM pg_stat_activity WHERE application_name = ?", session));
        }

        @Override
        String identity() throws SQLException {
            return ask("SELECT system_identifier FROM pg_control_system()");
        }

        private boolean isHeld(long key, String more) throws SQLException {
            return !"0".equals(ask(HELD + more, key, key));
        }

        private static long key(String engine) {
            return ByteBuffer.wrap(digest(engine)).getLong();
        }
    }

    private static final class MariaDb extends SessionProof {
        MariaDb(Connection connection) {
            super(connection);
        }

        @Override
        String take(String engine) throws SQLException {
            MariaDbSession own = MariaDbSession.of(connection);
            if (own == null || !"1".equals(ask("SELECT GET_LOCK(?, 0)", name(engine)))) return null;
            return String.valueOf(own.number()).equals(ask("SELECT IS_USED_LOCK(?)", name(engine))) ? own + "@" + server() : null;
        }

        @Override
        boolean lives(String engine, String session, String backend) throws SQLException {
            if (ask("SELECT IS_USED_LOCK(?)", name(engine)) != null) return true;
            // A changelog may free every lock of its session.
            MariaDbSession holder = MariaDbSession.parse(backend);
            return holder == null || holder.isOpen(connection);
        }

        /** With the user: the sessions of another one may be hidden, so what does not see one proves nothing. */
        @Override
        String identity() throws SQLException {
            return ask("SELECT CONCAT_WS(':', @@hostname, @@port, @@server_id, @@datadir, SUBSTRING_INDEX(USER(), '@', 1))");
        }

        private static String name(String engine) {
            return engine.length() <= 64 ? engine : engine.substring(0, 64);
        }
    }

    /** For databases in the memory of this process, which end with it. */
    private static final class None extends SessionProof {
        None(Connection connection) {
            super(connection);
        }

        @Override
        String take(String engine) {
            return null;
        }

        @Override
        boolean lives(String engine, String session, String backend) {
            return true;
        }

        @Override
        String identity() {
            return "memory";
        }
    }
}
