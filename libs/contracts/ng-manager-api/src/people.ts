import { PERMISSIONS, defineRoute, entityName, ngPage, scopeOfAccount } from '@sluice/api-conventions';
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
const scopeOrEmpty = ngAccount.extend({ orgIdentifier: z.string().optional(), projectIdentifier: z.string().optional() });
const byUser = z.object({ userId: z.string().min(1).max(128) });

/** At an org or project: those with a role there or above. */
export const aggregateUsers = defineRoute({
  id: 'aggregateUsers',
  method: 'POST',
  path: '/ng/api/user/aggregate',
  summary: 'List users with their roles',
  style: 'ng',
  access: viewUsers,
  query: z.object(ngList),
  body: z.object({ searchTerm: z.string().max(256).nullish(), roleIdentifiers: z.array(z.string().max(128)).max(100).nullish() }).optional(),
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
  body: z.strictObject({ email: z.email().max(256), name: entityName, userGroups: z.array(z.string().min(1).max(128)).max(100).nullish(), disabled: z.boolean().nullish() }),
  response: userMetadata,
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
