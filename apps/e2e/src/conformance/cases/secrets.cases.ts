import { secretBody } from '../make-world.js';
import type { RouteCases } from '../route-case.js';

const LISTS = { none: 'a list has nothing that could be missing' };
const longIdentifier = { change: { params: { identifier: 'x'.repeat(129) } }, field: 'identifier' };
const missing = { change: { params: { identifier: 'nowhere' } } };
const badPage = { change: { query: { pageSize: '0' } }, field: 'pageSize' };
const withoutValue = { spec: { secretManagerIdentifier: 'harnessSecretManager', valueType: 'Inline', value: null } };

/** Secrets of `/ng/api/v2` (api-contract 3.1, 3.4). An inline value is never given back. */
export const secretCases: RouteCases = {
  createSecret: {
    request: (world) => ({
      query: world.scope,
      json: {
        secret: { ...secretBody(world, world.make.id('secret')), name: 'Password', description: 'd', tags: { a: 'b' } },
      },
    }),
    answers: (_, { json }) => ({ secret: { ...(json as { secret: object }).secret, ...withoutValue } }),
    check: (text) => (text.includes('open sesame') ? 'shows the value of the secret' : undefined),
    invalid: (world) => ({
      change: { json: { secret: { ...secretBody(world, 'with-hyphen') } } },
      field: 'secret.identifier',
    }),
    missing: (world) => ({
      change: {
        query: { projectIdentifier: 'nowhere' },
        json: { secret: { ...secretBody(world, 's'), projectIdentifier: 'nowhere' } },
      },
    }),
  },
  updateSecret: {
    request: async (world) => {
      const identifier = await world.make.secret();
      return {
        query: world.scope,
        params: { identifier },
        json: { secret: { ...secretBody(world, identifier), name: 'Renamed' } },
      };
    },
    answers: (_, { json }) => ({ secret: { ...(json as { secret: object }).secret, ...withoutValue } }),
    check: (text) => (text.includes('open sesame') ? 'shows the value of the secret' : undefined),
    invalid: (world) => ({
      change: { json: { secret: { ...secretBody(world, 's'), type: 'Nonsense' } } },
      field: 'secret.type',
    }),
    missing: (world) => ({
      change: { params: { identifier: 'nowhere' }, json: { secret: secretBody(world, 'nowhere') } },
    }),
  },
  getSecret: {
    request: ({ scope, secret }) => ({ query: scope, params: { identifier: secret } }),
    answers: ({ secret }) => ({ secret: { identifier: secret, type: 'SecretText', ...withoutValue } }),
    invalid: longIdentifier,
    missing,
  },
  deleteSecret: {
    request: async ({ scope, make }) => ({ query: scope, params: { identifier: await make.secret() } }),
    answers: true,
    invalid: { change: { query: { forceDelete: 'perhaps' } }, field: 'forceDelete' },
    missing,
  },
  listSecrets: {
    request: ({ scope, secret }) => ({ query: { ...scope, identifiers: [secret] } }),
    answers: ({ secret }) => ({ totalItems: 1, content: [{ secret: { identifier: secret } }] }),
    invalid: badPage,
    missing: LISTS,
  },
  filterSecrets: {
    request: ({ scope, secret }) => ({ query: scope, json: { identifiers: [secret], secretTypes: ['SecretText'] } }),
    answers: ({ secret }) => ({ totalItems: 1, content: [{ secret: { identifier: secret } }] }),
    invalid: badPage,
    missing: LISTS,
  },
  filterSecretsV2: {
    request: ({ scope, secret }) => ({
      query: scope,
      json: {
        filterType: 'Secret',
        searchTerm: secret,
        orgIdentifier: scope.orgIdentifier,
        projectIdentifier: scope.projectIdentifier,
      },
    }),
    answers: ({ secret }) => ({ totalItems: 1, content: [{ secret: { identifier: secret } }] }),
    invalid: badPage,
    missing: LISTS,
  },
  isSecretIdentifierFree: {
    request: ({ scope, secret }) => ({ query: scope, params: { identifier: secret } }),
    answers: false,
    invalid: longIdentifier,
    missing: { none: 'a free identifier is an answer' },
    otherAccount: 'an answer of its own',
  },
};
