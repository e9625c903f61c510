package sluice.engine;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.Charset;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import liquibase.GlobalConfiguration;
import liquibase.change.Change;
import liquibase.change.core.LoadDataChange;
import liquibase.change.core.SQLFileChange;
import liquibase.changelog.ChangeSet;
import liquibase.resource.Resource;
import liquibase.resource.ResourceAccessor;

/**
 * Files that are read as UTF-8 and are something else. Liquibase puts a replacement character for each byte that it cannot read and goes on; that is kept, and
 * told before anything is applied.
 */
final class Misread {
    private static final int BUFFER_BYTES = 64 * 1024;
    /** XML declares its own encoding, and its parser refuses what is not in it. */
    private static final Pattern TEXT = Pattern.compile(".*\\.(sql|ya?ml|json)", Pattern.CASE_INSENSITIVE);

    private final Events events;
    private final ResourceAccessor files;
    private final Set<String> seen = new HashSet<>();

    Misread(Events events, ResourceAccessor files) {
        this.events = events;
        this.files = files;
    }

    /** Warns of each such file that these changesets come from or read. */
    void warn(List<ChangeSet> due) {
        for (ChangeSet changeSet : due) {
            String changelog = changeSet.getChangeLog().getPhysicalFilePath();
            if (TEXT.matcher(changelog).matches()) check(changelog, null, null, "");
            for (Change change : changeSet.getChanges()) {
                if (change instanceof SQLFileChange file) check(file.getPath(), Boolean.TRUE.equals(file.isRelativeToChangelogFile()) ? changelog : null, file.getEncoding(), ", or set encoding (for example ISO-8859-1) on the sqlFile that reads it");
                else if (change instanceof LoadDataChange rows) check(rows.getFile(), Boolean.TRUE.equals(rows.isRelativeToChangelogFile()) ? changelog : null, rows.getEncoding(), ", or set encoding (for example ISO-8859-1) on the loadData that reads it");
            }
        }
    }

    private void check(String name, String relativeTo, String encoding, String orElse) {
        if (name == null || !isUtf8(encoding) || !seen.add(relativeTo + ":" + name)) return;
        try {
            Resource file = relativeTo == null ? files.get(name) : files.get(relativeTo).resolveSibling(name);
            if (!file.exists()) return;
            long fault;
            try (InputStream bytes = file.openInputStream()) {
                fault = firstFault(bytes);
            }
            if (fault >= 0) {
                events.log("WARN", "\"" + file.getPath() + "\" is read as UTF-8 and is not: the byte at offset " + fault + " is the first of those that are read as the replacement character \ufffd."
                    + " Save the file as UTF-8" + orElse);
            }
        } catch (IOException | RuntimeException unreadable) {
            // Whoever reads the file next says so.
        }
    }

    private static boolean isUtf8(String encoding) {
        if (encoding != null && !encoding.isBlank()) return encoding.equalsIgnoreCase("UTF-8") || encoding.equalsIgnoreCase("UTF8");
        Charset own = GlobalConfiguration.FILE_ENCODING.getCurrentValue();
        return own == null || own.equals(StandardCharsets.UTF_8);
    }

    /** @return offset in bytes of the first one that is not UTF-8; -1 when all are, or when the file says by its first bytes that it is UTF-16 or UTF-32 */
    private static long firstFault(InputStream bytes) throws IOException {
        CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder().onMalformedInput(CodingErrorAction.REPORT).onUnmappableCharacter(CodingErrorAction.REPORT);
        byte[] chunk = new byte[BUFFER_BYTES];
        ByteBuffer in = ByteBuffer.allocate(BUFFER_BYTES + 8);
        CharBuffer out = CharBuffer.allocate(BUFFER_BYTES + 8);
        long before = 0;
        for (int read = bytes.readNBytes(chunk, 0, BUFFER_BYTES); ; read = bytes.readNBytes(chunk, 0, BUFFER_BYTES)) {
            if (before == 0 && in.position() == 0 && isWide(chunk, read)) return -1;
            in.put(chunk, 0, read).flip();
            CoderResult result = decoder.decode(in, out.clear(), read == 0);
            if (result.isError()) return before + in.position();
            before += in.position();
            in.compact();
            if (read == 0) return -1;
        }
    }

    private static boolean isWide(byte[] start, int length) {
        if (length < 2) return false;
        int mark = (start[0] & 0xff) << 8 | (start[1] & 0xff);
        return mark == 0xfeff || mark == 0xfffe || (mark == 0 && length >= 4 && (start[2] & 0xff) == 0xfe && (start[3] & 0xff) == 0xff);
    }
}
