import { Injectable } from '@nestjs/common';
import { isAllowed, type AuditEventRecord } from '@sluice/api-conventions';
import { formatDelegateToken, newDelegateToken } from '@sluice/delegate-protocol';
import type { DelegateRecord, PutTokenRequest, TokenRecord } from '@sluice/delegate-rpc';
import { AppError, formatScope, type RequestContext, type Scope } from '@sluice/kernel';
import type { Delegate, DelegateFilter, DelegateToken } from '@sluice/ng-manager-api';
import { OutsideChanges } from '../audit/outside-changes.js';
import { DelegateServiceClient, ownContext, rpcScope } from './delegate-service-client.js';
import { DelegateTokenValues } from './delegate-token-values.js';
import { filterDelegates, groupDelegates, presentToken } from './delegate-view.js';

/** How far the delegate service's clock may be behind. */
const CLOCK_SKEW_MS = 5_000;

/**
 * Delegates and their tokens. Both are kept by the delegate service; this adds the public shapes, the audit trail and, for who may change tokens, their
 * values.
 */
@Injectable()
export class DelegateService {
  constructor(
    private readonly delegates: DelegateServiceClient,
    private readonly values: DelegateTokenValues,
    private readonly changes: OutsideChanges,
  ) {}

  async list(ctx: RequestContext, scope: Scope, all: boolean, filter: DelegateFilter): Promise<Delegate[]> {
    return filterDelegates(groupDelegates(await this.records(ctx, scope, all)), filter);
  }

  async ofToken(ctx: RequestContext, scope: Scope, tokenName: string): Promise<{ delegateGroupDetails: Delegate[] }> {
    await this.requireToken(ctx, scope, tokenName);
    const records = await this.records(ctx, scope, false);
    return { delegateGroupDetails: groupDelegates(records.filter((record) => record.tokenName === tokenName)) };
  }

  /**
   * The value is made here and kept before the token is, so that no token is made whose value got lost on the way.
   * @param revokeAfterMs milliseconds since the epoch, 0 for never @returns the token with its value @throws AppError DUPLICATE_FIELD
   */
  async createToken(ctx: RequestContext, scope: Scope, name: string, revokeAfterMs: number): Promise<DelegateToken> {
    const after = { name, status: 'ACTIVE', revokeAfter: revokeAfterMs || null };
    const made = newDelegateToken();
    const value = formatDelegateToken(made);
    const record = await this.changes.run(ctx, tokenEntry(scope, 'create', name, { after }), async () => {
      await this.values.keep(scope.accountId, made.id, value);
      return this.putToken(
        ctx,
        { scope: rpcScope(scope), name, value, revokeAfterMs, createdBy: ctx.principal.name },
        made.id,
      );
    });
    return presentToken(record, value);
  }

  /** With values for who may change tokens here; reading them goes into the audit trail. */
  async tokens(
    ctx: RequestContext,
    scope: Scope,
    name: string,
    status: '' | DelegateToken['status'],
  ): Promise<DelegateToken[]> {
    return this.withValues(ctx, scope, await this.tokenRecords(ctx, scope, name, status));
  }

  /** As {@link tokens}. @throws AppError RESOURCE_NOT_FOUND */
  async token(ctx: RequestContext, scope: Scope, name: string): Promise<DelegateToken> {
    const record = await this.requireToken(ctx, scope, name);
    const [token] = await this.withValues(ctx, scope, [record]);
    return token ?? presentToken(record);
  }

  /** Without its value. @throws AppError RESOURCE_NOT_FOUND */
  async requireToken(ctx: RequestContext, scope: Scope, name: string): Promise<TokenRecord> {
    const [record] = (await this.tokenRecords(ctx, scope, name, '')).filter((one) => one.name === name);
    if (record) return record;
    throw new AppError('RESOURCE_NOT_FOUND', `there is no delegate token "${name}" in ${formatScope(scope)}`);
  }

  async revokeToken(ctx: RequestContext, scope: Scope, name: string): Promise<DelegateToken> {
    const token = await this.requireToken(ctx, scope, name);
    const before = stateOf(token);
    const states = { before, after: { ...before, status: 'REVOKED' } };
    const record = await this.changes.run(ctx, tokenEntry(scope, 'revoke', name, states), () =>
      this.delegates.admin.unary(ctx, 'RevokeToken', { scope: rpcScope(scope), name }),
    );
    await this.values.forget(scope.accountId, token.id);
    return presentToken(record);
  }

  async deleteToken(ctx: RequestContext, scope: Scope, name: string): Promise<boolean> {
    const token = await this.requireToken(ctx, scope, name);
    const { deleted } = await this.changes.run(ctx, tokenEntry(scope, 'delete', name, { before: stateOf(token) }), () =>
      this.delegates.admin.unary(ctx, 'DeleteToken', { scope: rpcScope(scope), name }),
    );
    await this.values.forget(scope.accountId, token.id);
    return deleted;
  }

  /**
   * Deletes every token of a scope that is going to be removed: delegates signed in with them are cut off at once. Safe to repeat. The value goes first, so
   * that none is left without its token whatever happens in between.
   * @param removedWith what takes them along, such as `project shop` @throws AppError UPSTREAM_UNAVAILABLE, REQUEST_TIMEOUT saying that the removal may be repeated
   */
  async deleteTokensOf(ctx: RequestContext, scope: Scope, removedWith: string): Promise<void> {
    try {
      for (const token of await this.tokenRecords(ctx, scope, '', '')) {
        const entry = {
          ...tokenEntry(scope, 'delete', token.name, { before: stateOf(token) }),
          details: { isRemovedWith: removedWith },
        };
        await this.changes.run(ctx, entry, async () => {
          await this.values.forget(scope.accountId, token.id);
          await this.delegates.admin.unary(ctx, 'DeleteToken', { scope: rpcScope(scope), name: token.name });
        });
      }
    } catch (cause) {
      if (!(cause instanceof AppError) || !cause.isRetryable) throw cause;
      throw new AppError(
        cause.code,
        `the delegate tokens of ${formatScope(scope)} could not be deleted, so ${removedWith} was not deleted either: ${cause.message}; try again in a moment`,
        cause.details,
        { cause },
      );
    }
  }

  /** The value kept for a token that is refused is of no use to anybody. */
  private async putToken(ctx: RequestContext, request: PutTokenRequest, tokenId: string): Promise<TokenRecord> {
    try {
      return await this.delegates.admin.unary(ctx, 'PutToken', request);
    } catch (cause) {
      if (cause instanceof AppError && cause.httpStatus < 500) await this.values.forget(ctx.accountId, tokenId);
      throw cause;
    }
  }

  private async tokenRecords(
    ctx: RequestContext,
    scope: Scope,
    name: string,
    status: '' | DelegateToken['status'],
  ): Promise<TokenRecord[]> {
    return (await this.delegates.admin.unary(ctx, 'ListTokens', { scope: rpcScope(scope), name, status })).tokens;
  }

  private async withValues(
    ctx: RequestContext,
    scope: Scope,
    records: readonly TokenRecord[],
  ): Promise<DelegateToken[]> {
    const isShown = isAllowed(ctx.accountId, ctx.grants, 'delegate.edit', scope);
    const values = await this.values.read(
      ctx,
      scope,
      isShown ? records.filter(({ status }) => status === 'ACTIVE') : [],
    );
    return records.map((record) => presentToken(record, values.get(record.id)));
  }

  private async records(ctx: RequestContext, scope: Scope, all: boolean): Promise<DelegateRecord[]> {
    return (await this.delegates.admin.unary(ctx, 'ListDelegates', { scope: rpcScope(scope), all })).delegates;
  }

  /** Was a change of a token made whose answer never came? */
  async isMade({ accountId, orgId, projectId, identifier, action, at }: AuditEventRecord): Promise<boolean> {
    const { tokens } = await this.delegates.admin.unary(ownContext(accountId), 'ListTokens', {
      scope: { accountId, orgId: orgId ?? '', projectId: projectId ?? '' },
      name: identifier,
      status: '',
    });
    const token = tokens.find(({ name }) => name === identifier);
    if (action === 'delete') return token === undefined;
    if (action === 'revoke') return token?.status === 'REVOKED';
    return token !== undefined && token.createdAtMs >= at - CLOCK_SKEW_MS;
  }
}

type TokenAction = 'create' | 'revoke' | 'delete';

function tokenEntry(
  scope: Scope,
  action: TokenAction,
  identifier: string,
  states: { readonly before?: object; readonly after?: object },
) {
  return { action, resourceType: 'delegateToken', identifier, scope, ...states } as const;
}

/** Without its value. */
function stateOf(record: TokenRecord) {
  const { name, status, revokeAfter, createdBy } = presentToken(record);
  return { name, status, revokeAfter, createdBy };
}
