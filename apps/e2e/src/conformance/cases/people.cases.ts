import { apiKeyBody, tokenBody } from '../make-world.js';
import type { RouteCases } from '../route-case.js';
import type { World } from '../world.js';

const LISTS = { none: 'a list has nothing that could be missing' };
const owner = ({ inAccount, user }: World) => ({ ...inAccount, apiKeyType: 'USER', parentIdentifier: user.id });
const ofKey = (world: World) => ({ ...owner(world), apiKeyIdentifier: world.apiKey });
const noOwner = { change: { query: { parentIdentifier: [] } }, field: 'parentIdentifier' };
const missing = { change: { params: { identifier: 'nowhere' } }, code: 'RESOURCE_NOT_FOUND_EXCEPTION' };
const badPage = { change: { query: { pageSize: '0' } }, field: 'pageSize' };

/** Users, the account, API keys and their tokens (api-contract 3.1, 3.2). Keys of others take the right to edit users. */
export const peopleCases: RouteCases = {
  getCurrentUser: {
    request: ({ inAccount }) => ({ query: { ...inAccount, routingId: inAccount.accountIdentifier } }),
    answers: ({ account, user }) => ({
      uuid: user.id,
      email: user.email,
      defaultAccountId: account,
      disabled: false,
      locked: false,
    }),
    invalid: { change: { query: { accountIdentifier: ['', ''] } }, field: 'accountIdentifier' },
    missing: { none: 'whoever asks exists' },
    rights: 'self',
    otherAccount: 'an answer of its own',
  },
  getCallerPermissions: {
    request: ({ scope }) => ({ query: scope }),
    check: (text) =>
      text.includes('"pipeline.execute"') ? undefined : 'does not name pipeline.execute, which the caller holds',
    invalid: { change: { query: { accountIdentifier: ['', ''] } }, field: 'accountIdentifier' },
    missing: { none: 'rights do not depend on whether the place exists' },
    rights: 'self',
    otherAccount: 'an answer of its own',
  },
  aggregateUsers: {
    request: ({ inAccount, user }) => ({ query: inAccount, json: { searchTerm: user.email } }),
    answers: ({ user }) => ({ totalItems: 1, content: [{ user: { uuid: user.id, email: user.email } }] }),
    invalid: badPage,
    missing: LISTS,
  },
  getUser: {
    request: ({ inAccount, user }) => ({ query: inAccount, params: { userId: user.id } }),
    answers: ({ user }) => ({ email: user.email }),
    invalid: { change: { params: { userId: 'x'.repeat(129) } }, field: 'userId' },
    missing: { change: { params: { userId: 'nobody' } } },
  },
  getUserAggregate: {
    request: ({ inAccount, user }) => ({ query: inAccount, params: { userId: user.id } }),
    answers: ({ user }) => ({ user: { uuid: user.id, email: user.email } }),
    invalid: { change: { params: { userId: 'x'.repeat(129) } }, field: 'userId' },
    missing: { change: { params: { userId: 'nobody' } } },
  },
  getAccount: {
    request: ({ account }) => ({ params: { accountIdentifier: account } }),
    answers: ({ account }) => ({ identifier: account }),
    invalid: { change: { params: { accountIdentifier: 'x'.repeat(129) } }, field: 'accountIdentifier' },
    missing: { change: { params: { accountIdentifier: 'somebody_elses' } }, status: 403 },
  },
  createApiKey: {
    request: (world) => ({
      query: world.inAccount,
      json: {
        ...apiKeyBody(world, world.make.id('key')),
        name: 'CI',
        defaultTimeToExpireToken: 86_400_000,
        tags: { a: 'b' },
      },
    }),
    answers: (_, { json }) => json,
    invalid: (world) => ({ change: { json: apiKeyBody(world, 'with-hyphen') }, field: 'identifier' }),
    missing: (world) => ({ change: { json: { ...apiKeyBody(world, 'k'), parentIdentifier: 'nobody' } } }),
    rights: 'user.edit',
  },
  listApiKeys: {
    request: (world) => ({ query: { ...owner(world), identifiers: [world.apiKey] } }),
    answers: ({ account, apiKey, user }) => [
      { identifier: apiKey, apiKeyType: 'USER', parentIdentifier: user.id, accountIdentifier: account },
    ],
    invalid: noOwner,
    missing: { change: { query: { parentIdentifier: 'nobody' } } },
    rights: 'user.edit',
  },
  updateApiKey: {
    request: async (world) => {
      const identifier = await world.make.apiKey();
      return {
        query: world.inAccount,
        params: { identifier },
        json: { ...apiKeyBody(world, identifier), name: 'Renamed' },
      };
    },
    answers: (_, { json }) => json,
    invalid: (world) => ({ change: { json: { ...apiKeyBody(world, 'k'), apiKeyType: 'ROBOT' } }, field: 'apiKeyType' }),
    missing: (world) => ({ change: { ...missing.change, json: apiKeyBody(world, 'nowhere') }, code: missing.code }),
    rights: 'user.edit',
  },
  deleteApiKey: {
    request: async (world) => ({ query: owner(world), params: { identifier: await world.make.apiKey() } }),
    answers: true,
    invalid: noOwner,
    missing,
    rights: 'user.edit',
  },
  aggregateApiKeys: {
    request: (world) => ({ query: { ...owner(world), searchTerm: world.apiKey } }),
    answers: ({ apiKey }) => ({ totalItems: 1, content: [{ apiKey: { identifier: apiKey } }] }),
    invalid: badPage,
    missing: { change: { query: { parentIdentifier: 'nobody' } } },
    rights: 'user.edit',
  },
  aggregateApiKey: {
    request: (world) => ({ query: owner(world), params: { identifier: world.apiKey } }),
    answers: ({ apiKey }) => ({ apiKey: { identifier: apiKey } }),
    invalid: noOwner,
    missing,
    rights: 'user.edit',
  },
  createToken: {
    request: (world) => ({
      query: world.inAccount,
      json: { ...tokenBody(world, world.make.id('token')), name: 'CI', scheduledExpireTime: 4_000_000_000_000 },
    }),
    check: (text) =>
      /"data":"pat\.[\w-]+\.[\w-]+\.[\w-]+"/.test(text) ? undefined : 'does not answer the token’s value',
    invalid: (world) => ({
      change: { json: { ...tokenBody(world, 't'), validFrom: 2_000, validTo: 1_000 } },
      field: 'validTo',
    }),
    missing: (world) => ({ change: { json: { ...tokenBody(world, 't'), apiKeyIdentifier: 'nowhere' } } }),
    rights: 'user.edit',
  },
  updateToken: {
    request: async (world) => {
      const identifier = await world.make.token();
      return {
        query: world.inAccount,
        params: { identifier },
        json: { ...tokenBody(world, identifier), name: 'Renamed' },
      };
    },
    answers: (_, { json }) => ({ ...(json as object), valid: true }),
    invalid: (world) => ({ change: { json: { ...tokenBody(world, 't'), name: '' } }, field: 'name' }),
    missing: (world) => ({ change: { ...missing.change, json: tokenBody(world, 'nowhere') }, code: missing.code }),
    rights: 'user.edit',
  },
  deleteToken: {
    request: async (world) => ({ query: ofKey(world), params: { identifier: await world.make.token() } }),
    answers: true,
    invalid: { change: { query: { apiKeyIdentifier: [] } }, field: 'apiKeyIdentifier' },
    missing,
    rights: 'user.edit',
  },
  rotateToken: {
    request: async (world) => ({ query: ofKey(world), params: { identifier: await world.make.token() } }),
    check: (text) =>
      /"data":"pat\.[\w-]+\.[\w-]+\.[\w-]+"/.test(text) ? undefined : 'does not answer the token’s value',
    invalid: { change: { query: { rotateTimestamp: 'soon' } }, field: 'rotateTimestamp' },
    missing,
    rights: 'user.edit',
  },
  aggregateTokens: {
    request: (world) => ({ query: { ...ofKey(world), searchTerm: world.token } }),
    answers: ({ token }) => ({ totalItems: 1, content: [{ token: { identifier: token, valid: true } }] }),
    invalid: badPage,
    missing: { change: { query: { parentIdentifier: 'nobody' } } },
    rights: 'user.edit',
  },
};
