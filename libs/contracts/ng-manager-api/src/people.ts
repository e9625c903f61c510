import { PERMISSIONS, defineRoute, entityName, ngPage, scopeOfAccount, type RawRequest } from '@sluice/api-conventions';
import { z } from 'zod';
import { epochMs, ngAccount, ngList, ngScope } from './places.js';

export const userInfo = z.object({
  uuid: z.string(),
  name: z.string(),
  email: z.string(),
  defaultAccountId: z.string(),
  accounts: z.array(z.object({ uuid: z.string(), accountName: z.string(), companyName: z.string() })),
  admin: z.boolean(),
  twoFactorAuthenticationEnabled: z.boolean(),
  emailVerified: z.boolean(),
  locked: z.boolean(),
  disabled: z.boolean(),
  externallyManaged: z.boolean(),
  edition: z.string().nullable(),
  signupAction: z.string().nullable(),
  billingFrequency: z.string().nullable(),
  intent: z.string().nullable(),
});
export type UserInfo = z.output<typeof userInfo>;

export const getCurrentUser = defineRoute({
  id: 'getCurrentUser',
  method: 'GET',
  path: '/ng/api/user/currentUser',
  summary: 'The user the key belongs to',
  style: 'ng',
  access: 'authenticated',
  query: ngAccount.partial(),
  response: userInfo,
});

export const callerPermissions = z.object({
  /** `resource.action`, as route errors name them. */
  permissions: z.array(z.enum(PERMISSIONS)),
});

/**
 * For pages that offer only what may be done. It says what the key's roles allow at the place, whether the place exists or not; every route still
 * checks for itself.
 */
export const getCallerPermissions = defineRoute({
  id: 'getCallerPermissions',
  method: 'GET',
  path: '/ng/api/permissions',
  summary: 'What the key may do at a scope',
  style: 'ng',
  access: 'authenticated',
  query: ngScope,
  response: callerPermissions,
});

export const userMetadata = z.object({
  uuid: z.string(),
  name: z.string(),
  email: z.string(),
  locked: z.boolean(),
  disabled: z.boolean(),
  externallyManaged: z.boolean(),
  emailVerified: z.boolean(),
  twoFactorAuthenticationEnabled: z.boolean(),
});
export type UserMetadata = z.output<typeof userMetadata>;

export const roleAssignmentMetadata = z.object({
  identifier: z.string(),
  roleIdentifier: z.string(),
  roleName: z.string(),
  /** Where it is bound; null for the account. */
  roleScopeLevel: z.enum(['account', 'organization', 'project']),
  orgIdentifier: z.string().nullable(),
  projectIdentifier: z.string().nullable(),
  resourceGroupIdentifier: z.string(),
  resourceGroupName: z.string(),
  /** The group through which the principal has it; null when it is bound directly. */
  userGroupIdentifier: z.string().nullable(),
  managedRole: z.boolean(),
  managedRoleAssignment: z.boolean(),
});
export type RoleAssignmentMetadata = z.output<typeof roleAssignmentMetadata>;
export const userAggregate = z.object({ user: userMetadata, roleAssignmentMetadata: z.array(roleAssignmentMetadata) });
export type UserAggregate = z.output<typeof userAggregate>;

const viewUsers = { permission: 'user.view' } as const;
/** Users belong to the account: who changes one needs the right there, whatever scope a client appends. */
const editUsers = { permission: 'user.edit', scopeFrom: scopeOfAccount } as const;
const scopeOrEmpty = ngAccount.extend({
  orgIdentifier: z.string().optional(),
  projectIdentifier: z.string().optional(),
});
const byUser = z.object({ userId: z.string().min(1).max(128) });
const names = z.array(z.string().max(128)).max(100).nullish();

/**
 * At an org or project: those with a role there or above. `roleIdentifiers` are names of `/ng/api/roles` or of existing clients (`_project_viewer`: a viewer
 * bound in a project); `resourceGroupIdentifiers` are what a role counts for, in the words it was bound in. Lists are alternatives, keys add up.
 */
export const aggregateUsers = defineRoute({
  id: 'aggregateUsers',
  method: 'POST',
  path: '/ng/api/user/aggregate',
  summary: 'List users with their roles',
  style: 'ng',
  access: viewUsers,
  query: z.object(ngList),
  body: z
    .object({ searchTerm: z.string().max(256).nullish(), roleIdentifiers: names, resourceGroupIdentifiers: names })
    .optional(),
  response: ngPage(userAggregate),
});

export const getUser = defineRoute({
  id: 'getUser',
  method: 'GET',
  path: '/ng/api/user/:userId',
  summary: 'Read a user',
  style: 'ng',
  access: viewUsers,
  params: byUser,
  query: ngScope,
  response: userMetadata,
});

/** What the list says of one; 404 when the list of that scope does not hold the user. */
export const getUserAggregate = defineRoute({
  id: 'getUserAggregate',
  method: 'GET',
  path: '/ng/api/user/aggregate/:userId',
  summary: 'Read a user with their roles',
  style: 'ng',
  access: viewUsers,
  params: byUser,
  query: ngScope,
  response: userAggregate,
});

/** Our extension: no e-mail is sent; the user signs in with API keys. */
export const createUser = defineRoute({
  id: 'createUser',
  method: 'POST',
  path: '/ng/api/user',
  summary: 'Add a user to the account',
  style: 'ng',
  access: editUsers,
  query: ngAccount,
  body: z.strictObject({
    email: z.email().max(256),
    name: entityName,
    userGroups: z.array(z.string().min(1).max(128)).max(100).nullish(),
    disabled: z.boolean().nullish(),
  }),
  response: userMetadata,
});

/** What became of one e-mail address: nobody is invited, so nobody has to accept. */
export const addUserResult = z.enum(['USER_ADDED_SUCCESSFULLY', 'USER_ALREADY_ADDED']);
export type AddUserResult = z.output<typeof addUserResult>;

const scopedRoleBinding = z.object({
  /** As under `/authz/api/roleassignments`. */
  roleIdentifier: z.string().min(1).max(128),
  /** What the role counts for; the whole of it when absent. */
  resourceGroupIdentifier: z.string().max(128).nullish(),
  /** Echoed with the binding. */
  roleScopeLevel: z.enum(['account', 'organization', 'project']).or(z.literal('')).nullish(),
  roleName: z.string().max(128).nullish(),
  resourceGroupName: z.string().max(128).nullish(),
  managedRole: z.boolean().nullish(),
});

/**
 * Puts users, by e-mail address, into groups and gives them roles at the scope: all of it for all of them, or nothing. An address that no user of the account
 * has becomes a user, which takes `user.edit` on the account; no e-mail is sent. `userGroups` are groups of the scope, or `org.id` and `account.id` of those
 * above, which takes `user.edit` there. Groups and roles give no more than the caller has. `_account_all_users`, `_organization_all_users` and
 * `_project_all_users` hold who is there anyway. The answer says for each address whether anything was added.
 */
export const addUsers = defineRoute({
  id: 'addUsers',
  method: 'POST',
  path: '/ng/api/user/users',
  summary: 'Add users to the account, an organization or a project',
  style: 'ng',
  access: { permission: 'user.edit' },
  query: scopeOrEmpty,
  body: z.object({
    emails: z
      .array(z.email('must be an e-mail address').max(256))
      .min(1, 'names no e-mail address')
      .max(100, 'at most 100 e-mail addresses'),
    userGroups: z.array(z.string().min(1).max(128)).max(100, 'at most 100 groups').nullish(),
    roleBindings: z.array(scopedRoleBinding).max(100, 'at most 100 roles').nullish(),
  }),
  response: z.object({ addUserResponseMap: z.record(z.string(), addUserResult) }),
});

/** `INCLUDE_PARENT_SCOPES` are those with a role here or above, as when it is absent; `NO_PARENT_SCOPES` here, `STRICTLY_PARENT_SCOPES` above. */
export const parentFilter = z.enum(['INCLUDE_PARENT_SCOPES', 'NO_PARENT_SCOPES', 'STRICTLY_PARENT_SCOPES']);
export type ParentFilter = z.output<typeof parentFilter>;

/** Users of a scope as `aggregateUsers` counts them, without their roles. Lists are alternatives, keys add up. */
export const batchUsers = defineRoute({
  id: 'batchUsers',
  method: 'POST',
  path: '/ng/api/user/batch',
  summary: 'List users by uuid or e-mail address',
  style: 'ng',
  access: viewUsers,
  query: z.object(ngList),
  body: z
    .object({
      searchTerm: z.string().max(256).nullish(),
      identifiers: names,
      emails: z.array(z.string().max(256)).max(100).nullish(),
      parentFilter: parentFilter.nullish(),
    })
    .nullish(),
  response: ngPage(userMetadata),
});

const userIn = ({ body }: RawRequest): string | undefined =>
  typeof body === 'object' && body !== null && 'uuid' in body && typeof body.uuid === 'string' ? body.uuid : undefined;

/** Everybody renames themselves; others need `user.edit` on the account, and every right the renamed one has. What else clients send must be as it is. */
export const updateUserInfo = defineRoute({
  id: 'updateUserInfo',
  method: 'PUT',
  path: '/ng/api/user',
  summary: 'Rename a user, named in the body',
  style: 'ng',
  access: { ...editUsers, ownerFrom: userIn },
  query: ngAccount,
  body: z.object({
    uuid: byUser.shape.userId,
    name: entityName,
    email: z.string().max(256).nullish(),
    disabled: z.boolean().nullish(),
  }),
  response: userInfo,
});

/** Keys of a disabled user answer 401. Refused for the last administrator of the account. */
export const updateUser = defineRoute({
  id: 'updateUser',
  method: 'PUT',
  path: '/ng/api/user/:userId',
  summary: 'Rename, disable or enable a user',
  style: 'ng',
  access: editUsers,
  params: byUser,
  query: ngAccount,
  body: z.strictObject({ name: entityName.nullish(), disabled: z.boolean().nullish() }),
  response: userMetadata,
});

/**
 * At an org or project it takes away what the user has at exactly that scope: the roles bound to them there, and their places in the groups that live there.
 * The user stays in the account. It answers false when there was nothing to take away: roles from above or through groups that live above stay.
 * Only without `orgIdentifier` does the user leave the account; refused for its last administrator. Terraform sends an empty key for a level it does not mean.
 */
export const deleteUser = defineRoute({
  id: 'deleteUser',
  method: 'DELETE',
  path: '/ng/api/user/:userId',
  summary: 'Remove a user from a project or organization, or from the account with their keys and roles',
  style: 'ng',
  access: { permission: 'user.edit' },
  params: byUser,
  query: scopeOrEmpty,
  response: z.boolean(),
});

export const getAccount = defineRoute({
  id: 'getAccount',
  method: 'GET',
  path: '/ng/api/accounts/:accountIdentifier',
  summary: 'Read the account',
  style: 'ng',
  access: { permission: 'account.view', scopeFrom: scopeOfAccount, orInside: true },
  params: z.object({ accountIdentifier: z.string().min(1).max(128) }),
  query: ngAccount.partial(),
  response: z.object({ identifier: z.string(), name: z.string(), companyName: z.string(), createdAt: epochMs }),
});
