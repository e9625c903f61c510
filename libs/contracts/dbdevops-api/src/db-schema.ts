import {
  dbIdentifier,
  defineRoute,
  entityName,
  paged,
  queryBoolean,
  refusingNearKeys,
  tagMap,
} from '@sluice/api-conventions';
import { z } from 'zod';
import {
  DBOPS,
  PROJECT,
  SCHEMA,
  accountKey,
  epochSeconds,
  listKeys,
  plainQuery,
  projectPath,
  schemaPath,
  scopeKeys,
  warnings,
} from './places.js';

const schemaType = z.enum(['Repository', 'Script']);
const migrationType = z.enum(['Liquibase', 'Flyway']);

/** A folder of the repository: relative, with `/` between names. */
const folder = z
  .string()
  .min(1)
  .max(1024)
  .refine(
    (path) => !/^[/\\]|^[a-z]+:|(^|[/\\])\.\.([/\\]|$)/i.test(path),
    'must be a folder inside the repository, such as src/main/resources',
  );

/**
 * Where the paths of a changelog begin. Sluice's own; clients that do not know them leave them as they are.
 * `searchPath`: folders of the repository that paths in the changelog and recorded file names are relative to, instead of its root (the
 * resource folders of a Spring application, for example); `location` lies in one of them and is itself written from the root.
 * `filePrefix`: put before every recorded file name that the changelog does not give itself, for example `classpath:`.
 */
const roots = { searchPath: z.array(folder).max(16).optional(), filePrefix: z.string().max(255).optional() };

const changelogIn = z.strictObject({
  /** Path of the changelog file, or of the migrations for Flyway. */
  location: z.string().min(1).max(1024),
  /** Git or Artifactory connector; empty or absent together with `repo` means a repository of the platform itself. */
  connector: z.string().max(256).optional(),
  repo: z.string().min(1).max(512).optional(),
  archivePath: z.string().min(1).max(1024).optional(),
  toml: z.string().max(1024).optional(),
  ...roots,
});

const changelogUpdate = z.strictObject({
  location: z.string().max(1024).optional(),
  connector: z.string().max(256).optional(),
  repo: z.string().max(512).optional(),
  archivePath: z.string().max(1024).optional(),
  toml: z.string().max(1024).optional(),
  ...roots,
});

/** A shell by name, in the spellings clients have for it, or an expression that gives one when the step runs. */
const shell = z
  .string()
  .max(1024)
  .regex(/^(?:sh|bash|sh\/bash|[\s\S]*<\+[\s\S]*)$/i, 'must be Sh, Bash or an expression such as <+input>');

const changeLogScript = z.object({
  image: z.string().min(1).max(512),
  command: z.string().min(1).max(65_536),
  shell,
  location: z.string().min(1).max(1024),
  toml: z.string().max(1024).optional(),
});

/** `/dbschema/overview` is a route of its own. */
const schemaIdentifier = dbIdentifier.refine(
  (identifier) => identifier !== 'overview',
  '"overview" is reserved; choose another identifier',
);

/** DBSchemaIn. */
export const dbSchemaIn = z
  .object({
    identifier: schemaIdentifier,
    name: entityName,
    tags: tagMap.optional(),
    type: schemaType.default('Repository'),
    migrationType: migrationType.default('Liquibase'),
    changelog: changelogIn.optional(),
    changeLogScript: changeLogScript.optional(),
    /** What the schema is filed under: a service, or any text, which names none. `org.` and `account.` lead to a service that must be there. Nothing is deployed to it by a run. */
    service: z.string().min(1).max(256).optional(),
    usePercona: z.boolean().default(false),
  })
  .superRefine((schema, issue) => {
    const refuse = (path: string[], message: string): void => issue.addIssue({ code: 'custom', path, message });
    if (schema.type === 'Repository' && !schema.changelog) refuse(['changelog'], 'is required when type is Repository');
    if (schema.changelog && !schema.changelog.connector && !schema.changelog.repo)
      refuse(['changelog', 'connector'], 'give a connector, or a repo of the platform itself');
    if (schema.type === 'Script' && !schema.changeLogScript)
      refuse(['changeLogScript'], 'is required when type is Script');
    if (schema.usePercona && schema.migrationType !== 'Liquibase') refuse(['usePercona'], 'works with Liquibase only');
  });
export type DbSchemaIn = z.output<typeof dbSchemaIn>;

const schemaChange = z.object({
  /** Accepted for clients that send the whole schema; it cannot be changed. */
  identifier: z.unknown().optional(),
  name: entityName.optional(),
  tags: tagMap.optional(),
  type: schemaType.optional(),
  changelog: changelogUpdate.optional(),
  changeLogScript: changeLogScript.optional(),
  service: z.string().max(256).optional(),
  usePercona: z.boolean().optional(),
  primaryDbInstanceId: z.string().max(128).optional(),
});

/**
 * DBSchemaUpdate: every field optional, absent fields keep their value. `identifier` and `migrationType` are accepted and ignored.
 * A body that says all that a create needs is the whole schema: clients of typed languages leave empty values out, so what it lacks is empty.
 */
export const dbSchemaUpdate = schemaChange.transform(({ identifier, ...change }) =>
  isWhole(identifier, change) ? { ...emptySchema, ...change, ...wholeChangelog(change) } : change,
);
export type DbSchemaUpdate = Omit<z.output<typeof schemaChange>, 'identifier'>;

/** In an update, an empty text clears what it names. */
const emptySchema = { tags: {}, service: '', usePercona: false };
const emptyChangelog = { repo: '', archivePath: '', toml: '' };

function isWhole(identifier: unknown, { name, changelog, changeLogScript: script }: DbSchemaUpdate): boolean {
  const hasSource = script !== undefined || (changelog?.location !== undefined && changelog.connector !== undefined);
  return typeof identifier === 'string' && name !== undefined && hasSource;
}

function wholeChangelog({ changelog }: DbSchemaUpdate): Pick<DbSchemaUpdate, 'changelog'> {
  return changelog ? { changelog: { ...emptyChangelog, ...changelog } } : {};
}

/** DBSchemaOut. */
export const dbSchemaOut = z.object({
  identifier: z.string(),
  name: z.string(),
  tags: z.record(z.string(), z.string()),
  created: epochSeconds,
  updated: epochSeconds.optional(),
  service: z.string().optional(),
  changelog: z
    .object({
      location: z.string(),
      connector: z.string().optional(),
      repo: z.string().optional(),
      archivePath: z.string().optional(),
      toml: z.string().optional(),
      searchPath: z.array(z.string()).optional(),
      filePrefix: z.string().optional(),
    })
    .optional(),
  changeLogScript: changeLogScript.extend({ shell: z.string() }).optional(),
  instanceCount: z.int(),
  schemaSourceType: z.enum(['Git', 'Artifactory', 'Custom', 'HarnessCode']),
  type: schemaType,
  migrationType,
  usePercona: z.boolean(),
  /** Id of the owning project. */
  parentId: z.string(),
  primaryDbInstanceId: z.string().optional(),
  warnings,
});
export type DbSchemaOut = z.output<typeof dbSchemaOut>;

/** Ours: the documented routes have no such key and are refused what is in use. */
const forceKey = { forceDelete: queryBoolean.optional() };
/** Clients send a schema back as they read it, with what only answers have. */
const checkedSpelling = <Schema extends z.ZodType>(schema: Schema) =>
  refusingNearKeys(schema, { alsoSent: Object.keys(dbSchemaOut.shape), showsValues: true });

const view = { permission: 'dbschema.view' } as const;
const edit = { permission: 'dbschema.edit' } as const;

export const listDbSchemas = defineRoute({
  id: 'listDbSchemas',
  method: 'GET',
  path: `${PROJECT}/dbschema`,
  summary: 'List the DB schemas of a project',
  style: 'v1',
  access: view,
  params: projectPath,
  query: z.object({ ...accountKey, ...listKeys, migrationType: migrationType.optional() }),
  isPaged: true,
  response: paged(dbSchemaOut),
});

export const createDbSchema = defineRoute({
  id: 'createDbSchema',
  method: 'POST',
  path: `${PROJECT}/dbschema`,
  summary: 'Create a DB schema',
  style: 'v1',
  status: 201,
  access: edit,
  params: projectPath,
  query: plainQuery,
  body: checkedSpelling(dbSchemaIn),
  response: dbSchemaOut,
});

const recentDeployment = z.object({
  dbSchemaIdentifier: z.string(),
  dbSchemaName: z.string(),
  dbInstanceIdentifier: z.string(),
  dbInstanceName: z.string(),
  lastDeployed: epochSeconds,
});

export const dbSchemaOverview = defineRoute({
  id: 'dbSchemaOverview',
  method: 'GET',
  path: `${PROJECT}/dbschema/overview`,
  summary: 'Counts and the latest deployments of a project',
  style: 'v1',
  access: view,
  params: projectPath,
  query: plainQuery,
  response: z.object({
    dbSchemaCount: z.int(),
    dbInstanceCount: z.int(),
    recentDeployments: z.array(recentDeployment),
  }),
});

export const getDbSchema = defineRoute({
  id: 'getDbSchema',
  method: 'GET',
  path: SCHEMA,
  summary: 'Read a DB schema',
  style: 'v1',
  access: view,
  params: schemaPath,
  query: plainQuery,
  response: dbSchemaOut,
});

export const updateDbSchema = defineRoute({
  id: 'updateDbSchema',
  method: 'PUT',
  path: SCHEMA,
  summary: 'Change a DB schema',
  style: 'v1',
  access: edit,
  params: schemaPath,
  query: plainQuery,
  body: checkedSpelling(dbSchemaUpdate),
  response: dbSchemaOut,
});

/**
 * Removes the schema with its instances and their history; nothing in any database. Refused with ENTITY_REFERENCED, naming pipelines, input sets, triggers and
 * instances, while one of the first three refers to it, unless `forceDelete`. dbdevops itself refuses a schema with instances without `forceDelete`: NG manager
 * sends it once no document is in the way.
 */
export const deleteDbSchema = defineRoute({
  id: 'deleteDbSchema',
  method: 'DELETE',
  path: SCHEMA,
  summary: 'Delete a DB schema with its instances and history; with forceDelete also one that pipelines use',
  style: 'v1',
  status: 204,
  access: edit,
  params: schemaPath,
  query: z.object({ ...accountKey, ...forceKey }),
  response: z.undefined(),
});

export const listDbSchemasOfAccount = defineRoute({
  id: 'listDbSchemasOfAccount',
  method: 'GET',
  path: `${DBOPS}/dbschema`,
  summary: 'List DB schemas across projects',
  style: 'v1',
  access: view,
  query: z.object({ ...scopeKeys, ...listKeys, migrationType: migrationType.optional() }),
  isPaged: true,
  response: paged(dbSchemaOut),
});

/** Removes every DB schema of a project, when the project itself goes; refused like the removal of each. Org and project name it; `parent_id` is what clients also send. */
export const deleteDbSchemasOfProject = defineRoute({
  id: 'deleteDbSchemasOfProject',
  method: 'DELETE',
  path: `${DBOPS}/dbschema`,
  summary: 'Delete all DB schemas of a project',
  style: 'v1',
  status: 204,
  access: edit,
  query: z.object({
    ...accountKey,
    orgIdentifier: z.string().min(1),
    projectIdentifier: z.string().min(1),
    parent_id: z.string().min(1).max(128),
    ...forceKey,
  }),
  response: z.undefined(),
});
