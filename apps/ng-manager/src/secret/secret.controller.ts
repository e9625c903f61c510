import { Controller } from '@nestjs/common';
import type { NgPage } from '@sluice/api-conventions';
import { Call, Route, scopeOfRequest, type RouteCall } from '@sluice/http';
import {
  createSecret, deleteSecret, filterSecrets, filterSecretsV2, getSecret, isSecretIdentifierFree, listSecrets, updateSecret, type SecretResponse,
} from '@sluice/ng-manager-api';
import { SecretService } from './secret.service.js';

@Controller()
export class SecretController {
  constructor(private readonly secrets: SecretService) {}

  @Route(createSecret)
  create(@Call() { ctx, scope, body }: RouteCall<typeof createSecret>): Promise<SecretResponse> {
    return this.secrets.create(ctx, scope, body.secret);
  }

  @Route(updateSecret)
  update(@Call() { ctx, scope, params, body }: RouteCall<typeof updateSecret>): Promise<SecretResponse> {
    return this.secrets.update(ctx, scope, params.identifier, body.secret);
  }

  @Route(getSecret)
  get(@Call() { ctx, params, query }: RouteCall<typeof getSecret>): Promise<SecretResponse> {
    return this.secrets.get({ scope: scopeOfRequest(ctx, {}, query), identifier: params.identifier });
  }

  @Route(deleteSecret)
  delete(@Call() { ctx, params, query }: RouteCall<typeof deleteSecret>): Promise<boolean> {
    return this.secrets.delete(ctx, { scope: scopeOfRequest(ctx, {}, query), identifier: params.identifier }, query.forceDelete ?? false);
  }

  @Route(listSecrets)
  list(@Call() { ctx, query }: RouteCall<typeof listSecrets>): Promise<NgPage<SecretResponse>> {
    const page = { index: query.pageIndex, size: query.pageSize, search: query.searchTerm, sort: query.sortOrders };
    const types = [...(query.type ? [query.type] : []), ...(query.types ?? [])];
    return this.secrets.list(scopeOfRequest(ctx, {}, query), page, { identifiers: query.identifiers, types, withParents: false, withChildren: query.includeSecretsFromEverySubScope ?? false });
  }

  @Route(filterSecrets)
  filter(@Call() { ctx, query, body }: RouteCall<typeof filterSecrets>): Promise<NgPage<SecretResponse>> {
    const page = { index: query.pageIndex, size: query.pageSize, search: query.searchTerm ?? body?.searchTerm ?? undefined, sort: query.sortOrders };
    return this.secrets.list(scopeOfRequest(ctx, {}, query), page, {
      identifiers: [...(body?.identifiers ?? []), ...(body?.secretIdentifier ? [body.secretIdentifier] : [])],
      types: body?.secretTypes,
      name: body?.secretName,
      description: body?.description,
      managers: body?.secretManagerIdentifiers,
      tags: body?.tags,
      withParents: body?.includeAllSecretsAccessibleAtScope ?? false,
      withChildren: body?.includeSecretsFromEverySubScope ?? false,
    });
  }

  @Route(filterSecretsV2)
  filterV2(@Call() call: RouteCall<typeof filterSecretsV2>): Promise<NgPage<SecretResponse>> {
    return this.filter(call);
  }

  @Route(isSecretIdentifierFree)
  isFree(@Call() { ctx, params, query }: RouteCall<typeof isSecretIdentifierFree>): Promise<boolean> {
    return this.secrets.isFree({ scope: scopeOfRequest(ctx, {}, query), identifier: params.identifier });
  }
}
