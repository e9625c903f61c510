import { createHash } from 'node:crypto';
import { checkDatabaseUrl } from '@sluice/db-migration';
import type { GitSource } from '@sluice/delegate-protocol';
import type { DbStepInputs } from '@sluice/ng-manager-api';
import { AppError, type Scope } from '@sluice/kernel';
import { requalify, secretExpressionOf } from '../connector/connector-refs.js';
import type { GitAccess } from '../connector/git-access.js';
import { gitSourceOf } from '../connector/git-source.js';
import { PASSWORD_SLOT, USERNAME_SLOT, type JdbcAccess } from '../connector/jdbc-access.js';
import type { SshKeyAccess } from '../connector/ssh-key-access.js';

/** Schema and instance of a step as dbdevops keeps them. */
export interface SchemaAndInstance {
  readonly dbSchema: {
    readonly identifier: string;
    readonly name: string;
    readonly migrationType: 'Liquibase' | 'Flyway';
    readonly location: string;
    readonly searchPath?: string[] | undefined;
    readonly filePrefix?: string | undefined;
  };
  readonly dbInstance: {
    readonly id?: string | undefined;
    readonly identifier: string;
    readonly name: string;
    readonly branch?: string | undefined;
    readonly commitSha?: string | undefined;
    readonly gitTag?: string | undefined;
    readonly context: string;
    readonly substituteProperties: Record<string, string>;
    readonly tags: Record<string, string>;
  };
}

/** What a connector gives, and the scope its references are written for. */
export interface Placed<T> {
  readonly access: T;
  readonly scope: Scope;
}

/** Before anything else is looked at: what else is wrong with a Flyway schema does not matter. @throws AppError PLAN_CREATION_ERROR */
export function requireRunnable({
  identifier,
  migrationType,
}: Pick<SchemaAndInstance['dbSchema'], 'identifier' | 'migrationType'>): void {
  if (migrationType === 'Flyway')
    throw new AppError(
      'PLAN_CREATION_ERROR',
      `DB schema "${identifier}" has the migration type Flyway, which is not run yet; make a DB schema with migrationType Liquibase`,
    );
}

/**
 * Everything a DB step needs, joined. References are rewritten so that they mean the same seen from the project. Pure.
 * @throws AppError INVALID_REQUEST when the instance names no ref of the repository, PLAN_CREATION_ERROR for a Flyway schema or a database that no
 * step can run on
 */
export function joinStepInputs(
  { dbSchema, dbInstance }: SchemaAndInstance,
  git: Placed<GitAccess> & { readonly sshKey?: SshKeyAccess | undefined },
  jdbc: Placed<JdbcAccess>,
): DbStepInputs {
  const { passwordRef, username, usernameRef, url } = jdbc.access;
  requireRunnable(dbSchema);
  const { product, runsHere } = checkDatabaseUrl(url);
  if (!runsHere)
    throw new AppError(
      'PLAN_CREATION_ERROR',
      `DB instance "${dbInstance.identifier}" is on ${product}, where no step can run; steps run on PostgreSQL, MariaDB and MySQL`,
    );
  const slot = (name: string, ref: string | undefined): { name: string; expression: string }[] =>
    ref ? [{ name, expression: secretExpressionOf(requalify(ref, jdbc.scope)) }] : [];
  return {
    schema: {
      identifier: dbSchema.identifier,
      name: dbSchema.name,
      migrationType: dbSchema.migrationType,
      changelogPath: dbSchema.location,
      ...(dbSchema.searchPath ? { searchPath: dbSchema.searchPath } : {}),
      ...(dbSchema.filePrefix ? { filePrefix: dbSchema.filePrefix } : {}),
    },
    instance: {
      ...(dbInstance.id === undefined ? {} : { id: dbInstance.id }),
      identifier: dbInstance.identifier,
      name: dbInstance.name,
      context: dbInstance.context,
      substituteProperties: dbInstance.substituteProperties,
      tags: dbInstance.tags,
    },
    source: sourceOf(dbInstance, git),
    target: {
      url,
      ...(username ? { username } : {}),
      ...(usernameRef ? { usernameSlot: USERNAME_SLOT } : {}),
      ...(passwordRef ? { passwordSlot: PASSWORD_SLOT } : {}),
    },
    secrets: [...slot(USERNAME_SLOT, usernameRef), ...slot(PASSWORD_SLOT, passwordRef)],
    delegateSelectors: [...new Set([...jdbc.access.delegateSelectors, ...git.access.delegateSelectors])],
  };
}

function sourceOf(
  instance: SchemaAndInstance['dbInstance'],
  { access, scope, sshKey }: Placed<GitAccess> & { readonly sshKey?: SshKeyAccess | undefined },
): GitSource {
  const source = { ...gitSourceOf(access, sshKey, (ref) => requalify(ref, scope)), ...refOf(instance) };
  // Steps that read the same repository at the same ref share one source by its name.
  return { name: `git-${createHash('sha256').update(JSON.stringify(source)).digest('hex').slice(0, 16)}`, ...source };
}

function refOf({
  identifier,
  branch,
  commitSha,
  gitTag,
}: SchemaAndInstance['dbInstance']): Pick<GitSource, 'branch' | 'commitSha' | 'gitTag'> {
  if (branch) return { branch };
  if (commitSha) return { commitSha };
  if (gitTag) return { gitTag };
  throw new AppError(
    'INVALID_REQUEST',
    `DB instance "${identifier}" names no branch, commitSha or gitTag to read the changelog at`,
  );
}
