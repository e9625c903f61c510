import { Injectable } from '@nestjs/common';
import type { DelegateRecord } from '@sluice/delegate-rpc';
import { AppError, formatScope, type RequestContext, type Scope } from '@sluice/kernel';
import type { Delegate, DelegateFilter, DelegateToken } from '@sluice/ng-manager-api';
import { UnitOfWork } from '../persistence/unit-of-work.js';
import { DelegateServiceClient, rpcScope } from './delegate-service-client.js';
import { filterDelegates, groupDelegates, presentToken } from './delegate-view.js';

/** Delegates and their tokens. Both are kept by the delegate service; this adds the public shapes and the audit trail. */
@Injectable()
export class DelegateService {
  constructor(
    private readonly delegates: DelegateServiceClient,
    private readonly unitOfWork: UnitOfWork,
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
    const record = await this.delegates.admin.unary(ctx, 'PutToken', { scope: rpcScope(scope), name, value: '', revokeAfterMs, createdBy: ctx.principal.name });
    await this.audit(ctx, scope, 'create', name);
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
    await this.token(ctx, scope, name);
    const record = await this.delegates.admin.unary(ctx, 'RevokeToken', { scope: rpcScope(scope), name });
    await this.audit(ctx, scope, 'revoke', name);
    return presentToken(record);
  }

  async deleteToken(ctx: RequestContext, scope: Scope, name: string): Promise<boolean> {
    await this.token(ctx, scope, name);
    const { deleted } = await this.delegates.admin.unary(ctx, 'DeleteToken', { scope: rpcScope(scope), name });
    await this.audit(ctx, scope, 'delete', name);
    return deleted;
  }

  private async records(ctx: RequestContext, scope: Scope, all: boolean): Promise<DelegateRecord[]> {
    return (await this.delegates.admin.unary(ctx, 'ListDelegates', { scope: rpcScope(scope), all })).delegates;
  }

  /** The change is another service's, so its event follows right after it. */
  private audit(ctx: RequestContext, scope: Scope, action: 'create' | 'revoke' | 'delete', identifier: string): Promise<void> {
    return this.unitOfWork.run((stores) => stores.audit.append(ctx, { action, resourceType: 'delegateToken', identifier, scope }));
  }
}
