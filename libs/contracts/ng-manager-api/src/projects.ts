import {
  defineRoute,
  ngPage,
  orgFromQueryOrBody,
  queryBoolean,
  queryIdentifiers,
  scopeOfProjectIn,
  scopeQuery,
} from '@sluice/api-conventions';
import { z } from 'zod';
import { byIdentifier, epochMs, named, ngList } from './places.js';

export const project = z.object({
  ...named,
  /** Also in the query; both must agree. */
  orgIdentifier: z.string().max(128).optional(),
  color: z.string().max(32).nullish(),
  modules: z.array(z.string().max(64)).max(64).nullish(),
});
export type Project = z.output<typeof project>;

export const projectResponse = z.object({
  project: project.extend({ orgIdentifier: z.string() }),
  createdAt: epochMs,
  lastModifiedAt: epochMs,
});
export type ProjectResponse = z.output<typeof projectResponse>;

const inOrg = z.object({ accountIdentifier: scopeQuery.accountIdentifier, orgIdentifier: scopeQuery.orgIdentifier });
const listKeys = {
  ...ngList,
  hasModule: queryBoolean.optional(),
  moduleType: z.string().max(64).optional(),
  identifiers: queryIdentifiers.optional(),
};

/** All projects of the account, or those of one org. */
export const listProjects = defineRoute({
  id: 'listProjects',
  method: 'GET',
  path: '/ng/api/projects',
  summary: 'List projects',
  style: 'ng',
  access: 'authenticated',
  query: z.object(listKeys),
  response: ngPage(projectResponse),
});

export const listAllProjects = defineRoute({
  ...listProjects,
  id: 'listAllProjects',
  path: '/ng/api/projects/list',
  summary: 'List projects of all organizations',
});

export const createProject = defineRoute({
  id: 'createProject',
  method: 'POST',
  path: '/ng/api/projects',
  summary: 'Create a project',
  style: 'ng',
  access: { permission: 'project.edit', scopeFrom: orgFromQueryOrBody('project') },
  query: inOrg,
  body: z.object({ project }),
  response: projectResponse,
});

export const getProject = defineRoute({
  id: 'getProject',
  method: 'GET',
  path: '/ng/api/projects/:identifier',
  summary: 'Read a project',
  style: 'ng',
  access: { permission: 'project.view', scopeFrom: scopeOfProjectIn('identifier') },
  params: byIdentifier,
  query: inOrg,
  response: projectResponse,
});

export const updateProject = defineRoute({
  id: 'updateProject',
  method: 'PUT',
  path: '/ng/api/projects/:identifier',
  summary: 'Change a project',
  style: 'ng',
  access: { permission: 'project.edit', scopeFrom: scopeOfProjectIn('identifier', 'project') },
  params: byIdentifier,
  query: inOrg,
  body: z.object({ project }),
  response: projectResponse,
});

/** Its connectors, secrets and DB schemas go with it; refused with ENTITY_REFERENCED while it has DB schemas, unless `forceDelete`. */
export const deleteProject = defineRoute({
  id: 'deleteProject',
  method: 'DELETE',
  path: '/ng/api/projects/:identifier',
  summary: 'Delete a project',
  style: 'ng',
  access: { permission: 'project.edit', scopeFrom: scopeOfProjectIn('identifier') },
  params: byIdentifier,
  query: z.object({
    accountIdentifier: scopeQuery.accountIdentifier,
    orgIdentifier: scopeQuery.orgIdentifier,
    forceDelete: queryBoolean.optional(),
  }),
  response: z.boolean(),
});
