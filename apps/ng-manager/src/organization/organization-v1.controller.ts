import { Controller } from '@nestjs/common';
import type { Paged } from '@sluice/api-conventions';
import { Call, Route, expectedVersionOf, type RouteCall } from '@sluice/http';
import {
  v1CreateOrg,
  v1DeleteOrg,
  v1GetOrg,
  v1ListOrgs,
  v1UpdateOrg,
  type OrganizationResponse,
  type V1OrgIn,
  type V1OrgOut,
} from '@sluice/ng-manager-api';
import { v1Page } from '../persistence/v1-page.js';
import { withETag } from '../persistence/versioned.js';
import { OrganizationService } from './organization.service.js';

/** The `/v1` spelling of organizations. */
@Controller()
export class OrganizationV1Controller {
  constructor(private readonly organizations: OrganizationService) {}

  @Route(v1ListOrgs)
  async list(@Call() { ctx, query }: RouteCall<typeof v1ListOrgs>): Promise<Paged<V1OrgOut>> {
    const { content, totalItems } = await this.organizations.list(ctx, v1Page(query), query.org);
    return { items: content.map(present), total: totalItems, page: query.page, limit: query.limit };
  }

  @Route(v1CreateOrg)
  async create(@Call() { ctx, body, reply }: RouteCall<typeof v1CreateOrg>): Promise<V1OrgOut> {
    return present(withETag(reply, await this.organizations.create(ctx, organizationOf(body.org))));
  }

  @Route(v1GetOrg)
  async get(@Call() { ctx, params, reply }: RouteCall<typeof v1GetOrg>): Promise<V1OrgOut> {
    return present(withETag(reply, await this.organizations.get(ctx, params.org)));
  }

  @Route(v1UpdateOrg)
  async update(@Call() { ctx, params, body, headers, reply }: RouteCall<typeof v1UpdateOrg>): Promise<V1OrgOut> {
    return present(
      withETag(
        reply,
        await this.organizations.update(ctx, params.org, organizationOf(body.org), expectedVersionOf(headers)),
      ),
    );
  }

  @Route(v1DeleteOrg)
  async delete(@Call() { ctx, params, headers }: RouteCall<typeof v1DeleteOrg>): Promise<V1OrgOut> {
    const known = await this.organizations.get(ctx, params.org);
    await this.organizations.delete(ctx, params.org, { force: false, expected: expectedVersionOf(headers) });
    return present(known.body);
  }
}

function organizationOf({ identifier, slug, name, description, tags }: V1OrgIn) {
  return { identifier: identifier ?? slug ?? '', name, description, tags };
}

function present({ organization, createdAt, lastModifiedAt, harnessManaged }: OrganizationResponse): V1OrgOut {
  const { identifier, name, description, tags } = organization;
  return {
    org: { identifier, slug: identifier, name, description: description ?? '', tags: tags ?? {} },
    created: createdAt,
    updated: lastModifiedAt,
    harness_managed: harnessManaged,
  };
}
