import { Injectable } from '@nestjs/common';
import { resolveRefIn } from '@sluice/api-conventions';
import { AppError, formatScope, inUse, type RequestContext, type Scope } from '@sluice/kernel';
import { refuseDuplicate } from '../persistence/duplicate.js';
import type { Page, PageRequest } from '../persistence/page.js';
import { UnitOfWork, type Stores } from '../persistence/unit-of-work.js';
import { ProjectService } from '../project/project.service.js';
import { documentOf, type Described } from './filing-yaml.js';
import type { FilingKey, FilingRow, FilingValues } from './filing.repository.js';

/** What a request wants to be kept. */
export interface Filing extends Described {
  readonly yaml: string | null | undefined;
}

/** `create` refuses what is there, `replace` what is not there, `either` nothing. */
export type Writing = 'create' | 'replace' | 'either';

/** Services, environments and infrastructures: kept and given back. No run reads them yet. */
@Injectable()
export class FilingService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly projects: ProjectService,
  ) {}

  /**
   * @throws AppError DUPLICATE_FIELD, RESOURCE_NOT_FOUND for one there is not, or an organization or project there is not; INVALID_IDENTIFIER_REF for an environment there is not;
   * INVALID_YAML_ERROR, INVALID_REQUEST for YAML that says something else than the request
   */
  async write(ctx: RequestContext, key: FilingKey, filing: Filing, writing: Writing): Promise<FilingRow> {
    const { scope, kind, identifier } = key;
    const values: FilingValues = { name: filing.name, description: filing.description, tags: { ...filing.tags }, traits: filing.traits, yaml: documentOf(kind, scope, filing, filing.yaml) };
    if (writing !== 'replace') await this.projects.requireScope(scope);
    return refuseDuplicate(kind, identifier, scope, () =>
      this.unitOfWork.run(async (stores) => {
        if (kind === 'infrastructure') await requireEnvironment(stores, key);
        const before = writing === 'create' ? null : await stores.filing.find(key, { lock: 'update' });
        if (!before && writing === 'replace') throw missing(key);
        if (before) await stores.filing.update(key, values);
        else await stores.filing.insert(key, values);
        const after = await found(stores, key);
        await stores.audit.append(ctx, { action: before ? 'update' : 'create', resourceType: kind, identifier, scope, ...(before ? { before: stateOf(before) } : {}), after: stateOf(after) });
        return after;
      }),
    );
  }

  /** @throws AppError RESOURCE_NOT_FOUND */
  get(key: FilingKey): Promise<FilingRow> {
    return found(this.unitOfWork.read, key);
  }

  /** @throws AppError RESOURCE_NOT_FOUND; ENTITY_REFERENCED for an environment with infrastructures, unless `force`, which takes them along */
  async delete(ctx: RequestContext, key: FilingKey, force: boolean): Promise<boolean> {
    const { scope, kind, identifier } = key;
    return this.unitOfWork.run(async (stores) => {
      const before = await stores.filing.find(key, { lock: 'update' });
      if (!before) throw missing(key);
      const inside = kind === 'environment' ? await stores.filing.ofEnvironment(scope, identifier) : [];
      if (inside.length > 0 && !force) throw inUse(`environment "${identifier}"`, inside.map((row) => `infrastructure ${row.identifier}`));
      for (const row of inside) await stores.filing.delete({ scope, kind: row.kind, environment: row.environment, identifier: row.identifier });
      await stores.filing.delete(key);
      await stores.audit.append(
        ctx,
        ...inside.map((row) => ({ action: 'delete' as const, resourceType: row.kind, identifier: row.identifier, scope, before: stateOf(row), details: { isRemovedWith: `environment ${identifier}` } })),
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
  throw new AppError('INVALID_IDENTIFIER_REF', `${field}: "${ref}" is an environment of ${formatScope(at.scope)}, and an infrastructure belongs to an environment of its own scope, ${formatScope(scope)}`, { fields: [{ field, error: 'is in another scope' }] });
}

/** Held against its removal until the transaction ends. */
async function requireEnvironment(stores: Stores, { scope, environment }: FilingKey): Promise<void> {
  if (await stores.filing.find({ scope, kind: 'environment', environment: '', identifier: environment }, { lock: 'share' })) return;
  throw new AppError('INVALID_IDENTIFIER_REF', `environmentRef: there is no environment "${environment}" in ${formatScope(scope)}; create it first`, { fields: [{ field: 'environmentRef', error: `environment "${environment}" does not exist` }] });
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
  return new AppError('RESOURCE_NOT_FOUND', `there is no ${kind} "${identifier}" in ${environment === '' ? '' : `environment "${environment}" of `}${formatScope(scope)}`);
}
