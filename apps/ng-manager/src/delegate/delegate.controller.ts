import { Controller } from '@nestjs/common';
import type { RouteResult } from '@sluice/api-conventions';
import { Call, Route, scopeOfRequest, type RouteCall } from '@sluice/http';
import { AppError } from '@sluice/kernel';
import {
  createDelegateToken, delegateGroupsOfToken, delegatesOfTokenByPath, deleteDelegateToken, deleteDelegateTokenByPath, getDelegateToken, latestDelegateVersion,
  listDelegateTokens, listDelegates, revokeDelegateToken, revokeDelegateTokenByPath, type Delegate, type DelegateToken,
} from '@sluice/ng-manager-api';
import { DelegateService } from './delegate.service.js';

const VERSION = '0.1.0';

@Controller()
export class DelegateController {
  constructor(private readonly delegates: DelegateService) {}

  @Route(listDelegates)
  list(@Call() { ctx, query, body }: RouteCall<typeof listDelegates>): Promise<Delegate[]> {
    return this.delegates.list(ctx, scopeOfRequest(ctx, {}, query), query.all ?? false, body ?? {});
  }

  @Route(latestDelegateVersion)
  async latestVersion(): Promise<RouteResult<typeof latestDelegateVersion>> {
    return { latestSupportedVersion: VERSION, latestSupportedMinimalVersion: VERSION };
  }

  @Route(createDelegateToken)
  async createToken(@Call() { ctx, query, body }: RouteCall<typeof createDelegateToken>): Promise<DelegateToken> {
    const name = query.tokenName ?? body?.name;
    if (!name) throw new AppError('INVALID_REQUEST', 'the token has no name; send tokenName in the query or name in the body', { fields: [{ field: 'tokenName', error: 'is required' }] });
    return this.delegates.createToken(ctx, scopeOfRequest(ctx, {}, query), name, query.revokeAfter ?? 0);
  }

  @Route(listDelegateTokens)
  tokens(@Call() { ctx, query }: RouteCall<typeof listDelegateTokens>): Promise<DelegateToken[]> {
    return this.delegates.tokens(ctx, scopeOfRequest(ctx, {}, query), query.name ?? '', query.status ?? '');
  }

  @Route(delegateGroupsOfToken)
  delegateGroups(@Call() { ctx, query }: RouteCall<typeof delegateGroupsOfToken>): Promise<RouteResult<typeof delegateGroupsOfToken>> {
    return this.delegates.ofToken(ctx, scopeOfRequest(ctx, {}, query), query.delegateTokenName);
  }

  @Route(getDelegateToken)
  token(@Call() { ctx, params, query }: RouteCall<typeof getDelegateToken>): Promise<DelegateToken> {
    return this.delegates.token(ctx, scopeOfRequest(ctx, {}, query), params.tokenName);
  }

  @Route(delegatesOfTokenByPath)
  delegatesOfToken(@Call() { ctx, params, query }: RouteCall<typeof delegatesOfTokenByPath>): Promise<RouteResult<typeof delegatesOfTokenByPath>> {
    return this.delegates.ofToken(ctx, scopeOfRequest(ctx, {}, query), params.tokenName);
  }

  @Route(revokeDelegateToken)
  revoke(@Call() { ctx, query }: RouteCall<typeof revokeDelegateToken>): Promise<DelegateToken> {
    return this.delegates.revokeToken(ctx, scopeOfRequest(ctx, {}, query), query.tokenName);
  }

  @Route(revokeDelegateTokenByPath)
  revokeByPath(@Call() { ctx, params, query }: RouteCall<typeof revokeDelegateTokenByPath>): Promise<DelegateToken> {
    return this.delegates.revokeToken(ctx, scopeOfRequest(ctx, {}, query), params.tokenName);
  }

  @Route(deleteDelegateToken)
  delete(@Call() { ctx, query }: RouteCall<typeof deleteDelegateToken>): Promise<boolean> {
    return this.delegates.deleteToken(ctx, scopeOfRequest(ctx, {}, query), query.tokenName);
  }

  @Route(deleteDelegateTokenByPath)
  deleteByPath(@Call() { ctx, params, query }: RouteCall<typeof deleteDelegateTokenByPath>): Promise<boolean> {
    return this.delegates.deleteToken(ctx, scopeOfRequest(ctx, {}, query), params.tokenName);
  }
}
