import { defineRoute, ngPage, scopeFromQueryOrBody, type PermissionAccess } from '@sluice/api-conventions';
import { z } from 'zod';
import { byIdentifier, named, ngList, ngScope, scopeInBody } from './places.js';
import { userMetadata } from './people.js';

/** The built-in group of every account; every user is in it. Roles may be bound to it, the group itself stays as it is. */
export const ALL_USERS_GROUP = '_account_all_users';
const userId = z.string().min(1).max(128);

const webhook = z
  .url({ protocol: /^https$/, error: 'must be an https address; a reference to a secret is not resolved here' })
  .max(2048);
const none = z.literal('').nullish();
/** Where a group would be notified, by kind. What is of another kind is sent empty by typed clients. */
export const notificationConfig = z.discriminatedUnion(
  'type',
  [
    z
      .strictObject({
        type: z.literal('EMAIL'),
        groupEmail: z.email().max(256).or(z.literal('')).nullish(),
        sendEmailToAllUsers: z.boolean().nullish(),
        slackWebhookUrl: none,
        microsoftTeamsWebhookUrl: none,
        pagerDutyKey: none,
      })
      .refine(
        ({ groupEmail, sendEmailToAllUsers }) => Boolean(groupEmail) || sendEmailToAllUsers === true,
        'names nobody: send groupEmail, or sendEmailToAllUsers true',
      ),
    z.strictObject({
      type: z.literal('SLACK'),
      slackWebhookUrl: webhook,
      groupEmail: none,
      sendEmailToAllUsers: z.literal(false).nullish(),
      microsoftTeamsWebhookUrl: none,
      pagerDutyKey: none,
    }),
    z.strictObject({
      type: z.literal('MSTEAMS'),
      microsoftTeamsWebhookUrl: webhook,
      groupEmail: none,
      sendEmailToAllUsers: z.literal(false).nullish(),
      slackWebhookUrl: none,
      pagerDutyKey: none,
    }),
    z.strictObject({
      type: z.literal('PAGERDUTY'),
      pagerDutyKey: z
        .string()
        .min(1, 'must not be empty')
        .max(256)
        .refine((key) => !key.includes('<+'), 'must be the key itself; a reference to a secret is not resolved here'),
      groupEmail: none,
      sendEmailToAllUsers: z.literal(false).nullish(),
      slackWebhookUrl: none,
      microsoftTeamsWebhookUrl: none,
    }),
  ],
  { error: 'type must be EMAIL, SLACK, MSTEAMS or PAGERDUTY' },
);
export type NotificationConfig = z.output<typeof notificationConfig>;

const NO_SSO = 'there is no single sign-on here: leave it out and list the members in users';
const noSso = z.literal('', NO_SSO).nullish();

const groupFields = {
  ...named,
  ...scopeInBody,
  accountIdentifier: z.string().max(128).nullish(),
  /** Kept, and given back in this order to who may change the group. Nothing is sent yet: the answer says so in `warnings`. Absent means none. */
  notificationConfigs: z.array(notificationConfig).max(50, 'at most 50 notification settings').nullish(),
  externallyManaged: z.literal(false, NO_SSO).nullish(),
  harnessManaged: z.literal(false, 'groups of clients are not built in').nullish(),
  ssoLinked: z.literal(false, NO_SSO).nullish(),
  isSsoLinked: z.literal(false, NO_SSO).nullish(),
  linkedSsoId: noSso,
  linkedSsoDisplayName: noSso,
  linkedSsoType: noSso,
  ssoGroupId: noSso,
  ssoGroupName: noSso,
};

export const userGroup = z.strictObject({
  ...groupFields,
  /** Uuids. An update replaces the whole group: without it the group has no members. */
  users: z.array(userId).max(1000).nullish(),
});
export type UserGroup = z.output<typeof userGroup>;

/** The same group with its members by e-mail address. */
export const userGroupByEmail = z.strictObject({
  ...groupFields,
  users: z.array(z.email('must be an e-mail address').max(256)).max(1000).nullish(),
});
export type UserGroupV2 = z.output<typeof userGroupByEmail>;

const groupOut = {
  ...named,
  ...scopeInBody,
  accountIdentifier: z.string(),
  /** Webhook addresses and keys are left out for who may not change the group. */
  notificationConfigs: z.array(
    z.object({
      type: z.enum(['EMAIL', 'SLACK', 'MSTEAMS', 'PAGERDUTY']),
      groupEmail: z.string().optional(),
      sendEmailToAllUsers: z.boolean().optional(),
      slackWebhookUrl: z.string().optional(),
      microsoftTeamsWebhookUrl: z.string().optional(),
      pagerDutyKey: z.string().optional(),
    }),
  ),
  externallyManaged: z.boolean(),
  harnessManaged: z.boolean(),
  ssoLinked: z.boolean(),
  /** Fields that are kept and have no effect: which, and why. Absent when there are none. */
  warnings: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
};
const userGroupOut = z.object({ ...groupOut, users: z.array(z.string()) });
export type UserGroupOut = z.output<typeof userGroupOut>;

const userGroupOutV2 = z.object({
  ...groupOut,
  users: z.array(z.object({ uuid: z.string(), name: z.string(), email: z.string() })),
});
export type UserGroupOutV2 = z.output<typeof userGroupOutV2>;

const PATH = '/ng/api/user-groups';
const PATH_V2 = '/ng/api/v2/user-groups';
const view: PermissionAccess = { permission: 'user.view' };
const edit: PermissionAccess = { permission: 'user.edit' };
const written: PermissionAccess = { permission: 'user.edit', scopeFrom: scopeFromQueryOrBody() };
const style = 'ng';
const member = z.object({ identifier: byIdentifier.shape.identifier, userId });

export const createUserGroup = defineRoute({
  id: 'createUserGroup',
  method: 'POST',
  path: PATH,
  summary: 'Create a user group',
  style,
  access: written,
  query: ngScope,
  body: userGroup,
  response: userGroupOut,
});
/** One client names the group in the body alone, others in the path too. */
export const updateUserGroup = defineRoute({
  id: 'updateUserGroup',
  method: 'PUT',
  path: PATH,
  summary: 'Change a user group',
  style,
  access: written,
  query: ngScope,
  body: userGroup,
  response: userGroupOut,
});
export const updateUserGroupByPath = defineRoute({
  id: 'updateUserGroupByPath',
  method: 'PUT',
  path: `${PATH}/:identifier`,
  summary: 'Change a user group',
  style,
  access: written,
  params: byIdentifier,
  query: ngScope,
  body: userGroup,
  response: userGroupOut,
});
export const createUserGroupV2 = defineRoute({
  id: 'createUserGroupV2',
  method: 'POST',
  path: PATH_V2,
  summary: 'Create a user group, its members by e-mail address',
  style,
  access: written,
  query: ngScope,
  body: userGroupByEmail,
  response: userGroupOutV2,
});
export const updateUserGroupV2 = defineRoute({
  id: 'updateUserGroupV2',
  method: 'PUT',
  path: PATH_V2,
  summary: 'Change a user group, its members by e-mail address',
  style,
  access: written,
  query: ngScope,
  body: userGroupByEmail,
  response: userGroupOutV2,
});
/** Whose groups are listed: those of the scope alone, with those of the scopes above, or with those of the scopes inside. Of another scope only where the caller may see people there. */
const filterType = z.enum(
  ['EXCLUDE_INHERITED_GROUPS', 'INCLUDE_INHERITED_GROUPS', 'INCLUDE_PARENT_SCOPE_GROUPS', 'INCLUDE_CHILD_SCOPE_GROUPS'],
  'must be EXCLUDE_INHERITED_GROUPS, INCLUDE_INHERITED_GROUPS, INCLUDE_PARENT_SCOPE_GROUPS or INCLUDE_CHILD_SCOPE_GROUPS',
);
export type GroupReach = z.output<typeof filterType>;
export const listUserGroups = defineRoute({
  id: 'listUserGroups',
  method: 'GET',
  path: PATH,
  summary: 'List user groups',
  style,
  access: view,
  query: z.object({ ...ngList, filterType: filterType.optional() }),
  response: ngPage(userGroupOut),
});
/** Groups that one says about any of the keys below: keys add up, lists are alternatives. At most 1,000, by identifier. The scope comes from query and body together. */
export const filterUserGroups = defineRoute({
  id: 'filterUserGroups',
  method: 'POST',
  path: `${PATH}/batch`,
  summary: 'User groups by identifier or member',
  style,
  access: { permission: 'user.view', scopeFrom: scopeFromQueryOrBody() },
  query: ngScope,
  body: z.object({
    accountIdentifier: z.string().min(1).max(128),
    ...scopeInBody,
    identifierFilter: z.array(z.string().max(128)).max(1000).nullish(),
    userIdentifierFilter: z.array(userId).max(1000).nullish(),
    databaseIdFilter: z.array(z.string().max(128)).max(1000).nullish(),
    searchTerm: z.string().max(256).nullish(),
    filterType: filterType.nullish(),
  }),
  response: z.array(userGroupOut),
});
export const getUserGroup = defineRoute({
  id: 'getUserGroup',
  method: 'GET',
  path: `${PATH}/:identifier`,
  summary: 'Read a user group',
  style,
  access: view,
  params: byIdentifier,
  query: ngScope,
  response: userGroupOut,
});
/** The roles bound to it go with it. */
export const deleteUserGroup = defineRoute({
  id: 'deleteUserGroup',
  method: 'DELETE',
  path: `${PATH}/:identifier`,
  summary: 'Delete a user group',
  style,
  access: edit,
  params: byIdentifier,
  query: ngScope,
  response: userGroupOut,
});
export const listGroupMembers = defineRoute({
  id: 'listGroupMembers',
  method: 'POST',
  path: `${PATH}/:identifier/users`,
  summary: 'Members of a user group',
  style,
  access: view,
  params: byIdentifier,
  query: z.object(ngList),
  body: z.unknown().optional(),
  response: ngPage(userMetadata),
});
export const isGroupMember = defineRoute({
  id: 'isGroupMember',
  method: 'GET',
  path: `${PATH}/:identifier/member/:userId`,
  summary: 'Is a user in the group?',
  style,
  access: view,
  params: member,
  query: ngScope,
  response: z.boolean(),
});
export const addGroupMember = defineRoute({
  id: 'addGroupMember',
  method: 'PUT',
  path: `${PATH}/:identifier/member/:userId`,
  summary: 'Add a user to a group',
  style,
  access: edit,
  params: member,
  query: ngScope,
  body: z.unknown().optional(),
  response: userGroupOut,
});
export const removeGroupMember = defineRoute({
  id: 'removeGroupMember',
  method: 'DELETE',
  path: `${PATH}/:identifier/member/:userId`,
  summary: 'Take a user out of a group',
  style,
  access: edit,
  params: member,
  query: ngScope,
  response: userGroupOut,
});
