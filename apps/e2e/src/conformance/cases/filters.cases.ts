import type { RouteCases } from '../route-case.js';
import type { World } from '../world.js';

const ofSetup = ({ scope }: World) => ({ ...scope, type: 'PipelineSetup' });
const filterBody = ({ org, project }: World, identifier: string, name = identifier) => ({
  name,
  identifier,
  orgIdentifier: org,
  projectIdentifier: project,
  filterProperties: { filterType: 'PipelineSetup', tags: { foo: 'bar' } },
  filterVisibility: 'EveryOne',
});
async function stored(world: World): Promise<string> {
  const identifier = world.make.id('filter');
  await world.make.call('POST', '/pipeline/api/filters', { query: world.scope, body: filterBody(world, identifier) });
  return identifier;
}
const badType = { change: { query: { type: 'Template' } }, field: 'type' };
const missing = { change: { params: { identifier: 'nowhere' } } };

/** Stored filters of pipelines and executions. */
export const filterCases: RouteCases = {
  createFilter: {
    request: (world) => ({ query: world.scope, json: filterBody(world, world.make.id('filter')) }),
    answers: (_, { json }) => json,
    invalid: {
      change: { json: { name: 'n', identifier: 'n', filterProperties: { filterType: 'Template' } } },
      field: 'filterProperties',
    },
    missing: (world) => ({
      change: {
        query: { projectIdentifier: 'nowhere' },
        json: { ...filterBody(world, 'n'), projectIdentifier: 'nowhere' },
      },
    }),
  },
  updateFilter: {
    request: async (world) => ({ query: world.scope, json: filterBody(world, await stored(world), 'Later') }),
    answers: (_, { json }) => json,
    invalid: (world) => ({ change: { json: { ...filterBody(world, 'n'), name: '' } }, field: 'name' }),
    missing: (world) => ({ change: { json: filterBody(world, 'nowhere') } }),
  },
  listFilters: {
    request: async (world) => ({ query: { ...ofSetup(world), searchTerm: await stored(world) } }),
    answers: { totalItems: 1, pageIndex: 0, content: [{ filterProperties: { tags: { foo: 'bar' } } }] },
    invalid: badType,
    missing: { none: 'a project without filters has an empty list' },
  },
  getFilter: {
    request: async (world) => ({ query: ofSetup(world), params: { identifier: await stored(world) } }),
    answers: (_, { params }) => ({ identifier: params?.['identifier'], filterVisibility: 'EveryOne' }),
    invalid: badType,
    missing,
  },
  deleteFilter: {
    request: async (world) => ({ query: ofSetup(world), params: { identifier: await stored(world) } }),
    answers: true,
    invalid: badType,
    missing,
  },
};
