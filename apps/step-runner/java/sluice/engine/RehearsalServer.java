package sluice.engine;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * Speaks just enough of PostgreSQL's protocol for its driver to log in with SCRAM and to send statements, which all have empty
 * answers. Most of the time of a first connection is the driver being loaded and compiled; here that happens ahead of time.
 */
final class RehearsalServer implements AutoCloseable {
    static final String PASSWORD = "rehearsal";
    private static final int SSL_REQUEST = 80877103;
    private static final byte[] SALT = "rehearsal-salt--".getBytes(StandardCharsets.US_ASCII);
    private static final int ITERATIONS = 4096;

    private final ServerSocket socket;

    RehearsalServer() throws IOException {
        socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        Thread thread = new Thread(this::serve, "rehearsal");
        thread.setDaemon(true);
        thread.start();
    }

    String url() {
        return "jdbc:postgresql://" + socket.getInetAddress().getHostAddress() + ":" + socket.getLocalPort() + "/rehearsal";
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }

    private void serve() {
        try (Socket client = socket.accept()) {
            DataInputStream in = new DataInputStream(client.getInputStream());
            DataOutputStream out = new DataOutputStream(client.getOutputStream());
            startup(in, out);
            login(in, out);
            for (String[] parameter : new String[][] {{"server_version", "16.0"}, {"server_encoding", "UTF8"}, {"client_encoding", "UTF8"}, {"DateStyle", "ISO, MDY"}, {"TimeZone", "UTC"}, {"integer_datetimes", "on"}, {"standard_conforming_strings", "on"}}) {
                send(out, 'S', text(parameter[0]), text(parameter[1]));
            }
            send(out, 'K', number(1), number(2));
            send(out, 'Z', new byte[] {'I'});
            out.flush();
            while (answer(in.readByte(), in, out)) out.flush();
        } catch (IOException | GeneralSecurityException over) {
            // The rehearsal is over, or was cut short; either way the real connection follows.
        }
    }

    private static void startup(DataInputStream in, DataOutputStream out) throws IOException {
        int length = in.readInt();
        int code = in.readInt();
        in.skipNBytes(length - 8L);
        if (code != SSL_REQUEST) return;
        out.writeByte('N');
        out.flush();
        startup(in, out);
    }

    private static void login(DataInputStream in, DataOutputStream out) throws IOException, GeneralSecurityException {
        send(out, 'R', number(10), text("SCRAM-SHA-256"), new byte[1]);
        out.flush();
        String first = message(in);
        String clientFirst = first.substring(first.indexOf("n="));
        String nonce = clientFirst.substring(clientFirst.indexOf("r=") + 2) + "server";
        String serverFirst = "r=" + nonce + ",s=" + Base64.getEncoder().encodeToString(SALT) + ",i=" + ITERATIONS;
        send(out, 'R', number(11), serverFirst.getBytes(StandardCharsets.UTF_8));
        out.flush();
        String clientLast = message(in);
        String signed = clientFirst + "," + serverFirst + "," + clientLast.substring(0, clientLast.lastIndexOf(",p="));
        byte[] salted = SecretKeyFactory.getInstance("PBKDF2WithHmacSHA256").generateSecret(new PBEKeySpec(PASSWORD.toCharArray(), SALT, ITERATIONS, 256)).getEncoded();
        byte[] signature = hmac(hmac(salted, "Server Key"), signed);
        send(out, 'R', number(12), ("v=" + Base64.getEncoder().encodeToString(signature)).getBytes(StandardCharsets.UTF_8));
        send(out, 'R', number(0));
    }

    private static boolean answer(byte type, DataInputStream in, DataOutputStream out) throws IOException {
        in.skipNBytes(in.readInt() - 4L);
        switch (type) {
            case 'P' -> send(out, '1');
            case 'B' -> send(out, '2');
            case 'D' -> send(out, 'T', new byte[] {0, 1}, text("x"), number(0), new byte[2], number(25), new byte[] {-1, -1}, number(-1), new byte[2]);
            case 'E' -> send(out, 'C', text("SELECT 0"));
            case 'C' -> send(out, '3');
            case 'S' -> send(out, 'Z', new byte[] {'I'});
            case 'Q' -> {
                send(out, 'C', text("SET"));
                send(out, 'Z', new byte[] {'I'});
            }
            default -> {
                return false;
            }
        }
        return true;
    }

    /** Body of the next message, after its type and length. */
    private static String message(DataInputStream in) throws IOException {
        in.readByte();
        return new String(in.readNBytes(in.readInt() - 4), StandardCharsets.UTF_8);
    }

    private static void send(DataOutputStream out, char type, byte[]... parts) throws IOException {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        for (byte[] part : parts) body.write(part);
        out.writeByte(type);
        out.writeInt(body.size() + 4);
        body.writeTo(out);
    }

    private static byte[] number(int value) {
        return new byte[] {(byte) (value >> 24), (byte) (value >> 16), (byte) (value >> 8), (byte) value};
    }

    private static byte[] text(String value) {
        return (value + "\0").getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] hmac(byte[] key, String text) throws GeneralSecurityException {
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(key, "HmacSHA256"));
        return mac.doFinal(text.getBytes(StandardCharsets.UTF_8));
    }
}
