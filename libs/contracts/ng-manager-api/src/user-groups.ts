import { defineRoute, ngPage, scopeFromQueryOrBody, type PermissionAccess } from '@sluice/api-conventions';
import { z } from 'zod';
import { byIdentifier, named, ngList, ngScope, scopeInBody } from './places.js';
import { userMetadata } from './people.js';

/** The built-in group of every account; every user is in it. Roles may be bound to it, the group itself stays as it is. */
export const ALL_USERS_GROUP = '_account_all_users';
const userId = z.string().min(1).max(128);

export const userGroup = z.strictObject({
  ...named,
  ...scopeInBody,
  accountIdentifier: z.string().max(128).nullish(),
  /** Uuids; an update without it leaves the members as they are. */
  users: z.array(userId).max(1000).nullish(),
  /** Kept by real clients' models; nothing else than empty or false is taken. */
  notificationConfigs: z.array(z.unknown()).max(0, 'notifications are not supported').nullish(),
  externallyManaged: z.literal(false).nullish(),
  harnessManaged: z.literal(false).nullish(),
  ssoLinked: z.literal(false).nullish(),
  isSsoLinked: z.literal(false).nullish(),
});
export type UserGroup = z.output<typeof userGroup>;

const userGroupOut = z.object({
  ...named,
  ...scopeInBody,
  accountIdentifier: z.string(),
  users: z.array(z.string()),
  notificationConfigs: z.array(z.null()),
  externallyManaged: z.boolean(),
  harnessManaged: z.boolean(),
  ssoLinked: z.boolean(),
});
export type UserGroupOut = z.output<typeof userGroupOut>;

const PATH = '/ng/api/user-groups';
const view: PermissionAccess = { permission: 'user.view' };
const edit: PermissionAccess = { permission: 'user.edit' };
const written: PermissionAccess = { permission: 'user.edit', scopeFrom: scopeFromQueryOrBody() };
const style = 'ng';
const member = z.object({ identifier: byIdentifier.shape.identifier, userId });

export const createUserGroup = defineRoute({ id: 'createUserGroup', method: 'POST', path: PATH, summary: 'Create a user group', style, access: written, query: ngScope, body: userGroup, response: userGroupOut });
/** One client names the group in the body alone, others in the path too. */
export const updateUserGroup = defineRoute({ id: 'updateUserGroup', method: 'PUT', path: PATH, summary: 'Change a user group', style, access: written, query: ngScope, body: userGroup, response: userGroupOut });
export const updateUserGroupByPath = defineRoute({
  id: 'updateUserGroupByPath', method: 'PUT', path: `${PATH}/:identifier`, summary: 'Change a user group', style, access: written, params: byIdentifier, query: ngScope, body: userGroup, response: userGroupOut,
});
export const listUserGroups = defineRoute({ id: 'listUserGroups', method: 'GET', path: PATH, summary: 'List user groups', style, access: view, query: z.object(ngList), response: ngPage(userGroupOut) });
export const getUserGroup = defineRoute({ id: 'getUserGroup', method: 'GET', path: `${PATH}/:identifier`, summary: 'Read a user group', style, access: view, params: byIdentifier, query: ngScope, response: userGroupOut });
/** The roles bound to it go with it. */
export const deleteUserGroup = defineRoute({ id: 'deleteUserGroup', method: 'DELETE', path: `${PATH}/:identifier`, summary: 'Delete a user group', style, access: edit, params: byIdentifier, query: ngScope, response: userGroupOut });
export const listGroupMembers = defineRoute({
  id: 'listGroupMembers', method: 'POST', path: `${PATH}/:identifier/users`, summary: 'Members of a user group', style, access: view, params: byIdentifier, query: z.object(ngList), body: z.unknown().optional(),
  response: ngPage(userMetadata),
});
export const isGroupMember = defineRoute({ id: 'isGroupMember', method: 'GET', path: `${PATH}/:identifier/member/:userId`, summary: 'Is a user in the group?', style, access: view, params: member, query: ngScope, response: z.boolean() });
export const addGroupMember = defineRoute({
  id: 'addGroupMember', method: 'PUT', path: `${PATH}/:identifier/member/:userId`, summary: 'Add a user to a group', style, access: edit, params: member, query: ngScope, body: z.unknown().optional(), response: userGroupOut,
});
export const removeGroupMember = defineRoute({ id: 'removeGroupMember', method: 'DELETE', path: `${PATH}/:identifier/member/:userId`, summary: 'Take a user out of a group', style, access: edit, params: member, query: ngScope, response: userGroupOut });
