import { defineRoute, ngPage, queryBoolean, scopeFromQueryOrBody } from '@sluice/api-conventions';
import { z } from 'zod';
import { byIdentifier, epochMs, named, ngList, ngScope, rowCopies, scopeInBody } from './places.js';

/** Characters a value may have; 4 KiB, because it is written into every pipeline that names it. */
export const MOST_VARIABLE_CHARACTERS = 4096;
/** Variables one run may name. */
export const MOST_NAMED_VARIABLES = 1000;

const nothing = z
  .union([z.null(), z.literal(''), z.array(z.never()).max(0)], {
    error: 'is not supported: a variable has one fixed value; leave it out',
  })
  .optional();
const spec = z.object({
  valueType: z.literal('FIXED', { error: 'must be FIXED' }),
  /** Text without expressions: a variable is read in other scopes than the one it was written in, where they would mean something else. */
  fixedValue: z
    .string()
    .max(MOST_VARIABLE_CHARACTERS, `must be at most ${MOST_VARIABLE_CHARACTERS} characters`)
    .refine(
      (value) => !value.includes('<+'),
      'holds an expression, and a variable is text alone; write the value itself, or the expression into the pipeline',
    ),
  allowedValues: nothing,
  defaultValue: nothing,
  regex: nothing,
});

/** A variable of an account, an organization or a project. Pipelines read it by its identifier: `<+variable.account.ID>`, `<+variable.org.ID>`, `<+variable.ID>`. */
export const variable = z.object({
  ...named,
  ...scopeInBody,
  type: z.literal('String', { error: 'must be String; a secret is kept with POST /ng/api/v2/secrets' }),
  spec,
});
export type Variable = z.output<typeof variable>;

export const variableResponse = z.object({ ...rowCopies, variable, createdAt: epochMs, lastModifiedAt: epochMs });
export type VariableResponse = z.output<typeof variableResponse>;

const root = '/ng/api/variables';
const view = { permission: 'variable.view' } as const;
const write = {
  path: root,
  style: 'ng',
  access: { permission: 'variable.edit', scopeFrom: scopeFromQueryOrBody('variable') },
  query: ngScope,
  body: z.object({ variable }),
  response: variableResponse,
} as const;

/** The scope comes from query and body together. DUPLICATE_FIELD for an identifier that is taken in this scope. */
export const createVariable = defineRoute({
  ...write,
  id: 'createVariable',
  method: 'POST',
  summary: 'Create a variable',
});
export const updateVariable = defineRoute({
  ...write,
  id: 'updateVariable',
  method: 'PUT',
  summary: 'Change a variable; runs that begin later read the new value',
});
export const getVariable = defineRoute({
  id: 'getVariable',
  method: 'GET',
  path: `${root}/:identifier`,
  summary: 'Read a variable',
  style: 'ng',
  access: view,
  params: byIdentifier,
  query: ngScope,
  response: variableResponse,
});
/** ENTITY_REFERENCED while a pipeline, input set, trigger, service, environment or infrastructure names it, unless `forceDelete`: then pipelines that name it fail at their next start, and say so. */
export const deleteVariable = defineRoute({
  id: 'deleteVariable',
  method: 'DELETE',
  path: `${root}/:identifier`,
  summary: 'Delete a variable',
  style: 'ng',
  access: { permission: 'variable.edit' },
  params: byIdentifier,
  query: ngScope.extend({ forceDelete: queryBoolean.optional() }),
  response: z.boolean(),
});
/** `includeVariablesFromEverySubScope` adds those of the scopes above: what a pipeline of this scope may name. */
export const listVariables = defineRoute({
  id: 'listVariables',
  method: 'GET',
  path: root,
  summary: 'Variables of a scope',
  style: 'ng',
  access: view,
  query: z.object({ ...ngList, includeVariablesFromEverySubScope: queryBoolean.optional() }),
  response: ngPage(variableResponse),
});

const names = z.array(z.string().max(256)).max(MOST_NAMED_VARIABLES);
const values = z.record(z.string(), z.string());

/** Values of the variables a run names, by scope; those there are not are absent. Who may run a pipeline may read what it names: variables are no secrets. */
export const resolveVariables = defineRoute({
  id: 'resolveVariables',
  method: 'POST',
  path: '/ng-manager/internal/variables/values',
  summary: 'Values of variables that a run names',
  style: 'internal',
  access: 'service',
  callers: ['pipeline'],
  body: z.object({ orgId: z.string(), projectId: z.string(), account: names, org: names, project: names }),
  response: z.object({ account: values, org: values, project: values }),
});

export const variableRoutes = [
  createVariable,
  updateVariable,
  getVariable,
  deleteVariable,
  listVariables,
  resolveVariables,
] as const;
