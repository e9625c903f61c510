import { createHash } from 'node:crypto';
import type { DbSchemaIn, DbSchemaOut, DbSchemaUpdate } from '@sluice/dbdevops-api';
import { AppError, formatScope, type ProjectScope } from '@sluice/kernel';

/** Where the changelog of a Repository schema lies. Without `connector` it is a repository of the platform itself. */
export interface Changelog {
  readonly location: string;
  readonly connector?: string | undefined;
  readonly repo?: string | undefined;
  readonly archivePath?: string | undefined;
  readonly toml?: string | undefined;
  /** Folders of the repository that paths are relative to; absent means its root. */
  readonly searchPath?: string[] | undefined;
  /** Put before recorded file names. */
  readonly filePrefix?: string | undefined;
}

/** How a Script schema makes its changelog. */
export type ChangeLogScript = NonNullable<DbSchemaOut['changeLogScript']>;

export interface DbSchema {
  readonly id: string;
  readonly scope: ProjectScope;
  readonly identifier: string;
  readonly name: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly type: 'Repository' | 'Script';
  readonly migrationType: 'Liquibase' | 'Flyway';
  readonly changelog: Changelog | null;
  readonly changeLogScript: ChangeLogScript | null;
  readonly service: string | null;
  readonly usePercona: boolean;
  /** Identifier of the instance changes are written against. */
  readonly primaryInstance: string | null;
  /** Milliseconds since the epoch, like `updatedAt`. */
  readonly createdAt: number;
  readonly updatedAt: number;
}

export function newDbSchema(input: DbSchemaIn, scope: ProjectScope, id: string, now: number): DbSchema {
  return {
    id,
    scope,
    identifier: input.identifier,
    name: input.name,
    tags: input.tags ?? {},
    type: input.type,
    migrationType: input.migrationType,
    changelog: input.changelog ? withoutBlanks(input.changelog) : null,
    changeLogScript: input.changeLogScript ?? null,
    service: input.service ?? null,
    usePercona: input.usePercona,
    primaryInstance: null,
    createdAt: now,
    updatedAt: now,
  };
}

/**
 * Applies a partial update: absent fields and absent keys of `changelog` keep their value, an empty text clears an optional one.
 * @throws AppError INVALID_REQUEST when the outcome would not be a usable schema
 */
export function updatedDbSchema(schema: DbSchema, update: DbSchemaUpdate, now: number): DbSchema {
  const type = update.type ?? schema.type;
  // A schema that changes its kind of source loses the other kind's, unless it is sent along.
  const kept =
    type === schema.type
      ? schema
      : {
          changelog: type === 'Repository' ? schema.changelog : null,
          changeLogScript: type === 'Script' ? schema.changeLogScript : null,
        };
  const changelog = update.changelog
    ? withoutBlanks({ ...schema.changelog, location: schema.changelog?.location ?? '', ...definedOf(update.changelog) })
    : kept.changelog;
  const next: DbSchema = {
    ...schema,
    name: update.name ?? schema.name,
    tags: update.tags ?? schema.tags,
    type,
    changelog,
    changeLogScript: update.changeLogScript ?? kept.changeLogScript,
    service: update.service === undefined ? schema.service : update.service || null,
    usePercona: update.usePercona ?? schema.usePercona,
    primaryInstance:
      update.primaryDbInstanceId === undefined ? schema.primaryInstance : update.primaryDbInstanceId || null,
    updatedAt: Math.max(now, schema.updatedAt),
  };
  return checked(next);
}

function checked(schema: DbSchema): DbSchema {
  const refuse = (field: string, error: string): never => {
    throw new AppError('INVALID_REQUEST', `invalid body: ${field}: ${error}`, { fields: [{ field, error }] });
  };
  if (schema.type === 'Repository' && !schema.changelog)
    return refuse('changelog', 'is required when type is Repository');
  if (schema.changelog && !schema.changelog.location) return refuse('changelog.location', 'must not be empty');
  if (schema.changelog && !schema.changelog.connector && !schema.changelog.repo)
    return refuse('changelog.connector', 'give a connector, or a repo of the platform itself');
  if (schema.type === 'Script' && !schema.changeLogScript)
    return refuse('changeLogScript', 'is required when type is Script');
  if (schema.usePercona && schema.migrationType !== 'Liquibase')
    return refuse('usePercona', 'works with Liquibase only');
  return schema;
}

function withoutBlanks(changelog: Changelog): Changelog {
  const { location, ...rest } = changelog;
  return {
    location,
    ...Object.fromEntries(
      Object.entries(rest).filter(([, value]) => (Array.isArray(value) ? value.length > 0 : value)),
    ),
  };
}

function definedOf<T extends object>(value: T): Partial<T> {
  return Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined)) as Partial<T>;
}

/** What kind of place the changelog comes from, derived from type and changelog. */
export function sourceTypeOf(schema: Pick<DbSchema, 'type' | 'changelog'>): DbSchemaOut['schemaSourceType'] {
  if (schema.type === 'Script') return 'Custom';
  if (schema.changelog?.archivePath) return 'Artifactory';
  return schema.changelog?.connector ? 'Git' : 'HarnessCode';
}

/** A stable 22-character id of a project, for clients that group schemas by their parent. */
export function parentIdOf(scope: ProjectScope): string {
  return createHash('sha256')
    .update(JSON.stringify([scope.accountId, scope.orgId, scope.projectId]))
    .digest('base64url')
    .replace(/[-_]/g, 'x')
    .slice(0, 22);
}

export function dbSchemaOut(schema: DbSchema, instanceCount: number): DbSchemaOut {
  return {
    identifier: schema.identifier,
    name: schema.name,
    tags: { ...schema.tags },
    created: toSeconds(schema.createdAt),
    updated: toSeconds(schema.updatedAt),
    service: schema.service ?? undefined,
    changelog: schema.changelog ?? undefined,
    changeLogScript: schema.changeLogScript ?? undefined,
    instanceCount,
    schemaSourceType: sourceTypeOf(schema),
    type: schema.type,
    migrationType: schema.migrationType,
    usePercona: schema.usePercona,
    parentId: parentIdOf(schema.scope),
    primaryDbInstanceId: schema.primaryInstance ?? undefined,
  };
}

/** Said of a Flyway schema and of its instances wherever somebody makes them known. */
export const NOT_RUN = {
  field: 'migrationType',
  message:
    'Flyway is kept and not run: every run and every question for its state is refused; make a DB schema with migrationType Liquibase to deploy',
} as const;

/** As {@link dbSchemaOut}, with what Sluice does not do with it. */
export function dbSchemaShown(schema: DbSchema, instanceCount: number): DbSchemaOut {
  const warnings = [
    ...(schema.service === null
      ? []
      : [
          {
            field: 'service',
            message: `filed under service "${schema.service}"; nothing is deployed to it by this, and text that names no service is kept too`,
          },
        ]),
    ...(schema.migrationType === 'Flyway' ? [NOT_RUN] : []),
  ];
  return { ...dbSchemaOut(schema, instanceCount), ...(warnings.length > 0 ? { warnings } : {}) };
}

/** The public API's unit of time. */
export function toSeconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1000);
}

export function schemaNotFound(scope: ProjectScope, identifier: string): AppError {
  return new AppError('RESOURCE_NOT_FOUND', `schema with id [${identifier}] does not exist in ${formatScope(scope)}`, {
    identifier,
  });
}
