import {
  defineRoute,
  identifier,
  paged,
  queryBoolean,
  queryIdentifiers,
  scopeOfAccount,
  v1PageQuery,
  type RouteAccess,
} from '@sluice/api-conventions';
import { z } from 'zod';
import { epochMs, named } from './places.js';

/**
 * The `/v1` twins of organizations and projects (api-contract 3.1): bare bodies, lists with their totals in headers. Entities are keyed by
 * `identifier` or, as older clients say, `slug`; answers carry both.
 */
const keys = { identifier: identifier.optional(), slug: identifier.optional() };
const { name, description, tags } = named;

function keyed<T extends { identifier?: string | undefined; slug?: string | undefined }>(value: T): boolean {
  const { identifier: key, slug } = value;
  return (key ?? slug) !== undefined && (!key || !slug || key === slug);
}
const KEY_RULE = 'give identifier or slug (the same when both are given)';

const orgIn = z.object({ org: z.object({ ...keys, name, description, tags }).refine(keyed, KEY_RULE) });
export type V1OrgIn = z.output<typeof orgIn>['org'];

const orgOut = z.object({
  org: z.object({
    identifier: z.string(),
    slug: z.string(),
    name: z.string(),
    description: z.string(),
    tags: z.record(z.string(), z.string()),
  }),
  created: epochMs,
  updated: epochMs,
  harness_managed: z.boolean(),
});
export type V1OrgOut = z.output<typeof orgOut>;

const projectFields = {
  name,
  description,
  tags,
  color: z.string().max(32).nullish(),
  modules: z.array(z.string().max(64)).max(64).nullish(),
  org: z.string().max(128).nullish(),
};
const projectIn = z.object({ project: z.object({ ...keys, ...projectFields }).refine(keyed, KEY_RULE) });
export type V1ProjectIn = z.output<typeof projectIn>['project'];

const projectOut = z.object({
  project: z.object({
    identifier: z.string(),
    slug: z.string(),
    name: z.string(),
    org: z.string(),
    color: z.string().nullish(),
    modules: z.array(z.string()),
    description: z.string(),
    tags: z.record(z.string(), z.string()),
  }),
  created: epochMs,
  updated: epochMs,
});
export type V1ProjectOut = z.output<typeof projectOut>;

const segment = z.string().min(1).max(128);
const orgPath = z.object({ org: segment });
const projectPath = z.object({ org: segment, project: segment });
const account = z.object({ accountIdentifier: z.string().optional() });
const listQuery = account.extend({
  ...v1PageQuery,
  search_term: z.string().max(256).optional(),
  sort: z.enum(['name', 'identifier', 'created', 'updated']).default('created'),
  order: z.enum(['ASC', 'DESC']).default('DESC'),
});
const base = { style: 'bare' } as const;
const viewOrg: RouteAccess = { permission: 'organization.view', orInside: true };
const editOrg: RouteAccess = { permission: 'organization.edit' };
const viewProject: RouteAccess = { permission: 'project.view' };
const editProject: RouteAccess = { permission: 'project.edit' };

export const v1ListOrgs = defineRoute({
  ...base,
  access: 'authenticated',
  id: 'v1ListOrgs',
  method: 'GET',
  path: '/v1/orgs',
  summary: 'List organizations',
  query: listQuery.extend({ org: queryIdentifiers.optional() }),
  isPaged: true,
  response: paged(orgOut),
});
export const v1CreateOrg = defineRoute({
  ...base,
  access: { permission: 'organization.edit', scopeFrom: scopeOfAccount },
  id: 'v1CreateOrg',
  method: 'POST',
  path: '/v1/orgs',
  summary: 'Create an organization',
  status: 201,
  query: account,
  body: orgIn,
  response: orgOut,
});
export const v1GetOrg = defineRoute({
  ...base,
  access: viewOrg,
  id: 'v1GetOrg',
  method: 'GET',
  path: '/v1/orgs/:org',
  summary: 'Read an organization',
  params: orgPath,
  query: account,
  response: orgOut,
});
export const v1UpdateOrg = defineRoute({
  ...base,
  access: editOrg,
  id: 'v1UpdateOrg',
  method: 'PUT',
  path: '/v1/orgs/:org',
  summary: 'Change an organization',
  params: orgPath,
  query: account,
  body: orgIn,
  response: orgOut,
});
/** Answers what was deleted. */
export const v1DeleteOrg = defineRoute({
  ...base,
  access: editOrg,
  id: 'v1DeleteOrg',
  method: 'DELETE',
  path: '/v1/orgs/:org',
  summary: 'Delete an organization',
  params: orgPath,
  query: account,
  response: orgOut,
});

const PROJECTS = '/v1/orgs/:org/projects';
/** `has_module=false` turns `module_type` round: projects without it. */
const projectQuery = listQuery.extend({
  project: queryIdentifiers.optional(),
  has_module: queryBoolean.optional(),
  module_type: z.string().max(64).optional(),
});
export const v1ListProjects = defineRoute({
  ...base,
  access: 'authenticated',
  id: 'v1ListProjects',
  method: 'GET',
  path: PROJECTS,
  summary: 'List the projects of an organization',
  params: orgPath,
  query: projectQuery,
  isPaged: true,
  response: paged(projectOut),
});
export const v1CreateProject = defineRoute({
  ...base,
  access: editProject,
  id: 'v1CreateProject',
  method: 'POST',
  path: PROJECTS,
  summary: 'Create a project',
  status: 201,
  params: orgPath,
  query: account,
  body: projectIn,
  response: projectOut,
});
export const v1GetProject = defineRoute({
  ...base,
  access: viewProject,
  id: 'v1GetProject',
  method: 'GET',
  path: `${PROJECTS}/:project`,
  summary: 'Read a project',
  params: projectPath,
  query: account,
  response: projectOut,
});
export const v1UpdateProject = defineRoute({
  ...base,
  access: editProject,
  id: 'v1UpdateProject',
  method: 'PUT',
  path: `${PROJECTS}/:project`,
  summary: 'Change a project',
  params: projectPath,
  query: account,
  body: projectIn,
  response: projectOut,
});
/** Answers what was deleted. */
export const v1DeleteProject = defineRoute({
  ...base,
  access: editProject,
  id: 'v1DeleteProject',
  method: 'DELETE',
  path: `${PROJECTS}/:project`,
  summary: 'Delete a project',
  params: projectPath,
  query: account,
  response: projectOut,
});
