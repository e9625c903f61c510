package sluice.engine;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import liquibase.exception.UnexpectedLiquibaseException;
import liquibase.resource.CompositeResourceAccessor;
import liquibase.resource.DirectoryResourceAccessor;
import liquibase.resource.PathResource;
import liquibase.resource.Resource;
import liquibase.resource.ResourceAccessor;

/**
 * One folder that file names are relative to, and nothing outside the checked-out tree: a name that leads out is refused by its
 * spelling, before the disk is asked, and so is what a symbolic link leads to.
 */
final class SourceTree extends DirectoryResourceAccessor {
    private static final String POINTER = "version https://git-lfs.github.com/spec/";
    private static final long LONGEST_POINTER = 1024;
    private static final String SPELLINGS = "^(classpath\\*?:|file:/+)";

    private final Path tree;
    private final Path folder;

    private SourceTree(Path tree, Path folder) throws IOException {
        super(folder);
        this.tree = tree;
        this.folder = folder;
    }

    /**
     * @param root the checked-out tree
     * @param searchPath folders inside it; empty means its root
     * @throws IOException naming the folder that is missing or outside
     */
    static ResourceAccessor of(Path root, List<String> searchPath) throws IOException {
        if (!Files.isDirectory(root)) throw new FileNotFoundException("source tree " + root + " does not exist");
        Path tree = root.toRealPath();
        if (searchPath.isEmpty()) return new SourceTree(tree, tree);
        List<ResourceAccessor> folders = new ArrayList<>();
        for (String name : searchPath) folders.add(new SourceTree(tree, folderOf(tree, name)));
        return folders.size() == 1 ? folders.get(0) : new CompositeResourceAccessor(folders);
    }

    private static Path folderOf(Path tree, String name) throws IOException {
        Path folder = judged(tree, tree, name);
        if (!Files.isDirectory(folder)) throw new FileNotFoundException("searchPath names \"" + name + "\", which is no folder of the repository; correct it in the DB schema");
        if (!folder.toRealPath().startsWith(tree)) throw outside(name);
        return folder;
    }

    /** What a reader of a message can find: the folder as the repository names it, not where it lies on this machine. */
    @Override
    public List<String> describeLocations() {
        return List.of(folder.equals(tree) ? "the root of the repository" : tree.relativize(folder).toString());
    }

    @Override
    public List<Resource> getAll(String path) throws IOException {
        String name = path.replaceFirst(SPELLINGS, "");
        try {
            judged(tree, folder, name);
        } catch (UnexpectedLiquibaseException cause) {
            throw new IOException(cause.getMessage(), cause); // to every caller that file is not there
        }
        return inside(path, super.getAll(name));
    }

    @Override
    public List<Resource> search(String path, SearchOptions options) throws IOException {
        String name = path.replaceFirst(SPELLINGS, "");
        judged(tree, folder, name);
        return inside(path, super.search(name, options));
    }

    @Override
    protected Resource createResource(Path file, String path) {
        return new SourceFile(path, file);
    }

    /** @throws UnexpectedLiquibaseException which, unlike an IOException, Liquibase passes on as it is */
    private static Path judged(Path tree, Path folder, String name) {
        try {
            Path lexical = folder.resolve(name.replace('\\', '/').replaceFirst("^/+", "")).normalize();
            if (lexical.startsWith(tree)) return lexical;
        } catch (InvalidPathException impossible) {
            throw new UnexpectedLiquibaseException("\"" + name + "\" cannot be the name of a file");
        }
        throw outside(name);
    }

    private List<Resource> inside(String path, List<Resource> found) throws IOException {
        for (Resource resource : found) {
            if (!Path.of(resource.getUri()).toRealPath().startsWith(tree)) throw outside(path);
        }
        return found;
    }

    private static UnexpectedLiquibaseException outside(String name) {
        return new UnexpectedLiquibaseException("\"" + name + "\" leads out of the repository; only files inside it can be used");
    }

    /** A file of the tree; what is named relative to it is judged like every other name. */
    private final class SourceFile extends PathResource {
        private final Path file;

        SourceFile(String path, Path file) {
            super(path, file);
            this.file = file.normalize();
        }

        @Override
        public Resource resolve(String other) {
            return new SourceFile(resolvePath(other), judged(tree, file, other));
        }

        @Override
        public Resource resolveSibling(String other) {
            return new SourceFile(resolveSiblingPath(other), judged(tree, file.getParent(), other));
        }

        @Override
        public InputStream openInputStream() throws IOException {
            if (!Files.exists(file)) throw new FileNotFoundException("\"" + getPath() + "\" does not exist in the repository");
            if (!file.toRealPath().startsWith(tree)) throw outside(getPath());
            if (isPointer()) throw new UnexpectedLiquibaseException("\"" + getPath() + "\" is a Git LFS pointer and not the file it stands for, because Git LFS is not fetched; keep the files of a changelog in Git itself");
            return super.openInputStream();
        }

        /** Read as the file, it would be run as SQL or loaded as rows. */
        private boolean isPointer() throws IOException {
            if (Files.size(file) > LONGEST_POINTER) return false;
            byte[] content = Files.readAllBytes(file);
            return new String(content, StandardCharsets.ISO_8859_1).startsWith(POINTER);
        }
    }
}
