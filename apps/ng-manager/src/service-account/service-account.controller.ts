import { Controller } from '@nestjs/common';
import type { NgPage } from '@sluice/api-conventions';
import { Call, Route, type RouteCall } from '@sluice/http';
import {
  aggregateServiceAccount,
  aggregateServiceAccounts,
  createServiceAccount,
  deleteServiceAccount,
  getServiceAccount,
  listServiceAccounts,
  updateServiceAccount,
  type ServiceAccountAggregate,
  type ServiceAccountOut,
} from '@sluice/ng-manager-api';
import { ServiceAccountService } from './service-account.service.js';

@Controller()
export class ServiceAccountController {
  constructor(private readonly accounts: ServiceAccountService) {}

  @Route(createServiceAccount)
  create(@Call() { ctx, scope, body }: RouteCall<typeof createServiceAccount>): Promise<ServiceAccountOut> {
    return this.accounts.create(ctx, scope, body);
  }

  @Route(updateServiceAccount)
  update(@Call() { ctx, scope, params, body }: RouteCall<typeof updateServiceAccount>): Promise<ServiceAccountOut> {
    return this.accounts.update(ctx, scope, params.identifier, body);
  }

  @Route(listServiceAccounts)
  list(@Call() { scope, query }: RouteCall<typeof listServiceAccounts>): Promise<ServiceAccountOut[]> {
    return this.accounts.list(scope, query.identifiers);
  }

  @Route(getServiceAccount)
  get(@Call() { scope, params }: RouteCall<typeof getServiceAccount>): Promise<ServiceAccountOut> {
    return this.accounts.get(scope, params.identifier);
  }

  @Route(deleteServiceAccount)
  delete(@Call() { ctx, scope, params }: RouteCall<typeof deleteServiceAccount>): Promise<boolean> {
    return this.accounts.delete(ctx, scope, params.identifier);
  }

  @Route(aggregateServiceAccounts)
  page(@Call() { scope, query }: RouteCall<typeof aggregateServiceAccounts>): Promise<NgPage<ServiceAccountAggregate>> {
    return this.accounts.page(
      scope,
      { index: query.pageIndex, size: query.pageSize, search: query.searchTerm, sort: query.sortOrders },
      query.identifiers,
    );
  }

  @Route(aggregateServiceAccount)
  aggregate(@Call() { scope, params }: RouteCall<typeof aggregateServiceAccount>): Promise<ServiceAccountAggregate> {
    return this.accounts.aggregate(scope, params.identifier);
  }
}
