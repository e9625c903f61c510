import { Injectable } from '@nestjs/common';
import type { AuditEventRecord } from '@sluice/api-conventions';
import type { DelegateRecord } from '@sluice/delegate-rpc';
import { AppError, formatScope, type RequestContext, type Scope } from '@sluice/kernel';
import type { Delegate, DelegateFilter, DelegateToken } from '@sluice/ng-manager-api';
import { OutsideChanges } from '../audit/outside-changes.js';
import { DelegateServiceClient, ownContext, rpcScope } from './delegate-service-client.js';
import { filterDelegates, groupDelegates, presentToken } from './delegate-view.js';

/** How far the delegate service's clock may be behind. */
const CLOCK_SKEW_MS = 5_000;

/** Delegates and their tokens. Both are kept by the delegate service; this adds the public shapes and the audit trail. */
@Injectable()
export class DelegateService {
  constructor(
    private readonly delegates: DelegateServiceClient,
    private readonly changes: OutsideChanges,
  ) {}

  async list(ctx: RequestContext, scope: Scope, all: boolean, filter: DelegateFilter): Promise<Delegate[]> {
    return filterDelegates(groupDelegates(await this.records(ctx, scope, all)), filter);
  }

  async ofToken(ctx: RequestContext, scope: Scope, tokenName: string): Promise<{ delegateGroupDetails: Delegate[] }> {
    await this.token(ctx, scope, tokenName);
    const records = await this.records(ctx, scope, false);
    return { delegateGroupDetails: groupDelegates(records.filter((record) => record.tokenName === tokenName)) };
  }

  /** @param revokeAfterMs milliseconds since the epoch, 0 for never @returns the token with its value, shown this once @throws AppError DUPLICATE_FIELD */
  async createToken(ctx: RequestContext, scope: Scope, name: string, revokeAfterMs: number): Promise<DelegateToken> {
    const after = { name, status: 'ACTIVE', revokeAfter: revokeAfterMs || null };
    const record = await this.changes.run(ctx, tokenEntry(scope, 'create', name, { after }), () =>
      this.delegates.admin.unary(ctx, 'PutToken', { scope: rpcScope(scope), name, value: '', revokeAfterMs, createdBy: ctx.principal.name }),
    );
    return presentToken(record);
  }

  async tokens(ctx: RequestContext, scope: Scope, name: string, status: '' | DelegateToken['status']): Promise<DelegateToken[]> {
    const { tokens } = await this.delegates.admin.unary(ctx, 'ListTokens', { scope: rpcScope(scope), name, status });
    return tokens.map(presentToken);
  }

  async token(ctx: RequestContext, scope: Scope, name: string): Promise<DelegateToken> {
    const [token] = (await this.tokens(ctx, scope, name, '')).filter((one) => one.name === name);
    if (token) return token;
    throw new AppError('RESOURCE_NOT_FOUND', `there is no delegate token "${name}" in ${formatScope(scope)}`);
  }

  async revokeToken(ctx: RequestContext, scope: Scope, name: string): Promise<DelegateToken> {
    const before = stateOf(await this.token(ctx, scope, name));
    const states = { before, after: { ...before, status: 'REVOKED' } };
    return presentToken(await this.changes.run(ctx, tokenEntry(scope, 'revoke', name, states), () => this.delegates.admin.unary(ctx, 'RevokeToken', { scope: rpcScope(scope), name })));
  }

  async deleteToken(ctx: RequestContext, scope: Scope, name: string): Promise<boolean> {
    const before = stateOf(await this.token(ctx, scope, name));
    const { deleted } = await this.changes.run(ctx, tokenEntry(scope, 'delete', name, { before }), () => this.delegates.admin.unary(ctx, 'DeleteToken', { scope: rpcScope(scope), name }));
    return deleted;
  }

  private async records(ctx: RequestContext, scope: Scope, all: boolean): Promise<DelegateRecord[]> {
    return (await this.delegates.admin.unary(ctx, 'ListDelegates', { scope: rpcScope(scope), all })).delegates;
  }

  /** Was a change of a token made whose answer never came? */
  async isMade({ accountId, orgId, projectId, identifier, action, at }: AuditEventRecord): Promise<boolean> {
    const { tokens } = await this.delegates.admin.unary(ownContext(accountId), 'ListTokens', { scope: { accountId, orgId: orgId ?? '', projectId: projectId ?? '' }, name: identifier, status: '' });
    const token = tokens.find(({ name }) => name === identifier);
    if (action === 'delete') return token === undefined;
    if (action === 'revoke') return token?.status === 'REVOKED';
    return token !== undefined && token.createdAtMs >= at - CLOCK_SKEW_MS;
  }
}

type TokenAction = 'create' | 'revoke' | 'delete';

function tokenEntry(scope: Scope, action: TokenAction, identifier: string, states: { readonly before?: object; readonly after?: object }) {
  return { action, resourceType: 'delegateToken', identifier, scope, ...states } as const;
}

/** Without its value. */
function stateOf({ name, status, revokeAfter, createdBy }: DelegateToken) {
  return { name, status, revokeAfter, createdBy };
}
