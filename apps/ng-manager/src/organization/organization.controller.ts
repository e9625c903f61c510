import { Controller } from '@nestjs/common';
import type { NgPage } from '@sluice/api-conventions';
import { Call, Route, expectedVersionOf, type RouteCall } from '@sluice/http';
import {
  createOrganization,
  deleteOrganization,
  getOrganization,
  listOrganizations,
  updateOrganization,
  type OrganizationResponse,
} from '@sluice/ng-manager-api';
import { withETag } from '../persistence/versioned.js';
import { OrganizationService } from './organization.service.js';

@Controller()
export class OrganizationController {
  constructor(private readonly organizations: OrganizationService) {}

  @Route(listOrganizations)
  list(@Call() { ctx, query }: RouteCall<typeof listOrganizations>): Promise<NgPage<OrganizationResponse>> {
    return this.organizations.list(
      ctx,
      { index: query.pageIndex, size: query.pageSize, search: query.searchTerm, sort: query.sortOrders },
      query.identifiers,
    );
  }

  @Route(createOrganization)
  async create(@Call() { ctx, body, reply }: RouteCall<typeof createOrganization>): Promise<OrganizationResponse> {
    return withETag(reply, await this.organizations.create(ctx, body.organization));
  }

  @Route(getOrganization)
  async get(@Call() { ctx, params, reply }: RouteCall<typeof getOrganization>): Promise<OrganizationResponse> {
    return withETag(reply, await this.organizations.get(ctx, params.identifier));
  }

  @Route(updateOrganization)
  async update(
    @Call() { ctx, params, body, headers, reply }: RouteCall<typeof updateOrganization>,
  ): Promise<OrganizationResponse> {
    return withETag(
      reply,
      await this.organizations.update(ctx, params.identifier, body.organization, expectedVersionOf(headers)),
    );
  }

  @Route(deleteOrganization)
  delete(@Call() { ctx, params, query, headers }: RouteCall<typeof deleteOrganization>): Promise<boolean> {
    return this.organizations.delete(ctx, params.identifier, {
      force: query.forceDelete ?? false,
      expected: expectedVersionOf(headers),
    });
  }
}
