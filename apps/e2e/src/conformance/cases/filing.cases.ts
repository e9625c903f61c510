import type { RouteCases } from '../route-case.js';
import type { World } from '../world.js';

const CODE = 'RESOURCE_NOT_FOUND_EXCEPTION';
const place = ({ org, project }: World) => ({ orgIdentifier: org, projectIdentifier: project });
const service = (world: World, identifier: string) => ({
  identifier,
  name: identifier,
  description: 'd',
  tags: { a: 'b' },
  ...place(world),
  yaml: `service:\n  identifier: ${identifier}\n`,
});
const environment = (world: World, identifier: string) => ({
  identifier,
  name: identifier,
  ...place(world),
  type: 'PreProduction',
  yaml: `environment:\n  identifier: ${identifier}\n`,
});
const infrastructure = (world: World, identifier: string, environmentRef: string) => ({
  identifier,
  name: identifier,
  ...place(world),
  environmentRef,
  type: 'KubernetesDirect',
  yaml: `infrastructureDefinition:\n  identifier: ${identifier}\n`,
});

async function made(world: World, path: string, body: { readonly identifier: string }): Promise<string> {
  await world.make.call('POST', path, { query: world.inAccount, body });
  return body.identifier;
}
const madeService = (world: World) => made(world, '/ng/api/servicesV2', service(world, world.make.id('service')));
const madeEnvironment = (world: World) =>
  made(world, '/ng/api/environmentsV2', environment(world, world.make.id('environment')));
async function madeInfrastructure(world: World): Promise<{ environment: string; identifier: string }> {
  const inside = await madeEnvironment(world);
  return {
    environment: inside,
    identifier: await made(
      world,
      '/ng/api/infrastructures',
      infrastructure(world, world.make.id('infrastructure'), inside),
    ),
  };
}
const badSize = { change: { query: { size: '0' } }, field: 'size' };
const badForce = { change: { query: { forceDelete: 'perhaps' } }, field: 'forceDelete' };
const long = 'x'.repeat(129);
const unnamed = (of: (world: World) => object) => (world: World) => ({
  change: { json: { ...of(world), name: '' } },
  field: 'name',
});
const noProject = (of: (world: World) => object) => (world: World) => ({
  change: { json: { ...of(world), projectIdentifier: 'nowhere', yaml: '' } },
  code: CODE,
});
const EMPTY = { none: 'a scope without any has an empty list' };

/** Services, environments and infrastructures. */
export const filingCases: RouteCases = {
  createService: {
    request: (world) => ({ query: world.inAccount, json: service(world, world.make.id('service')) }),
    answers: (_, { json }) => ({ service: json }),
    invalid: unnamed((world) => service(world, 's')),
    missing: noProject((world) => service(world, 's')),
  },
  updateService: {
    request: async (world) => ({ query: world.inAccount, json: service(world, await madeService(world)) }),
    answers: (_, { json }) => ({ service: json }),
    invalid: unnamed((world) => service(world, 's')),
    missing: (world) => ({ change: { json: service(world, 'nowhere') }, code: CODE }),
  },
  upsertService: {
    request: (world) => ({ query: world.inAccount, json: service(world, world.make.id('service')) }),
    answers: (_, { json }) => ({ service: json }),
    invalid: unnamed((world) => service(world, 's')),
    missing: noProject((world) => service(world, 's')),
  },
  getService: {
    request: async (world) => ({ query: world.scope, params: { serviceIdentifier: await madeService(world) } }),
    answers: (_, { params }) => ({ service: { identifier: params?.['serviceIdentifier'], deleted: false } }),
    invalid: { change: { params: { serviceIdentifier: long } }, field: 'serviceIdentifier' },
    missing: { change: { params: { serviceIdentifier: 'nowhere' } }, code: CODE },
  },
  deleteService: {
    request: async (world) => ({ query: world.scope, params: { serviceIdentifier: await madeService(world) } }),
    answers: true,
    invalid: badForce,
    missing: { change: { params: { serviceIdentifier: 'nowhere' } }, code: CODE },
  },
  listServices: {
    request: async (world) => ({ query: { ...world.scope, searchTerm: await madeService(world) } }),
    answers: { totalItems: 1, content: [{ service: { tags: { a: 'b' } } }] },
    invalid: badSize,
    missing: EMPTY,
  },
  createEnvironment: {
    request: (world) => ({ query: world.inAccount, json: environment(world, world.make.id('environment')) }),
    answers: (_, { json }) => ({ environment: json }),
    invalid: unnamed((world) => environment(world, 'e')),
    missing: noProject((world) => environment(world, 'e')),
  },
  updateEnvironment: {
    request: async (world) => ({ query: world.inAccount, json: environment(world, await madeEnvironment(world)) }),
    answers: (_, { json }) => ({ environment: json }),
    invalid: unnamed((world) => environment(world, 'e')),
    missing: (world) => ({ change: { json: environment(world, 'nowhere') }, code: CODE }),
  },
  upsertEnvironment: {
    request: (world) => ({ query: world.inAccount, json: environment(world, world.make.id('environment')) }),
    answers: (_, { json }) => ({ environment: json }),
    invalid: unnamed((world) => environment(world, 'e')),
    missing: noProject((world) => environment(world, 'e')),
  },
  getEnvironment: {
    request: async (world) => ({ query: world.scope, params: { environmentIdentifier: await madeEnvironment(world) } }),
    answers: (_, { params }) => ({
      environment: { identifier: params?.['environmentIdentifier'], type: 'PreProduction' },
    }),
    invalid: { change: { params: { environmentIdentifier: long } }, field: 'environmentIdentifier' },
    missing: { change: { params: { environmentIdentifier: 'nowhere' } }, code: CODE },
  },
  deleteEnvironment: {
    request: async (world) => ({ query: world.scope, params: { environmentIdentifier: await madeEnvironment(world) } }),
    answers: true,
    invalid: badForce,
    missing: { change: { params: { environmentIdentifier: 'nowhere' } }, code: CODE },
  },
  listEnvironments: {
    request: async (world) => ({ query: { ...world.scope, searchTerm: await madeEnvironment(world) } }),
    answers: { totalItems: 1, content: [{ environment: { type: 'PreProduction' } }] },
    invalid: badSize,
    missing: EMPTY,
  },
  createInfrastructure: {
    request: async (world) => ({
      query: world.inAccount,
      json: infrastructure(world, world.make.id('infrastructure'), await madeEnvironment(world)),
    }),
    answers: (_, { json }) => ({ infrastructure: json }),
    invalid: unnamed((world) => infrastructure(world, 'i', 'e')),
    missing: (world) => ({
      change: { json: infrastructure(world, 'i', 'nowhere') },
      status: 400,
      code: 'INVALID_IDENTIFIER_REF',
    }),
  },
  updateInfrastructure: {
    request: async (world) => {
      const { environment: inside, identifier } = await madeInfrastructure(world);
      return { query: world.inAccount, json: infrastructure(world, identifier, inside) };
    },
    answers: (_, { json }) => ({ infrastructure: json }),
    invalid: unnamed((world) => infrastructure(world, 'i', 'e')),
    missing: (world) => ({
      change: { json: infrastructure(world, 'i', 'nowhere') },
      status: 400,
      code: 'INVALID_IDENTIFIER_REF',
    }),
  },
  upsertInfrastructure: {
    request: async (world) => ({
      query: world.inAccount,
      json: infrastructure(world, world.make.id('infrastructure'), await madeEnvironment(world)),
    }),
    answers: (_, { json }) => ({ infrastructure: json }),
    invalid: unnamed((world) => infrastructure(world, 'i', 'e')),
    missing: (world) => ({
      change: { json: infrastructure(world, 'i', 'nowhere') },
      status: 400,
      code: 'INVALID_IDENTIFIER_REF',
    }),
  },
  getInfrastructure: {
    request: async (world) => {
      const { environment: environmentIdentifier, identifier: infraIdentifier } = await madeInfrastructure(world);
      return { query: { ...world.scope, environmentIdentifier }, params: { infraIdentifier } };
    },
    answers: (_, { params }) => ({
      infrastructure: { identifier: params?.['infraIdentifier'], type: 'KubernetesDirect' },
    }),
    invalid: { change: { query: { environmentIdentifier: 'a b' } }, field: 'environmentIdentifier' },
    missing: { change: { params: { infraIdentifier: 'nowhere' } }, code: CODE },
  },
  deleteInfrastructure: {
    request: async (world) => {
      const { environment: environmentIdentifier, identifier: infraIdentifier } = await madeInfrastructure(world);
      return { query: { ...world.scope, environmentIdentifier }, params: { infraIdentifier } };
    },
    answers: true,
    invalid: badForce,
    missing: { change: { params: { infraIdentifier: 'nowhere' } }, code: CODE },
  },
  listInfrastructures: {
    request: async (world) => ({
      query: { ...world.scope, environmentIdentifier: (await madeInfrastructure(world)).environment },
    }),
    answers: { totalItems: 1, content: [{ infrastructure: { type: 'KubernetesDirect' } }] },
    invalid: badSize,
    missing: EMPTY,
  },
};
