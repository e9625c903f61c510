import { Controller } from '@nestjs/common';
import type { NgPage } from '@sluice/api-conventions';
import { Call, Route, type RouteCall } from '@sluice/http';
import {
  aggregateApiKey, aggregateApiKeys, aggregateTokens, createApiKey, createToken, deleteApiKey, deleteToken, listApiKeys, rotateToken, updateApiKey, updateToken,
  type ApiKey, type ApiKeyAggregate, type TokenAggregate, type TokenOut,
} from '@sluice/ng-manager-api';
import { ApiKeyService } from './api-key.service.js';

@Controller()
export class ApiKeyController {
  constructor(private readonly keys: ApiKeyService) {}

  @Route(createApiKey)
  create(@Call() { ctx, body }: RouteCall<typeof createApiKey>): Promise<ApiKey> {
    return this.keys.createKey(ctx, body);
  }

  @Route(listApiKeys)
  list(@Call() { ctx, query }: RouteCall<typeof listApiKeys>): Promise<ApiKey[]> {
    return this.keys.listKeys(ctx, query);
  }

  @Route(updateApiKey)
  update(@Call() { ctx, params, body }: RouteCall<typeof updateApiKey>): Promise<ApiKey> {
    return this.keys.updateKey(ctx, params.identifier, body);
  }

  @Route(deleteApiKey)
  delete(@Call() { ctx, params, query }: RouteCall<typeof deleteApiKey>): Promise<boolean> {
    return this.keys.deleteKey(ctx, params.identifier, query);
  }

  @Route(aggregateApiKeys)
  page(@Call() { ctx, query }: RouteCall<typeof aggregateApiKeys>): Promise<NgPage<ApiKeyAggregate>> {
    return this.keys.pageOfKeys(ctx, query, { index: query.pageIndex, size: query.pageSize, search: query.searchTerm, sort: query.sortOrders });
  }

  @Route(aggregateApiKey)
  aggregate(@Call() { ctx, params, query }: RouteCall<typeof aggregateApiKey>): Promise<ApiKeyAggregate> {
    return this.keys.aggregateKey(ctx, params.identifier, query);
  }

  @Route(createToken)
  createToken(@Call() { ctx, body }: RouteCall<typeof createToken>): Promise<string> {
    return this.keys.createToken(ctx, body);
  }

  @Route(updateToken)
  updateToken(@Call() { ctx, params, body }: RouteCall<typeof updateToken>): Promise<TokenOut> {
    return this.keys.updateToken(ctx, params.identifier, body);
  }

  @Route(deleteToken)
  deleteToken(@Call() { ctx, params, query }: RouteCall<typeof deleteToken>): Promise<boolean> {
    return this.keys.deleteToken(ctx, query.apiKeyIdentifier, params.identifier, query);
  }

  @Route(rotateToken)
  rotate(@Call() { ctx, params, query }: RouteCall<typeof rotateToken>): Promise<string> {
    return this.keys.rotateToken(ctx, query.apiKeyIdentifier, params.identifier, query, query.rotateTimestamp);
  }

  @Route(aggregateTokens)
  tokens(@Call() { ctx, query }: RouteCall<typeof aggregateTokens>): Promise<NgPage<TokenAggregate>> {
    return this.keys.pageOfTokens(ctx, query, query.apiKeyIdentifier, { index: query.pageIndex, size: query.pageSize, search: query.searchTerm, sort: query.sortOrders });
  }
}
