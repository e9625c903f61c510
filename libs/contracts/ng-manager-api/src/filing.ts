import {
  defineRoute,
  entityRef,
  ngPage,
  queryBoolean,
  queryList,
  scopeFromQueryOrBody,
  scopeQuery,
} from '@sluice/api-conventions';
import { z } from 'zod';
import { epochMs, named, ngScope, rowCopies, scopeInBody } from './places.js';

/** What things may be filed under. Their YAML is kept and given back; no run reads it yet. */
export const FILING_KINDS = ['service', 'environment', 'infrastructure'] as const;
export type FilingKind = (typeof FILING_KINDS)[number];

/** Root key `service`, `environment` or `infrastructureDefinition`; made of the other fields when it is not sent. */
const yaml = z.string().max(1_048_576, 'must be at most 1 MiB').nullish();
const typeName = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9_]{0,63}$/, 'must be a name of letters and digits, such as KubernetesDirect');
const environmentType = z.enum(['Production', 'PreProduction'], 'must be Production or PreProduction');

export const serviceRequest = z.looseObject({ ...named, ...scopeInBody, yaml });
export const environmentRequest = z.looseObject({
  ...named,
  ...scopeInBody,
  type: environmentType,
  color: z.string().max(64).nullish(),
  yaml,
});
/** `environmentRef` names an environment of the same scope. */
export const infrastructureRequest = z.looseObject({
  ...named,
  ...scopeInBody,
  environmentRef: entityRef,
  type: typeName,
  deploymentType: typeName.nullish(),
  yaml,
});

const details = {
  accountId: z.string(),
  orgIdentifier: z.string().optional(),
  projectIdentifier: z.string().optional(),
  identifier: z.string(),
  name: z.string(),
  description: z.string(),
  tags: z.record(z.string(), z.string()),
  yaml: z.string(),
  storeType: z.literal('INLINE'),
};
const times = { createdAt: epochMs, lastModifiedAt: epochMs };
export const serviceResponse = z.object({
  ...rowCopies,
  service: z.object({ ...details, deleted: z.literal(false) }),
  ...times,
});
export const environmentResponse = z.object({
  ...rowCopies,
  environment: z.object({ ...details, deleted: z.literal(false), type: environmentType, color: z.string() }),
  ...times,
});
export const infrastructureResponse = z.object({
  ...rowCopies,
  infrastructure: z.object({
    ...details,
    environmentRef: z.string(),
    type: z.string(),
    deploymentType: z.string().optional(),
  }),
  ...times,
});
export type ServiceResponse = z.output<typeof serviceResponse>;
export type EnvironmentResponse = z.output<typeof environmentResponse>;
export type InfrastructureResponse = z.output<typeof infrastructureResponse>;

const listQuery = {
  ...scopeQuery,
  page: z.coerce.number().int().min(0).max(100_000).default(0),
  size: z.coerce.number().int().min(1).max(1000).default(100),
  searchTerm: z.string().max(256).optional(),
  sort: queryList.optional(),
};
const edit = (permission: 'service.edit' | 'environment.edit') =>
  ({ style: 'ng', access: { permission, scopeFrom: scopeFromQueryOrBody() }, query: ngScope }) as const;
const removal = z.object({ ...scopeQuery, forceDelete: queryBoolean.optional() });

const services = '/ng/api/servicesV2';
const ofService = z.object({ serviceIdentifier: z.string().min(1).max(128) });
const serviceWrite = {
  ...edit('service.edit'),
  path: services,
  body: serviceRequest,
  response: serviceResponse,
} as const;
/** The scope of creates and updates comes from query and body together; DUPLICATE_FIELD for an identifier that is taken. */
export const createService = defineRoute({
  ...serviceWrite,
  id: 'createService',
  method: 'POST',
  summary: 'Create a service',
});
export const updateService = defineRoute({
  ...serviceWrite,
  id: 'updateService',
  method: 'PUT',
  summary: 'Replace a service',
});
export const upsertService = defineRoute({
  ...serviceWrite,
  id: 'upsertService',
  method: 'PUT',
  path: `${services}/upsert`,
  summary: 'Create or replace a service',
});
export const getService = defineRoute({
  style: 'ng',
  id: 'getService',
  method: 'GET',
  path: `${services}/:serviceIdentifier`,
  summary: 'Read a service',
  access: { permission: 'service.view' },
  params: ofService,
  query: ngScope,
  response: serviceResponse,
});
export const deleteService = defineRoute({
  style: 'ng',
  id: 'deleteService',
  method: 'DELETE',
  path: `${services}/:serviceIdentifier`,
  summary: 'Delete a service',
  access: { permission: 'service.edit' },
  params: ofService,
  query: removal,
  response: z.boolean(),
});
export const listServices = defineRoute({
  style: 'ng',
  id: 'listServices',
  method: 'GET',
  path: services,
  summary: 'Services of a scope',
  access: { permission: 'service.view' },
  query: z.object(listQuery),
  response: ngPage(serviceResponse),
});

const environments = '/ng/api/environmentsV2';
const ofEnvironment = z.object({ environmentIdentifier: z.string().min(1).max(128) });
const environmentWrite = {
  ...edit('environment.edit'),
  path: environments,
  body: environmentRequest,
  response: environmentResponse,
} as const;
export const createEnvironment = defineRoute({
  ...environmentWrite,
  id: 'createEnvironment',
  method: 'POST',
  summary: 'Create an environment',
});
export const updateEnvironment = defineRoute({
  ...environmentWrite,
  id: 'updateEnvironment',
  method: 'PUT',
  summary: 'Replace an environment',
});
export const upsertEnvironment = defineRoute({
  ...environmentWrite,
  id: 'upsertEnvironment',
  method: 'PUT',
  path: `${environments}/upsert`,
  summary: 'Create or replace an environment',
});
export const getEnvironment = defineRoute({
  style: 'ng',
  id: 'getEnvironment',
  method: 'GET',
  path: `${environments}/:environmentIdentifier`,
  summary: 'Read an environment',
  access: { permission: 'environment.view' },
  params: ofEnvironment,
  query: ngScope,
  response: environmentResponse,
});
/** ENTITY_REFERENCED while infrastructures belong to it, unless `forceDelete`, which takes them along. */
export const deleteEnvironment = defineRoute({
  style: 'ng',
  id: 'deleteEnvironment',
  method: 'DELETE',
  path: `${environments}/:environmentIdentifier`,
  summary: 'Delete an environment',
  access: { permission: 'environment.edit' },
  params: ofEnvironment,
  query: removal,
  response: z.boolean(),
});
export const listEnvironments = defineRoute({
  style: 'ng',
  id: 'listEnvironments',
  method: 'GET',
  path: environments,
  summary: 'Environments of a scope',
  access: { permission: 'environment.view' },
  query: z.object(listQuery),
  response: ngPage(environmentResponse),
});

const infrastructures = '/ng/api/infrastructures';
const ofInfrastructure = z.object({ infraIdentifier: z.string().min(1).max(128) });
const inEnvironment = { environmentIdentifier: entityRef };
const infrastructureWrite = {
  ...edit('environment.edit'),
  path: infrastructures,
  body: infrastructureRequest,
  response: infrastructureResponse,
} as const;
/** INVALID_IDENTIFIER_REF for an environment that is not in the same scope. */
export const createInfrastructure = defineRoute({
  ...infrastructureWrite,
  id: 'createInfrastructure',
  method: 'POST',
  summary: 'Create an infrastructure of an environment',
});
export const updateInfrastructure = defineRoute({
  ...infrastructureWrite,
  id: 'updateInfrastructure',
  method: 'PUT',
  summary: 'Replace an infrastructure',
});
export const upsertInfrastructure = defineRoute({
  ...infrastructureWrite,
  id: 'upsertInfrastructure',
  method: 'PUT',
  path: `${infrastructures}/upsert`,
  summary: 'Create or replace an infrastructure',
});
export const getInfrastructure = defineRoute({
  style: 'ng',
  id: 'getInfrastructure',
  method: 'GET',
  path: `${infrastructures}/:infraIdentifier`,
  summary: 'Read an infrastructure',
  access: { permission: 'environment.view' },
  params: ofInfrastructure,
  query: z.object({ ...scopeQuery, ...inEnvironment }),
  response: infrastructureResponse,
});
export const deleteInfrastructure = defineRoute({
  style: 'ng',
  id: 'deleteInfrastructure',
  method: 'DELETE',
  path: `${infrastructures}/:infraIdentifier`,
  summary: 'Delete an infrastructure',
  access: { permission: 'environment.edit' },
  params: ofInfrastructure,
  query: removal.extend(inEnvironment),
  response: z.boolean(),
});
export const listInfrastructures = defineRoute({
  style: 'ng',
  id: 'listInfrastructures',
  method: 'GET',
  path: infrastructures,
  summary: 'Infrastructures of an environment',
  access: { permission: 'environment.view' },
  query: z.object({ ...listQuery, ...inEnvironment }),
  response: ngPage(infrastructureResponse),
});

export const filingRoutes = [
  createService,
  updateService,
  upsertService,
  getService,
  deleteService,
  listServices,
  createEnvironment,
  updateEnvironment,
  upsertEnvironment,
  getEnvironment,
  deleteEnvironment,
  listEnvironments,
  createInfrastructure,
  updateInfrastructure,
  upsertInfrastructure,
  getInfrastructure,
  deleteInfrastructure,
  listInfrastructures,
] as const;
