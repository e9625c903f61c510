import { Controller } from '@nestjs/common';
import type { NgPage, RouteResult } from '@sluice/api-conventions';
import { Call, Route, scopeOfRequest, type RouteCall } from '@sluice/http';
import {
  CONNECTOR_CATEGORIES,
  CONNECTOR_TYPES,
  connectivityStatus,
  connectorCatalogue,
  connectorFieldValues,
  connectorStatistics,
  createConnector,
  deleteConnector,
  getConnector,
  isConnectorIdentifierFree,
  listConnectors,
  listConnectorsByFqn,
  listConnectorsV2,
  testConnector,
  testGitRepo,
  updateConnector,
  type ConnectorResponse,
  type ValidationResult,
} from '@sluice/ng-manager-api';
import { ConnectorService } from './connector.service.js';
import { ConnectorTestService } from './connector-test.service.js';

@Controller()
export class ConnectorController {
  constructor(
    private readonly connectors: ConnectorService,
    private readonly tests: ConnectorTestService,
  ) {}

  @Route(createConnector)
  create(@Call() { ctx, scope, body }: RouteCall<typeof createConnector>): Promise<ConnectorResponse> {
    return this.connectors.create(ctx, scope, body.connector);
  }

  @Route(updateConnector)
  update(@Call() { ctx, scope, body }: RouteCall<typeof updateConnector>): Promise<ConnectorResponse> {
    return this.connectors.update(ctx, scope, body.connector);
  }

  @Route(connectorCatalogue)
  async catalogue(): Promise<RouteResult<typeof connectorCatalogue>> {
    const categories = [...new Set(Object.values(CONNECTOR_CATEGORIES))];
    return {
      catalogue: categories.map((category) => ({
        category,
        connectors: CONNECTOR_TYPES.filter((type) => CONNECTOR_CATEGORIES[type] === category),
      })),
    };
  }

  @Route(connectorStatistics)
  statistics(
    @Call() { scope }: RouteCall<typeof connectorStatistics>,
  ): Promise<RouteResult<typeof connectorStatistics>> {
    return this.connectors.statistics(scope);
  }

  @Route(connectorFieldValues)
  async fieldValues(): Promise<RouteResult<typeof connectorFieldValues>> {
    return {
      fieldValues: {
        types: [...CONNECTOR_TYPES],
        categories: [...new Set(Object.values(CONNECTOR_CATEGORIES))],
        connectivityStatuses: [...connectivityStatus.options],
        connectorConnectivityModes: ['DELEGATE', 'MANAGER'],
      },
    };
  }

  @Route(listConnectorsByFqn)
  byFullName(@Call() { ctx, body }: RouteCall<typeof listConnectorsByFqn>): Promise<ConnectorResponse[]> {
    return this.connectors.byFullName(ctx, body);
  }

  @Route(isConnectorIdentifierFree)
  isFree(@Call() { ctx, query }: RouteCall<typeof isConnectorIdentifierFree>): Promise<boolean> {
    return this.connectors.isFree({ scope: scopeOfRequest(ctx, {}, query), identifier: query.identifier });
  }

  @Route(getConnector)
  get(@Call() { ctx, params, query }: RouteCall<typeof getConnector>): Promise<ConnectorResponse> {
    return this.connectors.get({ scope: scopeOfRequest(ctx, {}, query), identifier: params.identifier });
  }

  @Route(deleteConnector)
  delete(@Call() { ctx, params, query }: RouteCall<typeof deleteConnector>): Promise<boolean> {
    return this.connectors.delete(
      ctx,
      { scope: scopeOfRequest(ctx, {}, query), identifier: params.identifier },
      query.forceDelete ?? false,
    );
  }

  @Route(listConnectors)
  list(@Call() { ctx, query }: RouteCall<typeof listConnectors>): Promise<NgPage<ConnectorResponse>> {
    const page = { index: query.pageIndex, size: query.pageSize, search: query.searchTerm, sort: query.sortOrders };
    const [types, categories] = [query.type ?? [], query.category ?? query.source_category ?? []];
    // Generated clients end a page at the first type they do not know, and this is the one they do not.
    const withoutTypes = types.length + categories.length === 0 ? (['Local'] as const) : [];
    return this.connectors.list(scopeOfRequest(ctx, {}, query), page, {
      types,
      categories,
      withoutTypes,
      withParents: query.includeAllConnectorsAvailableAtScope ?? false,
    });
  }

  @Route(listConnectorsV2)
  listV2(@Call() { ctx, query, body }: RouteCall<typeof listConnectorsV2>): Promise<NgPage<ConnectorResponse>> {
    const page = { index: query.pageIndex, size: query.pageSize, search: query.searchTerm, sort: query.sortOrders };
    return this.connectors.list(scopeOfRequest(ctx, {}, query), page, {
      ...body,
      withParents: query.includeAllConnectorsAvailableAtScope ?? false,
    });
  }

  @Route(testConnector)
  test(@Call() { ctx, params, query }: RouteCall<typeof testConnector>): Promise<ValidationResult> {
    return this.tests.test(ctx, { scope: scopeOfRequest(ctx, {}, query), identifier: params.identifier });
  }

  @Route(testGitRepo)
  testRepo(@Call() { ctx, params, query }: RouteCall<typeof testGitRepo>): Promise<ValidationResult> {
    return this.tests.test(
      ctx,
      { scope: scopeOfRequest(ctx, {}, query), identifier: params.identifier },
      query.repoURL,
    );
  }
}
