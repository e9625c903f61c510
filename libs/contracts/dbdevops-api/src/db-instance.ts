import { dbIdentifier, defineRoute, entityName, paged, refusingNearKeys, tagMap } from '@sluice/api-conventions';
import { WHOLE_COMMIT_ID_RULE, isWholeCommitId } from '@sluice/delegate-protocol';
import { z } from 'zod';
import {
  INSTANCE,
  SCHEMA,
  accountKey,
  epochSeconds,
  instancePath,
  listKeys,
  plainQuery,
  schemaPath,
  warnings,
} from './places.js';

const gitRef = {
  branch: z.string().max(512).optional(),
  /** A whole commit id, or an expression such as `<+trigger.commitSha>`. */
  commitSha: z
    .string()
    .max(512)
    .refine((text) => text === '' || text.includes('<+') || isWholeCommitId(text), {
      error: ({ input }) => `"${String(input).slice(0, 80)}" is no commit id; ${WHOLE_COMMIT_ID_RULE}`,
    })
    .optional(),
  /** May be an expression such as `<+trigger.tag>`. */
  gitTag: z.string().max(512).optional(),
};

function refuseTwoRefs(
  value: { branch?: string | undefined; commitSha?: string | undefined; gitTag?: string | undefined },
  issue: z.core.$RefinementCtx,
): void {
  const given = (['branch', 'commitSha', 'gitTag'] as const).filter((key) => value[key]);
  if (given.length > 1)
    issue.addIssue({
      code: 'custom',
      path: [given[1] ?? ''],
      message: `branch, commitSha and gitTag are mutually exclusive; ${given.join(' and ')} were given`,
    });
}

/** Sluice's own: the environment an instance is filed under, of its project, or with `org.` or `account.` of a scope above. It must be there; a run works on what the connector names. */
const environment = z.string().min(1).max(256);

const properties = z.record(z.string().min(1).max(256), z.string().max(4096));

/** DBInstanceIn. */
export const dbInstanceIn = z
  .object({
    identifier: dbIdentifier,
    name: entityName,
    tags: tagMap.optional(),
    /** JDBC connector reference. */
    connector: z.string().min(1).max(256),
    ...gitRef,
    /** Liquibase context filter; empty runs everything. */
    context: z.string().max(4096).optional(),
    substituteProperties: properties.optional(),
    environment: environment.optional(),
  })
  .superRefine(refuseTwoRefs);
export type DbInstanceIn = z.output<typeof dbInstanceIn>;

const instanceChange = z
  .object({
    /** Accepted for clients that send the whole instance; it cannot be changed. */
    identifier: z.unknown().optional(),
    name: entityName.optional(),
    tags: tagMap.optional(),
    connector: z.string().min(1).max(256).optional(),
    ...gitRef,
    context: z.string().max(4096).optional(),
    /** Accepted for clients that send it; what is applied comes from the database's own history. */
    version: z.string().max(256).optional(),
    substituteProperties: properties.optional(),
    environment: environment.or(z.literal('')).optional(),
  })
  .superRefine(refuseTwoRefs);

/** In an update, an empty text clears what it names. The environment is not among them: clients that do not know it leave it as it is. */
const emptyInstance = { tags: {}, branch: '', commitSha: '', gitTag: '', context: '', substituteProperties: {} };

/**
 * DBInstanceUpdate: every field optional, absent fields keep their value; naming one Git reference replaces the other two.
 * A body that says all that a create needs is the whole instance: clients of typed languages leave empty values out, so what it lacks is empty.
 */
export const dbInstanceUpdate = instanceChange.transform(({ identifier, ...change }) => {
  const isWhole = typeof identifier === 'string' && change.name !== undefined && change.connector !== undefined;
  return isWhole ? { ...emptyInstance, ...change } : change;
});
export type DbInstanceUpdate = Omit<z.output<typeof instanceChange>, 'identifier'>;

/** DBInstanceOut. */
export const dbInstanceOut = z.object({
  identifier: z.string(),
  name: z.string(),
  tags: z.record(z.string(), z.string()),
  created: epochSeconds,
  updated: epochSeconds.optional(),
  branch: z.string().optional(),
  commitSha: z.string().optional(),
  gitTag: z.string().optional(),
  connector: z.string(),
  context: z.string(),
  /** The latest tag in the database's history. */
  lastAppliedTag: z.string().optional(),
  /** True until the database's own history was read once. */
  toOnboard: z.boolean(),
  /** The tag of the changeset deployed last; empty when it has none. */
  lastDeployedChangeSetTag: z.string(),
  /**
   * Present while it is not known what the database holds: a run that began then lost its result or could not read the history. What is shown is the state
   * of the last contact; the next run that reads the history sets it right.
   */
  stateUnknownSince: epochSeconds.optional(),
  substituteProperties: z.record(z.string(), z.string()).optional(),
  environment: z.string().optional(),
  schemaId: z.string(),
  schemaIdentifier: z.string(),
  warnings,
});
export type DbInstanceOut = z.output<typeof dbInstanceOut>;

/** DBInstanceFilterIn. `value: null` means any value of the key. */
export const dbInstanceFilter = z.object({
  filterType: z.enum(['Equals', 'NotEquals']).default('Equals'),
  instanceTags: z
    .array(z.object({ key: z.string().min(1).max(128), value: z.string().max(128).nullish() }))
    .max(128)
    .optional(),
});

/** Clients send an instance back as they read it, with what only answers have. */
const checkedSpelling = <Schema extends z.ZodType>(schema: Schema) =>
  refusingNearKeys(schema, { alsoSent: [...Object.keys(dbInstanceOut.shape), 'version'], showsValues: true });

const view = { permission: 'dbinstance.view' } as const;
const edit = { permission: 'dbinstance.edit' } as const;

export const createDbInstance = defineRoute({
  id: 'createDbInstance',
  method: 'POST',
  path: `${SCHEMA}/instance`,
  summary: 'Create a DB instance',
  style: 'v1',
  status: 201,
  access: edit,
  params: schemaPath,
  query: plainQuery,
  body: checkedSpelling(dbInstanceIn),
  response: dbInstanceOut,
});

export const listDbInstances = defineRoute({
  id: 'listDbInstances',
  method: 'POST',
  path: `${SCHEMA}/instancelist`,
  summary: 'List the DB instances of a schema',
  style: 'v1',
  access: view,
  params: schemaPath,
  query: z.object({ ...accountKey, ...listKeys }),
  body: dbInstanceFilter.optional(),
  isPaged: true,
  response: paged(dbInstanceOut),
});

export const getDbInstance = defineRoute({
  id: 'getDbInstance',
  method: 'GET',
  path: INSTANCE,
  summary: 'Read a DB instance',
  style: 'v1',
  access: view,
  params: instancePath,
  query: plainQuery,
  response: dbInstanceOut,
});

export const updateDbInstance = defineRoute({
  id: 'updateDbInstance',
  method: 'PUT',
  path: INSTANCE,
  summary: 'Change a DB instance',
  style: 'v1',
  access: edit,
  params: instancePath,
  query: plainQuery,
  body: checkedSpelling(dbInstanceUpdate),
  response: dbInstanceOut,
});

/** Removes the instance with its history; the database itself is not touched. */
export const deleteDbInstance = defineRoute({
  id: 'deleteDbInstance',
  method: 'DELETE',
  path: INSTANCE,
  summary: 'Delete a DB instance with its history',
  style: 'v1',
  status: 204,
  access: edit,
  params: instancePath,
  query: plainQuery,
  response: z.undefined(),
});
