package sluice.engine;

import liquibase.changelog.ChangeLogParameters;
import liquibase.changelog.DatabaseChangeLog;
import liquibase.exception.ChangeLogParseException;
import liquibase.parser.core.yaml.YamlChangeLogParser;
import liquibase.resource.ResourceAccessor;

/** YAML and JSON as Liquibase reads them. What it says of a root that is no changelog does not name the file, which here may be one of many. */
public final class DocumentParser extends YamlChangeLogParser {
    @Override
    public int getPriority() {
        return super.getPriority() + 10;
    }

    @Override
    protected String[] getSupportedFileExtensions() {
        return new String[] {"yaml", "yml", "json"};
    }

    @Override
    public DatabaseChangeLog parse(String path, ChangeLogParameters parameters, ResourceAccessor files) throws ChangeLogParseException {
        try {
            return super.parse(path, parameters, files);
        } catch (ChangeLogParseException cause) {
            String message = String.valueOf(cause.getMessage());
            if (message.contains(path)) throw cause;
            throw new ChangeLogParseException("Error parsing " + path + " : " + message, cause);
        }
    }
}
