import { partOf, propertyOf } from '../answers.js';
import type { RouteCases } from '../route-case.js';
import type { World } from '../world.js';

const LISTS = { none: 'a list has nothing that could be missing' };
const NOTHING = { none: 'a new one refers to nothing' };
const badPage = { change: { query: { pageSize: '0' } }, field: 'pageSize' };
const longIdentifier = { change: { params: { identifier: 'x'.repeat(129) } }, field: 'identifier' };
const missing = { change: { params: { identifier: 'nowhere' } } };
const BINDINGS = '/authz/api/roleassignments';
const GROUP = '_all_project_level_resources';
const builtIn = { message: partOf('is built in') };
const binding = (identifier: string) => ({
  roleIdentifier: '_project_viewer',
  roleReference: { identifier: '_project_viewer', scopeLevel: 'project' },
  resourceGroupIdentifier: GROUP,
  principal: { identifier, type: 'SERVICE_ACCOUNT', scopeLevel: 'project' },
});

async function robot(world: World): Promise<string> {
  const identifier = world.make.id('robot');
  const { orgIdentifier, projectIdentifier } = world.scope;
  await world.make.call('POST', '/ng/api/serviceaccount', {
    query: world.scope,
    body: {
      identifier,
      name: world.marker,
      accountIdentifier: world.account,
      orgIdentifier,
      projectIdentifier,
      email: `${identifier.toLowerCase()}@service.sluice`,
    },
  });
  return identifier;
}
async function bound(world: World): Promise<string> {
  const answer = await world.make.call('POST', BINDINGS, { query: world.scope, body: binding(await robot(world)) });
  return String(propertyOf(propertyOf(propertyOf(answer, 'data'), 'roleAssignment'), 'identifier'));
}

/** Roles, their bindings and what they count for, by the names of existing clients. */
export const authzCases: RouteCases = {
  authzCreateRoleAssignment: {
    request: async (world) => ({ query: world.scope, json: binding(await robot(world)) }),
    answers: (_, { json }) => ({ roleAssignment: json, harnessManaged: false }),
    invalid: { change: { json: { ...binding('x'), roleIdentifier: '_emperor' } }, field: 'roleIdentifier' },
    missing: { change: { json: binding('nowhere') } },
  },
  authzCreateRoleAssignments: {
    request: async (world) => ({ query: world.scope, json: { roleAssignments: [binding(await robot(world))] } }),
    answers: (_, { json }) => [{ roleAssignment: (json as { roleAssignments: object[] }).roleAssignments[0] }],
    invalid: { change: { json: { roleAssignments: [] } }, field: 'roleAssignments' },
    missing: { change: { json: { roleAssignments: [binding('nowhere')] } } },
  },
  authzListRoleAssignments: {
    request: async (world) => ({ query: { ...world.scope, searchTerm: await bound(world) } }),
    answers: { totalItems: 1, content: [{ roleAssignment: { roleIdentifier: '_project_viewer' } }] },
    invalid: badPage,
    missing: LISTS,
  },
  authzFilterRoleAssignments: {
    request: async (world) => {
      const identifier = await robot(world);
      await world.make.call('POST', BINDINGS, { query: world.scope, body: binding(identifier) });
      return {
        query: world.scope,
        json: {
          roleFilter: ['_project_viewer'],
          principalTypeFilter: ['SERVICE_ACCOUNT'],
          principalFilter: [binding(identifier).principal],
        },
      };
    },
    answers: { totalItems: 1, content: [{ roleAssignment: { resourceGroupIdentifier: GROUP } }] },
    invalid: { change: { json: { principalTypeFilter: ['ROBOT'] } }, field: 'principalTypeFilter' },
    missing: { change: { json: { principalFilter: [binding('nowhere').principal] } } },
  },
  authzAggregateRoleAssignments: {
    request: async (world) => {
      const identifier = await robot(world);
      await world.make.call('POST', BINDINGS, { query: world.scope, body: binding(identifier) });
      return { query: world.scope, json: { principalFilter: [binding(identifier).principal] } };
    },
    answers: {
      roleAssignments: [{ roleIdentifier: '_project_viewer' }],
      roles: [{ role: { identifier: '_project_viewer' } }],
      resourceGroups: [{ identifier: GROUP }],
    },
    invalid: { change: { json: { principalTypeFilter: ['ROBOT'] } }, field: 'principalTypeFilter' },
    missing: { change: { json: { principalFilter: [binding('nowhere').principal] } } },
  },
  authzFilterRoleAssignmentsByScope: {
    request: async (world) => ({
      query: world.scope,
      json: { scopeFilters: [], principalFilter: { identifier: await robot(world), type: 'SERVICE_ACCOUNT' } },
    }),
    answers: { totalItems: 0 },
    invalid: { change: { json: { scopeFilters: [{ filter: 'ALL' }] } }, field: 'scopeFilters.0.filter' },
    missing: LISTS,
    otherAccount: 'an answer of its own',
  },
  authzValidateRoleAssignment: {
    request: async (world) => ({
      query: world.scope,
      json: { roleAssignment: binding(await robot(world)), validateRole: true, validatePrincipal: true },
    }),
    answers: {
      roleValidationResult: { valid: true },
      principalValidationResult: { valid: true },
      resourceGroupValidationResult: null,
    },
    invalid: { change: { json: { roleAssignment: {} } }, field: 'roleAssignment.roleIdentifier' },
    missing: { none: 'what is missing is the answer' },
    otherAccount: 'an answer of its own',
  },
  authzUpdateRoleAssignment: {
    request: async (world) => {
      const identifier = await robot(world);
      const answer = await world.make.call('POST', BINDINGS, { query: world.scope, body: binding(identifier) });
      return {
        query: world.scope,
        params: {
          identifier: String(propertyOf(propertyOf(propertyOf(answer, 'data'), 'roleAssignment'), 'identifier')),
        },
        json: binding(identifier),
      };
    },
    answers: (_, { json }) => ({ roleAssignment: json }),
    invalid: { change: { json: { ...binding('x'), roleIdentifier: '_emperor' } }, field: 'roleIdentifier' },
    missing,
  },
  authzGetRoleAssignment: {
    request: async (world) => ({ query: world.scope, params: { identifier: await bound(world) } }),
    answers: (_, { params }) => ({ roleAssignment: { identifier: params?.['identifier'] } }),
    invalid: longIdentifier,
    missing,
  },
  authzDeleteRoleAssignment: {
    request: async (world) => ({ query: world.scope, params: { identifier: await bound(world) } }),
    answers: (_, { params }) => ({ roleAssignment: { identifier: params?.['identifier'] } }),
    invalid: longIdentifier,
    missing,
  },
  authzListRoles: {
    request: ({ scope }) => ({ query: scope }),
    answers: { totalItems: 3 },
    invalid: badPage,
    missing: LISTS,
    otherAccount: 'an answer of its own',
  },
  authzGetRole: {
    request: ({ scope }) => ({ query: scope, params: { identifier: '_project_viewer' } }),
    answers: { role: { identifier: '_project_viewer', allowedScopeLevels: ['project'] }, harnessManaged: true },
    invalid: longIdentifier,
    missing,
    otherAccount: 'an answer of its own',
  },
  authzCreateRole: {
    request: ({ inAccount, make }) => ({
      query: inAccount,
      json: { identifier: make.id('role'), name: 'Mine', permissions: ['core_secret_view'] },
    }),
    answers: (_, { json }) => ({ role: json, harnessManaged: false }),
    invalid: { change: { json: { name: 'x' } }, field: 'identifier' },
    missing: NOTHING,
    otherAccount: 'an answer of its own',
  },
  authzUpdateRole: {
    request: ({ scope }) => ({
      query: scope,
      params: { identifier: '_project_viewer' },
      json: { identifier: '_project_viewer' },
    }),
    status: 400,
    answers: builtIn,
    invalid: { change: { json: { name: 'x' } }, field: 'identifier' },
    missing,
    otherAccount: 'an answer of its own',
  },
  authzDeleteRole: {
    request: ({ scope }) => ({ query: scope, params: { identifier: '_project_viewer' } }),
    status: 400,
    answers: builtIn,
    invalid: longIdentifier,
    missing,
    otherAccount: 'an answer of its own',
  },
  authzListPermissions: {
    request: ({ inAccount }) => ({ query: inAccount }),
    check: (text) => (text.includes('"identifier":"connector.access"') ? undefined : 'does not list the permissions'),
    invalid: { change: { query: { accountIdentifier: [] } }, field: 'accountIdentifier' },
    missing: LISTS,
    otherAccount: 'an answer of its own',
  },
  listResourceGroups: {
    request: ({ scope }) => ({ query: scope }),
    answers: { totalItems: 2 },
    invalid: badPage,
    missing: LISTS,
    otherAccount: 'an answer of its own',
  },
  filterResourceGroups: {
    request: ({ scope }) => ({ query: scope, json: { identifierFilter: [GROUP] } }),
    answers: { totalItems: 1, content: [{ resourceGroup: { identifier: GROUP } }] },
    invalid: badPage,
    missing: LISTS,
    otherAccount: 'an answer of its own',
  },
  getResourceGroup: {
    request: ({ scope }) => ({ query: scope, params: { identifier: GROUP } }),
    answers: { resourceGroup: { identifier: GROUP, resourceFilter: { includeAllResources: true } } },
    invalid: longIdentifier,
    missing,
    otherAccount: 'an answer of its own',
  },
  createResourceGroup: {
    request: ({ inAccount, make }) => ({
      query: inAccount,
      json: { resourceGroup: { identifier: make.id('group'), name: 'Mine' } },
    }),
    answers: (_, { json }) => ({ ...(json as object), harnessManaged: false }),
    invalid: { change: { json: { resourceGroup: {} } }, field: 'resourceGroup.identifier' },
    missing: NOTHING,
    otherAccount: 'an answer of its own',
  },
  updateResourceGroup: {
    request: ({ scope }) => ({
      query: scope,
      params: { identifier: GROUP },
      json: { resourceGroup: { identifier: GROUP } },
    }),
    status: 400,
    answers: builtIn,
    invalid: { change: { json: { resourceGroup: {} } }, field: 'resourceGroup.identifier' },
    missing,
    otherAccount: 'an answer of its own',
  },
  deleteResourceGroup: {
    request: ({ scope }) => ({ query: scope, params: { identifier: GROUP } }),
    status: 400,
    answers: builtIn,
    invalid: longIdentifier,
    missing,
    otherAccount: 'an answer of its own',
  },
};
