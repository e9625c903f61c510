import { firstOf, type RouteCase, type RouteCases } from '../route-case.js';
import type { World } from '../world.js';

/** One of the three levels the v1 twins exist at. */
interface Level {
  readonly name: 'Account' | 'Org' | 'Project';
  readonly params: (world: World) => Readonly<Record<string, string>>;
  /** Place of the collections, as a client writes it. */
  readonly root: (world: World) => string;
  /** As answers name the place. */
  readonly place: (world: World) => { readonly org: string | null; readonly project: string | null };
}

const LEVELS: readonly Level[] = [
  { name: 'Account', params: () => ({}), root: () => '/v1', place: () => ({ org: null, project: null }) },
  {
    name: 'Org',
    params: ({ org }) => ({ org }),
    root: ({ org }) => `/v1/orgs/${org}`,
    place: ({ org }) => ({ org, project: null }),
  },
  {
    name: 'Project',
    params: ({ path }) => path,
    root: ({ org, project }) => `/v1/orgs/${org}/projects/${project}`,
    place: ({ path }) => path,
  },
];

const LISTS = { none: 'a list has nothing that could be missing' };
const badLimit = { change: { query: { limit: '101' } }, field: 'limit' };
const badForce = { change: { query: { forceDelete: 'perhaps' } }, field: 'forceDelete' };
const noKey = (what: 'connector' | 'secret') => ({
  change: { json: { [what]: { name: 'x', spec: { type: 'Nonsense' } } } },
  field: what,
});

const connectorBody = (identifier: string, name: string) => ({
  connector: {
    identifier,
    name,
    description: 'd',
    tags: { a: 'b' },
    spec: { type: 'DockerRegistry', dockerRegistryUrl: 'https://registry.example.com', providerType: 'Other' },
  },
});
const secretBody = (identifier: string, name: string) => ({
  secret: {
    identifier,
    name,
    description: 'd',
    tags: { a: 'b' },
    spec: {
      type: 'SecretText',
      secret_manager_identifier: 'harnessSecretManager',
      value_type: 'Inline',
      value: 'open sesame',
    },
  },
});
const WITHOUT_VALUE = (text: string): string | undefined =>
  text.includes('open sesame') ? 'shows the value of the secret' : undefined;

function connectorTwins({ name, params, root, place }: Level): RouteCases {
  const made = async (world: World): Promise<string> => {
    const identifier = world.make.id('twin');
    await world.make.call('POST', `${root(world)}/connectors`, { body: connectorBody(identifier, world.marker) });
    return identifier;
  };
  const missing = { change: { params: { connector: 'nowhere' } }, code: 'RESOURCE_NOT_FOUND_EXCEPTION' };
  const longKey = { change: { params: { connector: 'x'.repeat(129) } }, field: 'connector' };
  const list: RouteCase = {
    request: async (world) => ({
      params: params(world),
      query: { connector: [await made(world)], type: 'DockerRegistry' },
    }),
    answers: (world, { query }) => [
      { connector: { identifier: firstOf(query, 'connector'), ...place(world), spec: { type: 'DockerRegistry' } } },
    ],
    invalid: badLimit,
    missing: LISTS,
  };
  const create: RouteCase = {
    request: (world) => ({ params: params(world), json: connectorBody(world.make.id('twin'), 'Registry') }),
    answers: (world, { json }) => ({
      connector: { ...(json as { connector: object }).connector, ...place(world) },
      harness_managed: false,
    }),
    invalid: noKey('connector'),
    missing:
      name === 'Account' ? { none: 'the account of the key exists' } : { change: { params: { org: 'nowhere' } } },
    ...(name === 'Account' ? { otherAccount: 'an answer of its own' } : {}),
  };
  const update: RouteCase = {
    request: async (world) => {
      const identifier = await made(world);
      return { params: { ...params(world), connector: identifier }, json: connectorBody(identifier, 'Renamed') };
    },
    answers: (world, { json }) => ({ connector: { ...(json as { connector: object }).connector, ...place(world) } }),
    invalid: noKey('connector'),
    missing: { change: { params: { connector: 'nowhere' }, json: connectorBody('nowhere', 'x') } },
  };
  const one = async (world: World) => ({ params: { ...params(world), connector: await made(world) } });
  const named: RouteCase['answers'] = (world, { params: sent }) => ({
    connector: { identifier: sent?.['connector'], slug: sent?.['connector'], ...place(world) },
  });
  return {
    [`v1List${name}Connectors`]: list,
    [`v1Create${name}Connector`]: create,
    [`v1Get${name}Connector`]: { request: one, answers: named, invalid: longKey, missing },
    [`v1Update${name}Connector`]: update,
    [`v1Delete${name}Connector`]: { request: one, answers: named, invalid: badForce, missing },
    // Nobody answers under this name, and the answer says so.
    [`v1Test${name}Connector`]: { request: one, answers: { status: 'FAILURE' }, invalid: longKey, missing },
  };
}

function secretTwins({ name, params, root, place }: Level): RouteCases {
  const made = async (world: World): Promise<string> => {
    const identifier = world.make.id('twin');
    await world.make.call('POST', `${root(world)}/secrets`, { body: secretBody(identifier, world.marker) });
    return identifier;
  };
  const echo: RouteCase['answers'] = (world, { json }) => {
    const { secret } = json as ReturnType<typeof secretBody>;
    return { secret: { ...secret, ...place(world), spec: { type: 'SecretText', value_type: 'Inline', value: null } } };
  };
  const missing = { change: { params: { secret: 'nowhere' } } };
  const longKey = { change: { params: { secret: 'x'.repeat(129) } }, field: 'secret' };
  const one = async (world: World) => ({ params: { ...params(world), secret: await made(world) } });
  const named: RouteCase['answers'] = (world, { params: sent }) => ({
    secret: { identifier: sent?.['secret'], ...place(world) },
  });
  return {
    [`v1List${name}Secrets`]: {
      request: async (world) => ({ params: params(world), query: { secret: [await made(world)] } }),
      answers: (world, { query }) => [{ secret: { identifier: firstOf(query, 'secret'), ...place(world) } }],
      check: WITHOUT_VALUE,
      invalid: badLimit,
      missing: LISTS,
    },
    [`v1Create${name}Secret`]: {
      request: (world) => ({
        params: params(world),
        query: { private: false },
        json: secretBody(world.make.id('twin'), 'Password'),
      }),
      answers: echo,
      check: WITHOUT_VALUE,
      invalid: noKey('secret'),
      missing:
        name === 'Account' ? { none: 'the account of the key exists' } : { change: { params: { org: 'nowhere' } } },
      ...(name === 'Account' ? { otherAccount: 'an answer of its own' } : {}),
    },
    [`v1Get${name}Secret`]: { request: one, answers: named, check: WITHOUT_VALUE, invalid: longKey, missing },
    [`v1Update${name}Secret`]: {
      request: async (world) => {
        const identifier = await made(world);
        return { params: { ...params(world), secret: identifier }, json: secretBody(identifier, 'Renamed') };
      },
      answers: echo,
      check: WITHOUT_VALUE,
      invalid: noKey('secret'),
      missing: { change: { params: { secret: 'nowhere' }, json: secretBody('nowhere', 'x') } },
    },
    [`v1Delete${name}Secret`]: { request: one, answers: named, invalid: badForce, missing },
  };
}

/** Connectors and secrets of `/v1` at account, org and project (api-contract 3.1). */
export const twinCases: RouteCases = Object.assign(
  {},
  ...LEVELS.flatMap((level) => [connectorTwins(level), secretTwins(level)]),
) as RouteCases;
