import { Injectable } from '@nestjs/common';
import { nothingToUse, resolveRefIn, resolveUsableRefIn, type User } from '@sluice/api-conventions';
import { AppError, formatScope, inUse, Turns, type RequestContext, type Scope } from '@sluice/kernel';
import type { FilingKind } from '@sluice/ng-manager-api';
import { DbDevopsClient } from '../dbdevops/dbdevops-client.js';
import { describeUser } from '../entity-use/entity-use.repository.js';
import { refuseDuplicate } from '../persistence/duplicate.js';
import type { Page, PageRequest } from '../persistence/page.js';
import { UnitOfWork, type Stores } from '../persistence/unit-of-work.js';
import { ProjectService } from '../project/project.service.js';
import { keyAt, nameOf, refOf } from './filed-under.js';
import { documentOf, type Described } from './filing-yaml.js';
import { recordNamed } from './filing-references.js';
import type { FilingKey, FilingRow, FilingValues } from './filing.repository.js';

/** What a request wants to be kept. */
export interface Filing extends Described {
  readonly yaml: string | null | undefined;
}

/** `create` refuses what is there, `replace` what is not there, `either` nothing. */
export type Writing = 'create' | 'replace' | 'either';

/** Services, environments and infrastructures: kept, given back, and held while something is filed under them. Nothing is deployed to them. */
@Injectable()
export class FilingService {
  private readonly turns = new Turns();

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly projects: ProjectService,
    private readonly dbdevops: DbDevopsClient,
  ) {}

  /**
   * @throws AppError DUPLICATE_FIELD, RESOURCE_NOT_FOUND for one there is not, or an organization or project there is not; INVALID_IDENTIFIER_REF for an environment there is not,
   * and for a connector or secret in the YAML that is not there or that the caller may not use; INVALID_YAML_ERROR, INVALID_REQUEST for YAML that says something else than the request
   */
  async write(ctx: RequestContext, key: FilingKey, filing: Filing, writing: Writing): Promise<FilingRow> {
    const { scope, kind, identifier } = key;
    const values: FilingValues = {
      name: filing.name,
      description: filing.description,
      tags: { ...filing.tags },
      traits: filing.traits,
      yaml: documentOf(kind, scope, filing, filing.yaml),
    };
    if (writing !== 'replace') await this.projects.requireScope(scope);
    return refuseDuplicate(kind, identifier, scope, () =>
      this.unitOfWork.run(async (stores) => {
        if (kind === 'infrastructure') await requireEnvironment(stores, key);
        const before = writing === 'create' ? null : await stores.filing.find(key, { lock: 'update' });
        if (!before && writing === 'replace') throw missing(key);
        if (before) await stores.filing.update(key, values);
        else await stores.filing.insert(key, values);
        await recordNamed(stores, ctx, key, values.yaml);
        const after = await found(stores, key);
        await stores.audit.append(ctx, {
          action: before ? 'update' : 'create',
          resourceType: kind,
          identifier,
          scope,
          ...(before ? { before: stateOf(before) } : {}),
          after: stateOf(after),
        });
        return after;
      }),
    );
  }

  /** @throws AppError RESOURCE_NOT_FOUND */
  get(key: FilingKey): Promise<FilingRow> {
    return found(this.unitOfWork.read, key);
  }

  /**
   * Runs `work`, which makes something in dbdevops refer to what `ref` names, while this process deletes nothing of it.
   * @throws AppError INVALID_IDENTIFIER_REF for what is not there or what the user may not see, and what `work` throws
   */
  whileFiled<T>(
    user: User,
    kind: FilingKind,
    field: string,
    ref: string,
    from: Scope,
    work: () => Promise<T>,
  ): Promise<T> {
    const at = resolveUsableRefIn(user, kind, field, ref, from);
    const key = keyAt(kind, at);
    return this.turns.take(turnOf(key), async () => {
      if (!(await this.unitOfWork.read.filing.find(key))) throw nothingToUse(user, kind, field, ref, at);
      return work();
    });
  }

  /** @throws AppError RESOURCE_NOT_FOUND; ENTITY_REFERENCED while something is filed under it, or an environment has infrastructures, unless `force`, which takes these along */
  delete(ctx: RequestContext, key: FilingKey, force: boolean): Promise<boolean> {
    return this.turns.take(turnOf(key), () => this.remove(ctx, key, force));
  }

  private async remove(ctx: RequestContext, key: FilingKey, force: boolean): Promise<boolean> {
    const { scope, kind, identifier } = key;
    await this.get(key);
    const outside = force || kind === 'infrastructure' ? [] : await this.dbdevops.usersOf(ctx, kind, refOf(key));
    return this.unitOfWork.run(async (stores) => {
      const before = await stores.filing.find(key, { lock: 'update' });
      if (!before) throw missing(key);
      const inside = kind === 'environment' ? await stores.filing.ofEnvironment(scope, identifier) : [];
      const users = force
        ? []
        : [
            ...inside.map((row) => `infrastructure ${row.identifier}`),
            ...outside,
            ...(await stores.uses.usersOf({ kind, ...refOf(key) })).map(describeUser),
          ];
      if (users.length > 0) throw inUse(`${kind} "${identifier}"`, users);
      for (const row of [...inside, before]) {
        await stores.uses.replace({ kind: row.kind, scope, identifier: nameOf(row) }, []);
        await stores.filing.delete({ scope, kind: row.kind, environment: row.environment, identifier: row.identifier });
      }
      await stores.audit.append(
        ctx,
        ...inside.map((row) => ({
          action: 'delete' as const,
          resourceType: row.kind,
          identifier: row.identifier,
          scope,
          before: stateOf(row),
          details: { isRemovedWith: `environment ${identifier}` },
        })),
        { action: 'delete', resourceType: kind, identifier, scope, before: stateOf(before), details: { force } },
      );
      return true;
    });
  }

  list(at: Omit<FilingKey, 'identifier'>, page: PageRequest): Promise<Page<FilingRow>> {
    return this.unitOfWork.read.filing.page(at, page);
  }
}

/** The environment that a reference names, which must be of the very scope it is named in. @throws AppError INVALID_IDENTIFIER_REF */
export function environmentOf(scope: Scope, field: string, ref: string): string {
  const at = resolveRefIn(field, ref, scope);
  if (formatScope(at.scope) === formatScope(scope)) return at.identifier;
  throw new AppError(
    'INVALID_IDENTIFIER_REF',
    `${field}: "${ref}" is an environment of ${formatScope(at.scope)}, and an infrastructure belongs to an environment of its own scope, ${formatScope(scope)}`,
    { fields: [{ field, error: 'is in another scope' }] },
  );
}

/** Held against its removal until the transaction ends. */
async function requireEnvironment(stores: Stores, { scope, environment }: FilingKey): Promise<void> {
  if (
    await stores.filing.find(
      { scope, kind: 'environment', environment: '', identifier: environment },
      { lock: 'share' },
    )
  )
    return;
  throw new AppError(
    'INVALID_IDENTIFIER_REF',
    `environmentRef: there is no environment "${environment}" in ${formatScope(scope)}; create it first`,
    { fields: [{ field: 'environmentRef', error: `environment "${environment}" does not exist` }] },
  );
}

/** One thing at a time is done to an entity, over all accounts. */
function turnOf(key: FilingKey): string {
  return `${key.kind} ${nameOf(key)} of ${formatScope(key.scope)}`;
}

function stateOf({ name, description, tags, traits, yaml }: FilingRow): object {
  return { name, description, tags, ...traits, yaml };
}

async function found(stores: Stores, key: FilingKey): Promise<FilingRow> {
  const row = await stores.filing.find(key);
  if (row) return row;
  throw missing(key);
}

function missing({ scope, kind, environment, identifier }: FilingKey): AppError {
  return new AppError(
    'RESOURCE_NOT_FOUND',
    `there is no ${kind} "${identifier}" in ${environment === '' ? '' : `environment "${environment}" of `}${formatScope(scope)}`,
  );
}
