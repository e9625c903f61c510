import { Controller } from '@nestjs/common';
import type { RouteResult } from '@sluice/api-conventions';
import { Call, Route, type RouteCall } from '@sluice/http';
import { AppError } from '@sluice/kernel';
import {
  createDelegateToken,
  delegateGroupsOfToken,
  generateHelmValues,
  delegatesOfTokenByPath,
  deleteDelegateToken,
  deleteDelegateTokenByPath,
  getDelegateToken,
  latestDelegateVersion,
  listDelegateTokens,
  listDelegates,
  revokeDelegateToken,
  revokeDelegateTokenByPath,
  type Delegate,
  type DelegateToken,
} from '@sluice/ng-manager-api';
import { ProjectService } from '../project/project.service.js';
import { helmValues } from './helm-values.js';
import { DelegateService } from './delegate.service.js';

const VERSION = '0.1.0';

@Controller()
export class DelegateController {
  constructor(
    private readonly delegates: DelegateService,
    private readonly projects: ProjectService,
  ) {}

  @Route(listDelegates)
  list(@Call() { ctx, scope, query, body }: RouteCall<typeof listDelegates>): Promise<Delegate[]> {
    return this.delegates.list(ctx, scope, query.all ?? false, body ?? {});
  }

  @Route(latestDelegateVersion)
  async latestVersion(): Promise<RouteResult<typeof latestDelegateVersion>> {
    return { latestSupportedVersion: VERSION, latestSupportedMinimalVersion: VERSION };
  }

  @Route(generateHelmValues)
  async helmValues(@Call() { ctx, scope, body, reply }: RouteCall<typeof generateHelmValues>): Promise<string> {
    if (body.tokenName) await this.delegates.requireToken(ctx, scope, body.tokenName);
    void reply
      .header('content-type', 'application/yaml; charset=utf-8')
      .header('content-disposition', 'attachment; filename="sluice-delegate-values.yaml"');
    return helmValues(ctx.accountId, body, VERSION);
  }

  @Route(createDelegateToken)
  async createToken(
    @Call() { ctx, scope, query, body }: RouteCall<typeof createDelegateToken>,
  ): Promise<DelegateToken> {
    const name = query.tokenName ?? body?.name;
    if (!name)
      throw new AppError('INVALID_REQUEST', 'the token has no name; send tokenName in the query or name in the body', {
        fields: [{ field: 'tokenName', error: 'is required' }],
      });
    if (body?.name && body.name !== name)
      throw new AppError(
        'INVALID_REQUEST',
        `the token is "${name}" in the query and "${body.name}" in the body; send one of them`,
        { fields: [{ field: 'name', error: 'differs from tokenName' }] },
      );
    await this.projects.requireScope(scope);
    return this.delegates.createToken(ctx, scope, name, query.revokeAfter ?? 0);
  }

  @Route(listDelegateTokens)
  tokens(@Call() { ctx, scope, query }: RouteCall<typeof listDelegateTokens>): Promise<DelegateToken[]> {
    return this.delegates.tokens(ctx, scope, query.name ?? '', query.status ?? '');
  }

  @Route(delegateGroupsOfToken)
  delegateGroups(
    @Call() { ctx, scope, query }: RouteCall<typeof delegateGroupsOfToken>,
  ): Promise<RouteResult<typeof delegateGroupsOfToken>> {
    return this.delegates.ofToken(ctx, scope, query.delegateTokenName);
  }

  @Route(getDelegateToken)
  token(@Call() { ctx, scope, params }: RouteCall<typeof getDelegateToken>): Promise<DelegateToken> {
    return this.delegates.token(ctx, scope, params.tokenName);
  }

  @Route(delegatesOfTokenByPath)
  delegatesOfToken(
    @Call() { ctx, scope, params }: RouteCall<typeof delegatesOfTokenByPath>,
  ): Promise<RouteResult<typeof delegatesOfTokenByPath>> {
    return this.delegates.ofToken(ctx, scope, params.tokenName);
  }

  @Route(revokeDelegateToken)
  revoke(@Call() { ctx, scope, query }: RouteCall<typeof revokeDelegateToken>): Promise<DelegateToken> {
    return this.delegates.revokeToken(ctx, scope, query.tokenName);
  }

  @Route(revokeDelegateTokenByPath)
  revokeByPath(@Call() { ctx, scope, params }: RouteCall<typeof revokeDelegateTokenByPath>): Promise<DelegateToken> {
    return this.delegates.revokeToken(ctx, scope, params.tokenName);
  }

  @Route(deleteDelegateToken)
  delete(@Call() { ctx, scope, query }: RouteCall<typeof deleteDelegateToken>): Promise<boolean> {
    return this.delegates.deleteToken(ctx, scope, query.tokenName);
  }

  @Route(deleteDelegateTokenByPath)
  deleteByPath(@Call() { ctx, scope, params }: RouteCall<typeof deleteDelegateTokenByPath>): Promise<boolean> {
    return this.delegates.deleteToken(ctx, scope, params.tokenName);
  }
}
