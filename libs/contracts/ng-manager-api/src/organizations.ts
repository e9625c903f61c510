import {
  defineRoute,
  ngPage,
  queryBoolean,
  queryIdentifiers,
  scopeOfAccount,
  scopeOfOrgIn,
  scopeQuery,
} from '@sluice/api-conventions';
import { z } from 'zod';
import { byIdentifier, epochMs, named, ngAccount, ngList, rowCopies } from './places.js';

export const organization = z.object(named);
export type Organization = z.output<typeof organization>;

export const organizationResponse = z.object({
  ...rowCopies,
  organization,
  createdAt: epochMs,
  lastModifiedAt: epochMs,
  harnessManaged: z.boolean(),
});
export type OrganizationResponse = z.output<typeof organizationResponse>;

export const listOrganizations = defineRoute({
  id: 'listOrganizations',
  method: 'GET',
  path: '/ng/api/organizations',
  summary: 'List organizations',
  style: 'ng',
  access: 'authenticated',
  query: z.object({ ...ngList, identifiers: queryIdentifiers.optional() }),
  response: ngPage(organizationResponse),
});

export const createOrganization = defineRoute({
  id: 'createOrganization',
  method: 'POST',
  path: '/ng/api/organizations',
  summary: 'Create an organization',
  style: 'ng',
  access: { permission: 'organization.edit', scopeFrom: scopeOfAccount },
  query: ngAccount,
  body: z.object({ organization }),
  response: organizationResponse,
});

export const getOrganization = defineRoute({
  id: 'getOrganization',
  method: 'GET',
  path: '/ng/api/organizations/:identifier',
  summary: 'Read an organization',
  style: 'ng',
  access: { permission: 'organization.view', scopeFrom: scopeOfOrgIn('identifier'), orInside: true },
  params: byIdentifier,
  query: ngAccount,
  response: organizationResponse,
});

export const updateOrganization = defineRoute({
  id: 'updateOrganization',
  method: 'PUT',
  path: '/ng/api/organizations/:identifier',
  summary: 'Change an organization',
  style: 'ng',
  access: { permission: 'organization.edit', scopeFrom: scopeOfOrgIn('identifier') },
  params: byIdentifier,
  query: ngAccount,
  body: z.object({ organization }),
  response: organizationResponse,
});

/** Refused with ENTITY_REFERENCED while it has projects, unless `forceDelete`. */
export const deleteOrganization = defineRoute({
  id: 'deleteOrganization',
  method: 'DELETE',
  path: '/ng/api/organizations/:identifier',
  summary: 'Delete an organization',
  style: 'ng',
  access: { permission: 'organization.edit', scopeFrom: scopeOfOrgIn('identifier') },
  params: byIdentifier,
  query: z.object({ accountIdentifier: scopeQuery.accountIdentifier, forceDelete: queryBoolean.optional() }),
  response: z.boolean(),
});
