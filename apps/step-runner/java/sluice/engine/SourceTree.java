package sluice.engine;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import liquibase.resource.DirectoryResourceAccessor;
import liquibase.resource.PathResource;
import liquibase.resource.Resource;

/** The checked-out tree, and nothing outside it: neither `..` nor a symbolic link in an include leads out. */
final class SourceTree extends DirectoryResourceAccessor {
    private final Path root;

    SourceTree(Path directory) throws IOException {
        super(checked(directory));
        root = directory.toRealPath();
    }

    private static Path checked(Path directory) throws FileNotFoundException {
        if (!directory.toFile().isDirectory()) throw new FileNotFoundException("source tree " + directory + " does not exist");
        return directory;
    }

    @Override
    public List<Resource> getAll(String path) throws IOException {
        return inside(path, super.getAll(path));
    }

    @Override
    public List<Resource> search(String path, boolean recursive) throws IOException {
        return inside(path, super.search(path, recursive));
    }

    private List<Resource> inside(String path, List<Resource> found) throws IOException {
        for (Resource resource : found) {
            if (!(resource instanceof PathResource)) continue;
            Path file = Path.of(resource.getUri());
            if (file.toFile().exists() && !file.toRealPath().startsWith(root)) {
                throw new IOException("\"" + path + "\" leads out of the repository; only files inside it can be used");
            }
        }
        return found;
    }
}
