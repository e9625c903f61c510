import { Controller } from '@nestjs/common';
import type { NgPage } from '@sluice/api-conventions';
import { Call, Route, type RouteCall } from '@sluice/http';
import { createOrganization, deleteOrganization, getOrganization, listOrganizations, updateOrganization, type OrganizationResponse } from '@sluice/ng-manager-api';
import { OrganizationService } from './organization.service.js';

@Controller()
export class OrganizationController {
  constructor(private readonly organizations: OrganizationService) {}

  @Route(listOrganizations)
  list(@Call() { ctx, query }: RouteCall<typeof listOrganizations>): Promise<NgPage<OrganizationResponse>> {
    return this.organizations.list(ctx, { index: query.pageIndex, size: query.pageSize, search: query.searchTerm, sort: query.sortOrders }, query.identifiers);
  }

  @Route(createOrganization)
  create(@Call() { ctx, body }: RouteCall<typeof createOrganization>): Promise<OrganizationResponse> {
    return this.organizations.create(ctx, body.organization);
  }

  @Route(getOrganization)
  get(@Call() { ctx, params }: RouteCall<typeof getOrganization>): Promise<OrganizationResponse> {
    return this.organizations.get(ctx, params.identifier);
  }

  @Route(updateOrganization)
  update(@Call() { ctx, params, body }: RouteCall<typeof updateOrganization>): Promise<OrganizationResponse> {
    return this.organizations.update(ctx, params.identifier, body.organization);
  }

  @Route(deleteOrganization)
  delete(@Call() { ctx, params, query }: RouteCall<typeof deleteOrganization>): Promise<boolean> {
    return this.organizations.delete(ctx, params.identifier, query.forceDelete ?? false);
  }
}
