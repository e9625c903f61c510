import { defineRoute, queryBoolean, scopeQuery } from '@sluice/api-conventions';
import { z } from 'zod';
import { byIdentifier, epochMs, ngScope } from './places.js';

const valueType = z.enum(['String', 'Boolean', 'Number']);

const setting = z.object({
  identifier: z.string(),
  name: z.string(),
  orgIdentifier: z.string().nullable(),
  projectIdentifier: z.string().nullable(),
  category: z.string(),
  groupIdentifier: z.string().nullable(),
  valueType,
  allowedValues: z.array(z.string()).nullable(),
  allowOverrides: z.boolean(),
  value: z.string(),
  defaultValue: z.string(),
  settingSource: z.enum(['ACCOUNT', 'ORG', 'PROJECT', 'DEFAULT']),
  isSettingEditable: z.boolean(),
  allowedScopes: z.array(z.enum(['ACCOUNT', 'ORGANIZATION', 'PROJECT'])),
});
export const settingItem = z.object({ setting, lastModifiedAt: epochMs.nullable() });
export type SettingItem = z.output<typeof settingItem>;

export const listSettings = defineRoute({
  id: 'listSettings',
  method: 'GET',
  path: '/ng/api/settings',
  summary: 'List settings with their effective values',
  style: 'ng',
  access: { permission: 'setting.view' },
  query: z.object({
    ...scopeQuery,
    category: z.string().max(64).optional(),
    group: z.string().max(64).optional(),
    includeParentScopes: queryBoolean.optional(),
  }),
  response: z.array(settingItem),
});

const settingRequest = z.object({
  identifier: z.string().min(1).max(128),
  value: z.string().max(4096).nullish(),
  allowOverrides: z.boolean().nullish(),
  updateType: z.enum(['UPDATE', 'RESTORE']),
});
export type SettingRequest = z.output<typeof settingRequest>;

/** Each item is done or refused by itself; the answer says which. */
export const updateSettings = defineRoute({
  id: 'updateSettings',
  method: 'PUT',
  path: '/ng/api/settings',
  summary: 'Change settings',
  style: 'ng',
  access: { permission: 'setting.edit' },
  query: ngScope,
  body: z.array(settingRequest).min(1).max(100),
  response: z.array(
    z.object({
      identifier: z.string(),
      setting: setting.nullable(),
      lastModifiedAt: epochMs.nullable(),
      updateStatus: z.boolean(),
      errorMessage: z.string().nullable(),
    }),
  ),
});

export const getSetting = defineRoute({
  id: 'getSetting',
  method: 'GET',
  path: '/ng/api/settings/:identifier',
  summary: 'Effective value of a setting',
  style: 'ng',
  access: { permission: 'setting.view' },
  params: byIdentifier,
  query: ngScope,
  response: z.object({ valueType, value: z.string() }),
});
