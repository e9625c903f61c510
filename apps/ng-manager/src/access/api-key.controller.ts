import { Controller } from '@nestjs/common';
import type { NgPage } from '@sluice/api-conventions';
import { Call, Route, type RouteCall } from '@sluice/http';
import {
  aggregateApiKey,
  aggregateApiKeys,
  aggregateTokens,
  createApiKey,
  createToken,
  deleteApiKey,
  deleteToken,
  listApiKeys,
  rotateToken,
  updateApiKey,
  updateToken,
  type ApiKey,
  type ApiKeyAggregate,
  type TokenAggregate,
  type TokenOut,
} from '@sluice/ng-manager-api';
import { ApiKeyService } from './api-key.service.js';

@Controller()
export class ApiKeyController {
  constructor(private readonly keys: ApiKeyService) {}

  @Route(createApiKey)
  create(@Call() { ctx, scope, body }: RouteCall<typeof createApiKey>): Promise<ApiKey> {
    return this.keys.createKey(ctx, scope, body);
  }

  @Route(listApiKeys)
  list(@Call() { scope, query }: RouteCall<typeof listApiKeys>): Promise<ApiKey[]> {
    return this.keys.listKeys(scope, query, query.identifiers);
  }

  @Route(updateApiKey)
  update(@Call() { ctx, scope, params, body }: RouteCall<typeof updateApiKey>): Promise<ApiKey> {
    return this.keys.updateKey(
      ctx,
      scope,
      params.identifier === ctx.accountId ? body.identifier : params.identifier,
      body,
    );
  }

  @Route(deleteApiKey)
  delete(@Call() { ctx, scope, params, query }: RouteCall<typeof deleteApiKey>): Promise<boolean> {
    return this.keys.deleteKey(ctx, scope, params.identifier, query);
  }

  @Route(aggregateApiKeys)
  page(@Call() { scope, query }: RouteCall<typeof aggregateApiKeys>): Promise<NgPage<ApiKeyAggregate>> {
    return this.keys.pageOfKeys(
      scope,
      query,
      { index: query.pageIndex, size: query.pageSize, search: query.searchTerm, sort: query.sortOrders },
      query.identifiers,
    );
  }

  @Route(aggregateApiKey)
  aggregate(@Call() { scope, params, query }: RouteCall<typeof aggregateApiKey>): Promise<ApiKeyAggregate> {
    return this.keys.aggregateKey(scope, params.identifier, query);
  }

  @Route(createToken)
  createToken(@Call() { ctx, scope, body }: RouteCall<typeof createToken>): Promise<string> {
    return this.keys.createToken(ctx, scope, body);
  }

  @Route(updateToken)
  updateToken(@Call() { ctx, scope, params, body }: RouteCall<typeof updateToken>): Promise<TokenOut> {
    return this.keys.updateToken(ctx, scope, params.identifier, body);
  }

  @Route(deleteToken)
  deleteToken(@Call() { ctx, scope, params, query }: RouteCall<typeof deleteToken>): Promise<boolean> {
    return this.keys.deleteToken(ctx, scope, query.apiKeyIdentifier, params.identifier, query);
  }

  @Route(rotateToken)
  rotate(@Call() { ctx, scope, params, query }: RouteCall<typeof rotateToken>): Promise<string> {
    return this.keys.rotateToken(ctx, scope, query.apiKeyIdentifier, params.identifier, query, query.rotateTimestamp);
  }

  @Route(aggregateTokens)
  tokens(@Call() { scope, query }: RouteCall<typeof aggregateTokens>): Promise<NgPage<TokenAggregate>> {
    return this.keys.pageOfTokens(scope, query, query, {
      index: query.pageIndex,
      size: query.pageSize,
      search: query.searchTerm,
      sort: query.sortOrders,
    });
  }
}
