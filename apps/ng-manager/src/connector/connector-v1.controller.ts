import { Controller, type Type } from '@nestjs/common';
import type { Paged } from '@sluice/api-conventions';
import { Call, Route, type RouteCall } from '@sluice/http';
import { AppError } from '@sluice/kernel';
import {
  v1AccountConnectors,
  v1OrgConnectors,
  v1ProjectConnectors,
  type V1ConnectorOut,
  type V1ConnectorRoutes,
  type V1ConnectorTestOut,
} from '@sluice/ng-manager-api';
import { v1Page } from '../persistence/v1-page.js';
import { ConnectorService } from './connector.service.js';
import { ConnectorTestService } from './connector-test.service.js';
import { connectorOfV1, presentConnectorV1, presentTestV1 } from './connector-v1-view.js';

type ListCall = RouteCall<V1ConnectorRoutes['list']>;
type CreateCall = RouteCall<V1ConnectorRoutes['create']>;
type OneCall = RouteCall<V1ConnectorRoutes['get']>;
type UpdateCall = RouteCall<V1ConnectorRoutes['update']>;
type DeleteCall = RouteCall<V1ConnectorRoutes['delete']>;

/** The `/v1` spelling of connectors at one level. */
function controllerOf(routes: V1ConnectorRoutes): Type {
  @Controller()
  class ConnectorV1Controller {
    constructor(
      private readonly connectors: ConnectorService,
      private readonly tests: ConnectorTestService,
    ) {}

    @Route(routes.list)
    async list(@Call() { scope, query }: ListCall): Promise<Paged<V1ConnectorOut>> {
      const filter = {
        connectorIdentifiers: query.connector,
        types: query.type,
        categories: query.category,
        withParents: query.recursive ?? false,
      };
      const { content, totalItems } = await this.connectors.list(scope, v1Page(query), filter);
      return { items: content.map(presentConnectorV1), total: totalItems, page: query.page, limit: query.limit };
    }

    @Route(routes.create)
    async create(@Call() { ctx, scope, body }: CreateCall): Promise<V1ConnectorOut> {
      return presentConnectorV1(await this.connectors.create(ctx, scope, connectorOfV1(body.connector, scope)));
    }

    @Route(routes.get)
    async get(@Call() { scope, params }: OneCall): Promise<V1ConnectorOut> {
      return presentConnectorV1(await this.connectors.get({ scope, identifier: params.connector }));
    }

    @Route(routes.update)
    async update(@Call() { ctx, scope, params, body }: UpdateCall): Promise<V1ConnectorOut> {
      const sent = connectorOfV1(body.connector, scope);
      if (sent.identifier !== params.connector) {
        throw new AppError(
          'INVALID_REQUEST',
          `the body names connector "${sent.identifier}", the path "${params.connector}"; an identifier cannot be changed`,
          { fields: [{ field: 'connector.identifier', error: 'differs from the path' }] },
        );
      }
      return presentConnectorV1(await this.connectors.update(ctx, scope, sent));
    }

    @Route(routes.delete)
    async delete(@Call() { ctx, scope, params, query }: DeleteCall): Promise<V1ConnectorOut> {
      const ref = { scope, identifier: params.connector };
      const known = await this.connectors.get(ref);
      await this.connectors.delete(ctx, ref, query.forceDelete ?? false);
      return presentConnectorV1(known);
    }

    @Route(routes.test)
    async test(@Call() { ctx, scope, params }: OneCall): Promise<V1ConnectorTestOut> {
      return presentTestV1(await this.tests.test(ctx, { scope, identifier: params.connector }));
    }
  }
  return ConnectorV1Controller;
}

/** One controller per level. */
export const connectorV1Controllers: readonly Type[] = [v1AccountConnectors, v1OrgConnectors, v1ProjectConnectors].map(
  controllerOf,
);
