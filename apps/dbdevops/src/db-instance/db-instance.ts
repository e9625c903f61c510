import type { DbInstanceIn, DbInstanceOut, DbInstanceUpdate } from '@sluice/dbdevops-api';
import { AppError, type ProjectScope } from '@sluice/kernel';
import { NOT_RUN, sourceTypeOf, toSeconds, type DbSchema } from '../db-schema/db-schema.js';

/** Which state of the changelog's repository an instance gets. At most one of the three. */
interface GitRef {
  readonly branch: string | null;
  readonly commitSha: string | null;
  readonly gitTag: string | null;
}

export interface DbInstance extends GitRef {
  readonly id: string;
  readonly scope: ProjectScope;
  readonly schemaId: string;
  readonly identifier: string;
  readonly name: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly connector: string;
  /** Liquibase context filter; empty runs everything. */
  readonly context: string;
  readonly substituteProperties: Readonly<Record<string, string>> | null;
  /** Reference to what the instance is filed under. */
  readonly environment: string | null;
  /** Milliseconds since the epoch, like every `…At` here. */
  readonly createdAt: number;
  readonly updatedAt: number;
  /** End of the newest report that read the database's own history; null until one did. */
  readonly historyAt: number | null;
  readonly lastAppliedTag: string | null;
  readonly lastChangesetTag: string;
  readonly lastRunAt: number | null;
  /** Start of the first run whose result was lost, or that could not read the history, since the history was read; null while the state is known. */
  readonly unknownSince: number | null;
}

/** @throws AppError INVALID_REQUEST when the schema's source needs a Git reference and none is given */
export function newDbInstance(input: DbInstanceIn, schema: DbSchema, id: string, now: number): DbInstance {
  return checked(schema, {
    id,
    scope: schema.scope,
    schemaId: schema.id,
    identifier: input.identifier,
    name: input.name,
    tags: input.tags ?? {},
    connector: input.connector,
    ...(givenRef(input) ?? NO_REF),
    context: input.context ?? '',
    substituteProperties: input.substituteProperties ?? null,
    environment: input.environment ?? null,
    createdAt: now,
    updatedAt: now,
    historyAt: null,
    lastAppliedTag: null,
    lastChangesetTag: '',
    lastRunAt: null,
    unknownSince: null,
  });
}

/** Applies a partial update: absent fields keep their value; one Git reference replaces the others. @throws AppError INVALID_REQUEST */
export function updatedDbInstance(
  instance: DbInstance,
  update: DbInstanceUpdate,
  schema: DbSchema,
  now: number,
): DbInstance {
  return checked(schema, {
    ...instance,
    ...(givenRef(update) ?? clearedRef(instance, update)),
    name: update.name ?? instance.name,
    tags: update.tags ?? instance.tags,
    connector: update.connector ?? instance.connector,
    context: update.context ?? instance.context,
    substituteProperties: propertiesAfter(instance, update),
    environment: update.environment === undefined ? instance.environment : update.environment || null,
    updatedAt: Math.max(now, instance.updatedAt),
  });
}

/** No properties and an empty list of them are the same; what was never given is not shown as an empty one. */
function propertiesAfter(
  { substituteProperties: known }: DbInstance,
  { substituteProperties: sent }: DbInstanceUpdate,
): DbInstance['substituteProperties'] {
  if (!sent) return known;
  return known === null && Object.keys(sent).length === 0 ? null : sent;
}

const NO_REF: GitRef = { branch: null, commitSha: null, gitTag: null };

type GivenRef = { readonly [Key in keyof GitRef]?: string | undefined };

function givenRef(input: GivenRef): GitRef | undefined {
  if (input.branch) return { ...NO_REF, branch: input.branch };
  if (input.commitSha) return { ...NO_REF, commitSha: input.commitSha };
  if (input.gitTag) return { ...NO_REF, gitTag: input.gitTag };
  return undefined;
}

/** An empty text clears the reference it names. */
function clearedRef(current: GitRef, update: GivenRef): GitRef {
  return {
    branch: update.branch === '' ? null : current.branch,
    commitSha: update.commitSha === '' ? null : current.commitSha,
    gitTag: update.gitTag === '' ? null : current.gitTag,
  };
}

function checked(schema: DbSchema, instance: DbInstance): DbInstance {
  const source = sourceTypeOf(schema);
  const needsRef = source === 'Git' || source === 'HarnessCode';
  if (needsRef && !instance.branch && !instance.commitSha && !instance.gitTag) {
    const message = `Branch, commitSha, or gitTag is mandatory for source type [${source}]`;
    throw new AppError('INVALID_REQUEST', message, { fields: [{ field: 'branch', error: message }] });
  }
  return instance;
}

export function dbInstanceOut(instance: DbInstance, schema: Pick<DbSchema, 'id' | 'identifier'>): DbInstanceOut {
  return {
    identifier: instance.identifier,
    name: instance.name,
    tags: { ...instance.tags },
    created: toSeconds(instance.createdAt),
    updated: toSeconds(instance.updatedAt),
    branch: instance.branch ?? undefined,
    commitSha: instance.commitSha ?? undefined,
    gitTag: instance.gitTag ?? undefined,
    connector: instance.connector,
    context: instance.context,
    lastAppliedTag: instance.lastAppliedTag ?? undefined,
    toOnboard: instance.historyAt === null,
    lastDeployedChangeSetTag: instance.lastChangesetTag,
    stateUnknownSince: instance.unknownSince === null ? undefined : toSeconds(instance.unknownSince),
    substituteProperties: instance.substituteProperties ?? undefined,
    environment: instance.environment ?? undefined,
    schemaId: schema.id,
    schemaIdentifier: schema.identifier,
  };
}

/** As {@link dbInstanceOut}, with what Sluice does not do with it. */
export function dbInstanceShown(instance: DbInstance, schema: DbSchema): DbInstanceOut {
  const { environment } = instance;
  const warnings = [
    ...(environment === null
      ? []
      : [
          {
            field: 'environment',
            message: `filed under environment "${environment}"; nothing is deployed to it by this, a run works on the database of the connector`,
          },
        ]),
    ...(schema.migrationType === 'Flyway' ? [NOT_RUN] : []),
  ];
  return { ...dbInstanceOut(instance, schema), ...(warnings.length > 0 ? { warnings } : {}) };
}

export function instanceNotFound(schema: string, instance: string): AppError {
  return new AppError('RESOURCE_NOT_FOUND', `instance with id [${instance}] schema [${schema}] does not exist`, {
    schema,
    instance,
  });
}

/** For a result of an instance that was deleted, where another has its name now. */
export function instanceWasReplaced(schema: string, instance: string): AppError {
  return new AppError(
    'RESOURCE_NOT_FOUND',
    `instance with id [${instance}] schema [${schema}] was deleted and made again after this step had begun; the result is of the deleted one and was not recorded on the new one`,
    { schema, instance },
  );
}
