import { propertyOf } from '../answers.js';
import { firstOf, type RouteCases } from '../route-case.js';
import type { World } from '../world.js';

const LISTS = { none: 'a list has nothing that could be missing' };
const badPage = { change: { query: { pageSize: '0' } }, field: 'pageSize' };
const longIdentifier = { change: { params: { identifier: 'x'.repeat(129) } }, field: 'identifier' };
const missing = { change: { params: { identifier: 'nowhere' } } };
const noUser = { change: { params: { userId: 'nobody' } } };
const inScope = ({ scope }: World) => ({
  orgIdentifier: scope.orgIdentifier,
  projectIdentifier: scope.projectIdentifier,
});
const accountBody = (world: World, identifier: string) => ({
  identifier,
  name: world.marker,
  accountIdentifier: world.account,
  ...inScope(world),
  email: `${identifier.toLowerCase()}@service.sluice`,
  tags: { a: 'b' },
});
const groupBody = (world: World, identifier: string) => ({
  identifier,
  name: world.marker,
  accountIdentifier: world.account,
  ...inScope(world),
  users: [],
});
const assignment = (identifier: string) => ({
  roleIdentifier: '_viewer',
  resourceGroupIdentifier: '_all_resources_including_child_scopes',
  principal: { identifier, type: 'SERVICE_ACCOUNT', scopeLevel: 'project' },
});

async function serviceAccount(world: World): Promise<string> {
  const identifier = world.make.id('robot');
  await world.make.call('POST', '/ng/api/serviceaccount', { query: world.scope, body: accountBody(world, identifier) });
  return identifier;
}
async function group(world: World): Promise<string> {
  const identifier = world.make.id('group');
  await world.make.call('POST', '/ng/api/user-groups', { query: world.scope, body: groupBody(world, identifier) });
  return identifier;
}
async function user(world: World): Promise<string> {
  const answer = await world.make.call('POST', '/ng/api/user', {
    query: world.inAccount,
    body: { email: `${world.make.id('ann').toLowerCase()}@example.com`, name: world.marker },
  });
  return String(propertyOf(propertyOf(answer, 'data'), 'uuid'));
}
async function boundRole(world: World): Promise<string> {
  const answer = await world.make.call('POST', '/ng/api/role-assignments', {
    query: world.scope,
    body: assignment(await serviceAccount(world)),
  });
  return String(propertyOf(propertyOf(propertyOf(answer, 'data'), 'roleAssignment'), 'identifier'));
}
async function member(world: World): Promise<{ readonly identifier: string; readonly userId: string }> {
  const [identifier, userId] = [await group(world), await user(world)];
  await world.make.call('PUT', `/ng/api/user-groups/${identifier}/member/${userId}`, { query: world.scope });
  return { identifier, userId };
}

/** Users, service accounts, groups and the roles bound to them (our own routes, after the platform's). */
export const accessCases: RouteCases = {
  createUser: {
    request: ({ inAccount, make }) => ({
      query: inAccount,
      json: { email: `${make.id('bob').toLowerCase()}@example.com`, name: 'Bob' },
    }),
    answers: (_, { json }) => ({ ...(json as object), disabled: false }),
    invalid: { change: { json: { email: 'nobody', name: 'x' } }, field: 'email' },
    missing: { change: { json: { email: 'somebody@example.com', name: 'x', userGroups: ['nowhere'] } } },
    otherAccount: 'an answer of its own',
  },
  addUsers: {
    request: ({ scope, make }) => ({
      query: scope,
      json: {
        emails: [`${make.id('eve').toLowerCase()}@example.com`],
        userGroups: ['_project_all_users'],
        roleBindings: [{ roleIdentifier: '_project_viewer', resourceGroupIdentifier: '_all_project_level_resources' }],
      },
    }),
    answers: (_, { json }) => ({
      addUserResponseMap: { [String((json as { emails: string[] }).emails[0])]: 'USER_ADDED_SUCCESSFULLY' },
    }),
    invalid: { change: { json: { emails: ['nobody'] } }, field: 'emails' },
    missing: { change: { json: { emails: ['somebody@example.com'], userGroups: ['nowhere'] } } },
  },
  batchUsers: {
    request: ({ inAccount, user: { email, id } }) => ({
      query: inAccount,
      json: { emails: [email], identifiers: [id] },
    }),
    answers: ({ user: { email, id } }) => ({ totalItems: 1, content: [{ uuid: id, email }] }),
    invalid: { change: { json: { parentFilter: 'SOME' } }, field: 'parentFilter' },
    missing: LISTS,
  },
  updateUserInfo: {
    request: async (world) => ({ query: world.inAccount, json: { uuid: await user(world), name: 'Renamed' } }),
    answers: ({ account }, { json }) => ({ ...(json as object), defaultAccountId: account, disabled: false }),
    invalid: { change: { json: { name: 'x' } }, field: 'uuid' },
    missing: { change: { json: { uuid: 'nobody', name: 'x' } } },
    rights: 'user.edit',
  },
  updateUser: {
    request: async (world) => ({
      query: world.inAccount,
      params: { userId: await user(world) },
      json: { name: 'Renamed', disabled: true },
    }),
    answers: { name: 'Renamed', disabled: true },
    invalid: { change: { json: { disabled: 'perhaps' } }, field: 'disabled' },
    missing: noUser,
  },
  deleteUser: {
    request: async (world) => ({ query: world.inAccount, params: { userId: await user(world) } }),
    answers: true,
    invalid: { change: { params: { userId: 'x'.repeat(129) } }, field: 'userId' },
    missing: noUser,
  },
  createServiceAccount: {
    request: (world) => ({ query: world.scope, json: accountBody(world, world.make.id('robot')) }),
    answers: (_, { json }) => json as { [key: string]: unknown },
    invalid: (world) => ({ change: { json: accountBody(world, 'with-hyphen') }, field: 'identifier' }),
    missing: (world) => ({
      change: {
        query: { projectIdentifier: 'nowhere' },
        json: { ...accountBody(world, 'robot'), projectIdentifier: 'nowhere' },
      },
    }),
  },
  updateServiceAccount: {
    request: async (world) => {
      const identifier = await serviceAccount(world);
      return {
        query: world.scope,
        params: { identifier },
        json: { ...accountBody(world, identifier), name: 'Renamed' },
      };
    },
    answers: (_, { json }) => json as { [key: string]: unknown },
    invalid: (world) => ({ change: { json: { ...accountBody(world, 'robot'), name: '' } }, field: 'name' }),
    missing: (world) => ({ change: { params: { identifier: 'nowhere' }, json: accountBody(world, 'nowhere') } }),
  },
  listServiceAccounts: {
    request: async (world) => ({ query: { ...world.scope, identifiers: [await serviceAccount(world)] } }),
    answers: (_, { query }) => [{ identifier: firstOf(query, 'identifiers') }],
    invalid: { change: { query: { accountIdentifier: [] } }, field: 'accountIdentifier' },
    missing: LISTS,
  },
  getServiceAccount: {
    request: async (world) => ({ query: world.scope, params: { identifier: await serviceAccount(world) } }),
    answers: (_, { params }) => ({ identifier: params?.['identifier'] }),
    invalid: longIdentifier,
    missing,
  },
  deleteServiceAccount: {
    request: async (world) => ({ query: world.scope, params: { identifier: await serviceAccount(world) } }),
    answers: true,
    invalid: longIdentifier,
    missing,
  },
  aggregateServiceAccounts: {
    request: async (world) => ({ query: { ...world.scope, identifiers: [await serviceAccount(world)] } }),
    answers: { totalItems: 1, content: [{ tokensCount: 0 }] },
    invalid: badPage,
    missing: LISTS,
  },
  aggregateServiceAccount: {
    request: async (world) => ({ query: world.scope, params: { identifier: await serviceAccount(world) } }),
    answers: (_, { params }) => ({
      serviceAccount: { identifier: params?.['identifier'] },
      roleAssignmentsMetadataDTO: [],
    }),
    invalid: longIdentifier,
    missing,
  },
  createUserGroup: {
    request: (world) => ({ query: world.scope, json: groupBody(world, world.make.id('group')) }),
    answers: (_, { json }) => ({ ...(json as object), externallyManaged: false }),
    invalid: (world) => ({ change: { json: groupBody(world, 'with-hyphen') }, field: 'identifier' }),
    missing: (world) => ({
      change: {
        query: { projectIdentifier: 'nowhere' },
        json: { ...groupBody(world, 'g'), projectIdentifier: 'nowhere' },
      },
    }),
  },
  createUserGroupV2: {
    request: (world) => ({
      query: world.scope,
      json: {
        ...groupBody(world, world.make.id('group')),
        users: [world.user.email],
        notificationConfigs: [{ type: 'SLACK', slackWebhookUrl: 'https://hooks.example/x' }],
      },
    }),
    answers: ({ user }, { json }) => ({
      ...(json as object),
      users: [{ uuid: user.id, name: user.name, email: user.email }],
    }),
    invalid: (world) => ({
      change: {
        json: {
          ...groupBody(world, 'g'),
          notificationConfigs: [{ type: 'SLACK', slackWebhookUrl: 'http://hooks.example/x' }],
        },
      },
      field: 'notificationConfigs',
    }),
    missing: (world) => ({ change: { json: { ...groupBody(world, 'g'), users: ['nobody@example.com'] } } }),
  },
  updateUserGroupV2: {
    request: async (world) => ({
      query: world.scope,
      json: { ...groupBody(world, await group(world)), users: [world.user.email] },
    }),
    answers: ({ user }) => ({ users: [{ email: user.email }], notificationConfigs: [] }),
    invalid: (world) => ({ change: { json: { ...groupBody(world, 'g'), users: ['nobody'] } }, field: 'users' }),
    missing: (world) => ({ change: { json: groupBody(world, 'nowhere') } }),
  },
  updateUserGroup: {
    request: async (world) => ({
      query: world.scope,
      json: { ...groupBody(world, await group(world)), name: 'Renamed' },
    }),
    answers: (_, { json }) => json as { [key: string]: unknown },
    invalid: (world) => ({ change: { json: { ...groupBody(world, 'g'), users: 'everybody' } }, field: 'users' }),
    missing: (world) => ({ change: { json: groupBody(world, 'nowhere') } }),
  },
  updateUserGroupByPath: {
    request: async (world) => {
      const identifier = await group(world);
      return { query: world.scope, params: { identifier }, json: { ...groupBody(world, identifier), name: 'Renamed' } };
    },
    answers: (_, { json }) => json as { [key: string]: unknown },
    invalid: (world) => ({ change: { json: { ...groupBody(world, 'g'), users: 'everybody' } }, field: 'users' }),
    missing: (world) => ({ change: { params: { identifier: 'nowhere' }, json: groupBody(world, 'nowhere') } }),
  },
  listUserGroups: {
    request: async (world) => ({ query: { ...world.scope, searchTerm: await group(world) } }),
    answers: { totalItems: 1 },
    invalid: badPage,
    missing: LISTS,
    otherAccount: 'an answer of its own',
  },
  filterUserGroups: {
    request: async (world) => ({
      query: world.inAccount,
      json: { accountIdentifier: world.account, ...inScope(world), identifierFilter: [await group(world)] },
    }),
    answers: (_, { json }) => [{ identifier: (json as { identifierFilter: string[] }).identifierFilter[0] }],
    invalid: (world) => ({
      change: { json: { accountIdentifier: world.account, ...inScope(world), filterType: 'EVERYTHING' } },
      field: 'filterType',
    }),
    missing: LISTS,
    otherAccount: 'an answer of its own',
  },
  getUserGroup: {
    request: async (world) => ({ query: world.scope, params: { identifier: await group(world) } }),
    answers: (_, { params }) => ({ identifier: params?.['identifier'] }),
    invalid: longIdentifier,
    missing,
  },
  deleteUserGroup: {
    request: async (world) => ({ query: world.scope, params: { identifier: await group(world) } }),
    answers: (_, { params }) => ({ identifier: params?.['identifier'] }),
    invalid: longIdentifier,
    missing,
  },
  listGroupMembers: {
    request: async (world) => ({ query: world.scope, params: { identifier: (await member(world)).identifier } }),
    answers: { totalItems: 1 },
    invalid: badPage,
    missing,
  },
  isGroupMember: {
    request: async (world) => ({ query: world.scope, params: await member(world) }),
    answers: true,
    invalid: longIdentifier,
    missing,
  },
  addGroupMember: {
    request: async (world) => ({
      query: world.scope,
      params: { identifier: await group(world), userId: await user(world) },
    }),
    answers: (_, { params }) => ({ users: [params?.['userId']] }),
    invalid: longIdentifier,
    missing: noUser,
  },
  removeGroupMember: {
    request: async (world) => ({ query: world.scope, params: await member(world) }),
    answers: { users: [] },
    invalid: longIdentifier,
    missing,
  },
  listRoles: {
    request: ({ inAccount }) => ({ query: inAccount }),
    answers: { totalItems: 6 },
    invalid: badPage,
    missing: LISTS,
    otherAccount: 'an answer of its own',
  },
  createRoleAssignment: {
    request: async (world) => ({ query: world.scope, json: assignment(await serviceAccount(world)) }),
    answers: (_, { json }) => ({ roleAssignment: json, harnessManaged: false }),
    invalid: { change: { json: { ...assignment('x'), roleIdentifier: '_emperor' } }, field: 'roleIdentifier' },
    missing: { change: { json: assignment('nowhere') } },
  },
  listRoleAssignments: {
    request: async (world) => {
      const identifier = await serviceAccount(world);
      await world.make.call('POST', '/ng/api/role-assignments', { query: world.scope, body: assignment(identifier) });
      return { query: { ...world.scope, principalIdentifier: identifier, principalType: 'SERVICE_ACCOUNT' } };
    },
    answers: { totalItems: 1, content: [{ roleAssignment: { roleIdentifier: '_viewer' } }] },
    invalid: badPage,
    missing: LISTS,
  },
  getRoleAssignment: {
    request: async (world) => ({ query: world.scope, params: { identifier: await boundRole(world) } }),
    answers: (_, { params }) => ({ roleAssignment: { identifier: params?.['identifier'] } }),
    invalid: longIdentifier,
    missing,
  },
  deleteRoleAssignment: {
    request: async (world) => ({ query: world.scope, params: { identifier: await boundRole(world) } }),
    answers: (_, { params }) => ({ roleAssignment: { identifier: params?.['identifier'] } }),
    invalid: longIdentifier,
    missing,
  },
};
