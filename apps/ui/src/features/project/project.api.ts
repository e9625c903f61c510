import { listOrganizations as organizationsRoute, listProjects as projectsRoute } from '@sluice/ng-manager-api';
import { z } from 'zod';

import { segment, type GatewayClient } from '../../gateway/gateway-client.js';
import { ngEnvelope, ngPage } from '../../gateway/envelopes.js';

const organization = organizationsRoute.response.shape.content.element.shape.organization.pick({
  identifier: true,
  name: true,
});
export type Organization = z.output<typeof organization>;

const project = projectsRoute.response.shape.content.element.shape.project.pick({
  orgIdentifier: true,
  identifier: true,
  name: true,
  description: true,
});
export type Project = z.output<typeof project>;

/** Most organizations and projects one page shows; a search narrows larger accounts. */
const HOME_PAGE_SIZE = 100;

/** @throws GatewayError */
export async function listOrganizations(
  gateway: GatewayClient,
  signal?: AbortSignal,
): Promise<readonly Organization[]> {
  const { data } = await gateway.json(ngEnvelope(ngPage(z.object({ organization }))), {
    path: '/ng/api/organizations',
    query: { accountIdentifier: gateway.accountId, pageIndex: 0, pageSize: HOME_PAGE_SIZE },
    signal,
  });
  return data.data.content.map((row) => row.organization);
}

export interface ProjectList {
  readonly projects: readonly Project[];
  readonly total: number;
}

/** Projects of the account, or of one organization. @throws GatewayError */
export async function listProjects(
  gateway: GatewayClient,
  filter: { readonly searchTerm: string; readonly orgId?: string | undefined },
  signal?: AbortSignal,
): Promise<ProjectList> {
  const { data } = await gateway.json(ngEnvelope(ngPage(z.object({ project }))), {
    path: '/ng/api/projects',
    query: {
      accountIdentifier: gateway.accountId,
      orgIdentifier: filter.orgId,
      searchTerm: filter.searchTerm || undefined,
      pageIndex: 0,
      pageSize: HOME_PAGE_SIZE,
    },
    signal,
  });
  return { projects: data.data.content.map((row) => row.project), total: data.data.totalItems };
}

/** What an address is inside of. */
export type Place =
  | { readonly kind: 'organization'; readonly org: string }
  | { readonly kind: 'project'; readonly org: string; readonly project: string };

/** The name of an organization or project. @throws GatewayError 404 when there is none, 403 when the key has no right there */
export async function readPlace(
  gateway: GatewayClient,
  place: Place,
  signal?: AbortSignal,
): Promise<{ readonly name: string }> {
  const accountIdentifier = gateway.accountId;
  if (place.kind === 'organization') {
    const { data } = await gateway.json(ngEnvelope(z.object({ organization })), {
      path: `/ng/api/organizations/${segment(place.org)}`,
      query: { accountIdentifier },
      signal,
    });
    return data.data.organization;
  }
  const { data } = await gateway.json(ngEnvelope(z.object({ project })), {
    path: `/ng/api/projects/${segment(place.project)}`,
    query: { accountIdentifier, orgIdentifier: place.org },
    signal,
  });
  return data.data.project;
}
