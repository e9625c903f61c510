import { Injectable } from '@nestjs/common';
import {
  isAllowed,
  nothingToUse,
  resolveRefIn,
  resolveUsableRefIn,
  toNgPage,
  type NgPage,
  type RouteResult,
  type User,
} from '@sluice/api-conventions';
import {
  AppError,
  formatScope,
  inUse,
  scopeColumns,
  Turns,
  type RequestContext,
  type Scope,
  type ScopedRef,
} from '@sluice/kernel';
import {
  GIT_CONNECTOR_TYPES,
  type Connector,
  type ConnectorResponse,
  type connectorStatistics,
} from '@sluice/ng-manager-api';
import { fullNameOf, parseFullName } from './full-name.js';
import { DbDevopsClient } from '../dbdevops/dbdevops-client.js';
import { refuseDuplicate } from '../persistence/duplicate.js';
import { describeUser, type EntityAt } from '../entity-use/entity-use.repository.js';
import type { PageRequest } from '../persistence/page.js';
import { UnitOfWork, type Stores } from '../persistence/unit-of-work.js';
import { ProjectService } from '../project/project.service.js';
import { isThereFor } from '../secret/secret-view.js';
import { checkConnector } from './connector-check.js';
import { secretRefsOf } from './connector-refs.js';
import { connectorBodyOf, connectorValuesOf, presentConnector } from './connector-view.js';
import type { ConnectorListing } from './connector-filter.js';
import type { ConnectorRow } from './connector.repository.js';

@Injectable()
export class ConnectorService {
  private readonly turns = new Turns();

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly projects: ProjectService,
    private readonly dbdevops: DbDevopsClient,
  ) {}

  /** @throws AppError DUPLICATE_FIELD, INVALID_IDENTIFIER_REF for a secret that does not exist or that the caller may not use, INVALID_REQUEST for a URL that is not taken */
  async create(ctx: RequestContext, scope: Scope, connector: Connector): Promise<ConnectorResponse> {
    checkConnector(connector);
    await this.projects.requireScope(scope);
    const ref: ScopedRef = { scope, identifier: connector.identifier };
    return refuseDuplicate('connector', connector.identifier, scope, () =>
      this.unitOfWork.run(async (stores) => {
        await stores.connectors.insert(scope, connector.identifier, connectorValuesOf(connector));
        await this.recordUses(stores, ctx, ref, connector);
        await stores.audit.append(ctx, {
          action: 'create',
          resourceType: 'connector',
          identifier: connector.identifier,
          scope,
          after: connector,
        });
        return presentConnector(await found(stores, ref));
      }),
    );
  }

  async update(ctx: RequestContext, scope: Scope, connector: Connector): Promise<ConnectorResponse> {
    const ref: ScopedRef = { scope, identifier: connector.identifier };
    return this.unitOfWork.run(async (stores) => {
      const known = await found(stores, ref, 'update');
      refuseManaged(known);
      if (known.type !== connector.type) {
        throw new AppError(
          'INVALID_REQUEST',
          `connector "${known.identifier}" is of type ${known.type}, which cannot be changed to ${connector.type}; create another connector`,
          { fields: [{ field: 'connector.type', error: 'cannot be changed' }] },
        );
      }
      checkConnector(connector);
      await stores.connectors.update(ref, connectorValuesOf(connector));
      await this.recordUses(stores, ctx, ref, connector);
      const changed = presentConnector(await found(stores, ref));
      await stores.audit.append(ctx, {
        action: 'update',
        resourceType: 'connector',
        identifier: ref.identifier,
        scope,
        before: presentConnector(known).connector,
        after: changed.connector,
      });
      return changed;
    });
  }

  async get(ref: ScopedRef): Promise<ConnectorResponse> {
    return presentConnector(await found(this.unitOfWork.read, ref));
  }

  /** @throws AppError ENTITY_REFERENCED naming what uses it, unless `force` */
  delete(ctx: RequestContext, ref: ScopedRef, force: boolean): Promise<boolean> {
    return this.whileKept([ref], () => this.remove(ctx, ref, force));
  }

  /** Runs `work`, which makes something in dbdevops refer to these connectors, while this process deletes none of them. */
  whileKept<T>(refs: readonly ScopedRef[], work: () => Promise<T>): Promise<T> {
    const names = new Set(refs.map(({ scope, identifier }) => fullNameOf({ ...scopeColumns(scope), identifier })));
    return [...names].sort().reduceRight((next, name) => () => this.turns.take(name, next), work)();
  }

  private async remove(ctx: RequestContext, ref: ScopedRef, force: boolean): Promise<boolean> {
    const known = await found(this.unitOfWork.read, ref);
    refuseManaged(known);
    const outside = force ? [] : await this.dbdevops.usersOf(ctx, 'connector', ref);
    return this.unitOfWork.run(async (stores) => {
      await found(stores, ref, 'update');
      const users = force
        ? []
        : [...outside, ...(await stores.uses.usersOf({ kind: 'connector', ...ref })).map(describeUser)];
      if (users.length > 0) throw inUse(`connector "${ref.identifier}"`, users);
      await stores.uses.replace({ kind: 'connector', ...ref }, []);
      await stores.connectors.delete(ref);
      await stores.audit.append(ctx, {
        action: 'delete',
        resourceType: 'connector',
        identifier: ref.identifier,
        scope: ref.scope,
        before: presentConnector(known).connector,
        details: { force },
      });
      return true;
    });
  }

  /** Those of the given full names that exist and may be seen, in the order asked. */
  async byFullName(ctx: RequestContext, names: readonly string[]): Promise<ConnectorResponse[]> {
    const refs = names.map(parseFullName);
    const isSeen = ({ scope }: ScopedRef): boolean =>
      scope.accountId === ctx.accountId && isAllowed(ctx.accountId, ctx.grants, 'connector.view', scope);
    const rows = await this.unitOfWork.read.connectors.findAll(refs.filter(isSeen));
    const byName = new Map(rows.map((row) => [fullNameOf(row), row]));
    return refs.flatMap((ref) => {
      const row = byName.get(fullNameOf({ ...scopeColumns(ref.scope), identifier: ref.identifier }));
      return row ? [presentConnector(row)] : [];
    });
  }

  async statistics(scope: Scope): Promise<RouteResult<typeof connectorStatistics>> {
    const counts = await this.unitOfWork.read.connectors.count(scope);
    const sumOf = (those: (row: (typeof counts)[number]) => boolean): number =>
      counts.filter(those).reduce((sum, { count }) => sum + count, 0);
    const types = [...new Set(counts.map(({ type }) => type))];
    const statuses = [...new Set(counts.map(({ status }) => status))].sort();
    return {
      typeStats: types.map((type) => ({ type, count: sumOf((row) => row.type === type) })),
      statusStats: statuses.map((status) => ({ status, count: sumOf((row) => row.status === status) })),
    };
  }

  async list(scope: Scope, page: PageRequest, filter: ConnectorListing): Promise<NgPage<ConnectorResponse>> {
    const { rows, total } = await this.unitOfWork.read.connectors.page(scope, page, filter);
    return toNgPage(
      rows.map((row) => ({ identifier: row.identifier, name: row.name, type: row.type, ...presentConnector(row) })),
      total,
      page.index,
      page.size,
    );
  }

  async isFree(ref: ScopedRef): Promise<boolean> {
    return (await this.unitOfWork.read.connectors.find(ref)) === null;
  }

  /**
   * The connector a stored reference names, as seen from `from`. Whoever stored it had the right to use it.
   * @param field where the reference was written, for the message
   * @throws AppError INVALID_IDENTIFIER_REF when it does not exist
   */
  async resolve(ref: string, from: Scope, field: string): Promise<ConnectorRow> {
    const at = resolveRefIn(field, ref, from);
    const row = await this.unitOfWork.read.connectors.find(at);
    if (row) return row;
    throw new AppError(
      'INVALID_IDENTIFIER_REF',
      `${field}: there is no connector "${at.identifier}" in ${formatScope(at.scope)}`,
      { fields: [{ field, error: `connector "${ref}" does not exist` }] },
    );
  }

  /** As {@link resolve}, for a reference the user writes or sends now. @throws AppError INVALID_IDENTIFIER_REF also when they may not use the connector */
  async resolveUsable(user: User, ref: string, from: Scope, field: string): Promise<ConnectorRow> {
    const at = resolveUsableRefIn(user, 'connector', field, ref, from);
    const row = await this.unitOfWork.read.connectors.find(at);
    if (row) return row;
    throw nothingToUse(user, 'connector', field, ref, at);
  }

  /** Checks that references a user writes into a DB schema or instance lead to connectors they may use and that can do the work. @throws AppError INVALID_IDENTIFIER_REF */
  async requireType(user: User, ref: string, from: Scope, field: string, purpose: 'database' | 'git'): Promise<void> {
    const row = await this.resolveUsable(user, ref, from, field);
    const isRight = purpose === 'database' ? row.type === 'JDBC' : GIT_CONNECTOR_TYPES.includes(row.type);
    if (isRight) return;
    const wanted = purpose === 'database' ? 'JDBC' : GIT_CONNECTOR_TYPES.join(', ');
    throw new AppError(
      'INVALID_IDENTIFIER_REF',
      `${field}: connector "${ref}" is of type ${row.type}; this needs ${wanted}`,
      { fields: [{ field, error: `must be a connector of type ${wanted}` }] },
    );
  }

  /** The secrets must be there for whoever writes the connector, who must be allowed to use them; they are locked against removal until the transaction ends. */
  private async recordUses(stores: Stores, user: User, ref: ScopedRef, connector: Connector): Promise<void> {
    const used = new Map<string, EntityAt>();
    for (const { field, ref: secretRef } of secretRefsOf(connectorBodyOf(connector))) {
      const at = resolveUsableRefIn(user, 'secret', field, secretRef, ref.scope);
      const secret = await stores.secrets.find(at, { lock: 'share' });
      if (!secret || !isThereFor(secret, user.principal)) throw nothingToUse(user, 'secret', field, secretRef, at);
      used.set(`${formatScope(at.scope)} ${at.identifier}`, { kind: 'secret', ...at });
    }
    await stores.uses.replace({ kind: 'connector', ...ref }, [...used.values()]);
  }
}

async function found(stores: Stores, ref: ScopedRef, lock?: 'update'): Promise<ConnectorRow> {
  const row = await stores.connectors.find(ref, lock ? { lock } : {});
  if (row) return row;
  throw new AppError('RESOURCE_NOT_FOUND', `there is no connector "${ref.identifier}" in ${formatScope(ref.scope)}`);
}

function refuseManaged({ identifier, harnessManaged }: ConnectorRow): void {
  if (harnessManaged)
    throw new AppError(
      'INVALID_REQUEST',
      `connector "${identifier}" is built in; it can be neither changed nor deleted`,
    );
}
