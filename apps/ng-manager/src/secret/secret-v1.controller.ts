import { Controller, Inject, type Type } from '@nestjs/common';
import type { Paged } from '@sluice/api-conventions';
import { Call, Route, type RouteCall } from '@sluice/http';
import type { V1SecretOut, V1SecretRoutes } from '@sluice/ng-manager-api';
import { v1Page } from '../persistence/v1-page.js';
import { presentSecretV1, secretOfV1 } from './secret-v1.js';
import { SecretService } from './secret.service.js';

/** The `/v1` spelling of secrets at one level: the same five routes at account, org and project. */
export function secretV1Controller(routes: V1SecretRoutes): Type {
  @Controller()
  class SecretV1Controller {
    constructor(@Inject(SecretService) readonly secrets: SecretService) {}

    @Route(routes.list)
    async list(@Call() { ctx, scope, query }: RouteCall<V1SecretRoutes['list']>): Promise<Paged<V1SecretOut>> {
      const filter = {
        identifiers: query.secret,
        types: query.type,
        withParents: false,
        withChildren: query.recursive ?? false,
      };
      const { content, totalItems } = await this.secrets.list(ctx, scope, v1Page(query), filter);
      return { items: content.map(presentSecretV1), total: totalItems, page: query.page, limit: query.limit };
    }

    @Route(routes.create)
    async create(@Call() { ctx, scope, query, body }: RouteCall<V1SecretRoutes['create']>): Promise<V1SecretOut> {
      const isPrivate = query.private ?? query.private_secret ?? false;
      return presentSecretV1(await this.secrets.create(ctx, scope, secretOfV1(scope, body.secret), { isPrivate }));
    }

    @Route(routes.get)
    async get(@Call() { ctx, scope, params }: RouteCall<V1SecretRoutes['get']>): Promise<V1SecretOut> {
      return presentSecretV1(await this.secrets.get(ctx, { scope, identifier: params.secret }));
    }

    @Route(routes.update)
    async update(@Call() { ctx, scope, params, body }: RouteCall<V1SecretRoutes['update']>): Promise<V1SecretOut> {
      return presentSecretV1(await this.secrets.update(ctx, scope, params.secret, secretOfV1(scope, body.secret)));
    }

    /** Answers what was deleted. */
    @Route(routes.delete)
    async delete(@Call() { ctx, scope, params, query }: RouteCall<V1SecretRoutes['delete']>): Promise<V1SecretOut> {
      return presentSecretV1(
        await this.secrets.delete(ctx, { scope, identifier: params.secret }, query.forceDelete ?? false),
      );
    }
  }
  return SecretV1Controller;
}
