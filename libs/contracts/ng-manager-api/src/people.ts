import { defineRoute, ngPage, scopeOfAccount } from '@sluice/api-conventions';
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

const userMetadata = z.object({ uuid: z.string(), name: z.string(), email: z.string(), locked: z.boolean(), disabled: z.boolean(), externallyManaged: z.boolean() });
const roleAssignment = z.object({
  identifier: z.string(),
  roleIdentifier: z.string(),
  roleName: z.string(),
  resourceGroupIdentifier: z.string(),
  resourceGroupName: z.string(),
  managedRole: z.boolean(),
  managedRoleAssignment: z.boolean(),
});
export const userAggregate = z.object({ user: userMetadata, roleAssignmentMetadata: z.array(roleAssignment) });
export type UserAggregate = z.output<typeof userAggregate>;

export const aggregateUsers = defineRoute({
  id: 'aggregateUsers',
  method: 'POST',
  path: '/ng/api/user/aggregate',
  summary: 'List users with their roles',
  style: 'ng',
  access: { permission: 'user.view' },
  query: z.object(ngList),
  body: z.object({ searchTerm: z.string().max(256).nullish() }).optional(),
  response: ngPage(userAggregate),
});

export const getUser = defineRoute({
  id: 'getUser',
  method: 'GET',
  path: '/ng/api/user/:userId',
  summary: 'Read a user',
  style: 'ng',
  access: { permission: 'user.view' },
  params: z.object({ userId: z.string().min(1).max(128) }),
  query: ngScope,
  response: userMetadata,
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
