import type { RouteCases } from '../route-case.js';
import type { World } from '../world.js';

const variableBody = ({ org, project }: World, identifier: string, fixedValue = 'value') => ({
  variable: {
    identifier,
    name: identifier,
    description: 'd',
    orgIdentifier: org,
    projectIdentifier: project,
    type: 'String',
    spec: { valueType: 'FIXED', fixedValue },
  },
});
async function stored(world: World): Promise<string> {
  const identifier = world.make.id('variable');
  await world.make.call('POST', '/ng/api/variables', { query: world.inAccount, body: variableBody(world, identifier) });
  return identifier;
}
const missing = { change: { params: { identifier: 'nowhere' } }, code: 'RESOURCE_NOT_FOUND_EXCEPTION' };
const longIdentifier = { change: { params: { identifier: 'x'.repeat(129) } }, field: 'identifier' };
const empty = (world: World) => ({
  change: { json: { variable: { ...variableBody(world, 'v').variable, name: '' } } },
  field: 'variable.name',
});

/** Variables of accounts, organizations and projects. */
export const variableCases: RouteCases = {
  createVariable: {
    request: (world) => ({ query: world.inAccount, json: variableBody(world, world.make.id('variable')) }),
    answers: (_, { json }) => json,
    invalid: empty,
    missing: (world) => ({
      change: { json: { variable: { ...variableBody(world, 'v').variable, projectIdentifier: 'nowhere' } } },
      code: 'RESOURCE_NOT_FOUND_EXCEPTION',
    }),
  },
  updateVariable: {
    request: async (world) => ({ query: world.inAccount, json: variableBody(world, await stored(world), 'later') }),
    answers: (_, { json }) => json,
    invalid: empty,
    missing: (world) => ({ change: { json: variableBody(world, 'nowhere') }, code: 'RESOURCE_NOT_FOUND_EXCEPTION' }),
  },
  getVariable: {
    request: async (world) => ({ query: world.scope, params: { identifier: await stored(world) } }),
    answers: (_, { params }) => ({
      variable: {
        identifier: params?.['identifier'],
        type: 'String',
        spec: { valueType: 'FIXED', fixedValue: 'value' },
      },
    }),
    invalid: longIdentifier,
    missing,
  },
  deleteVariable: {
    request: async (world) => ({ query: world.scope, params: { identifier: await stored(world) } }),
    answers: true,
    invalid: longIdentifier,
    missing,
  },
  listVariables: {
    request: async (world) => ({
      query: { ...world.scope, searchTerm: await stored(world), pageIndex: 0, pageSize: 5 },
    }),
    answers: { totalItems: 1, content: [{ variable: { spec: { fixedValue: 'value' } } }] },
    invalid: { change: { query: { pageSize: '0' } }, field: 'pageSize' },
    missing: { none: 'a scope without variables has an empty list' },
  },
};
