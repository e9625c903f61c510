import { defineRoute, scopeOfAccount } from '@sluice/api-conventions';
import { z } from 'zod';
import { epochMs, ngAccount } from './places.js';

/** Our extension: which key-encryption key wraps the account's data keys. Names of keys, never keys. */
const encryptionKeys = z.object({
  currentKeyId: z.string(),
  dataKeys: z.array(z.object({ version: z.int(), keyId: z.string(), isCurrent: z.boolean(), createdAt: epochMs })),
});
export type EncryptionKeys = z.output<typeof encryptionKeys>;

const keyRotation = z.object({
  currentKeyId: z.string(),
  /** Data keys wrapped anew by this call. */
  rewrapped: z.int(),
  /** Data keys the current key had wrapped already. */
  unchanged: z.int(),
});
export type KeyRotation = z.output<typeof keyRotation>;

const access = { permission: 'account.edit', scopeFrom: scopeOfAccount } as const;

export const getEncryptionKeys = defineRoute({
  id: 'getEncryptionKeys',
  method: 'GET',
  path: '/ng/api/encryption-keys',
  summary: 'Which key-encryption key wraps the data keys of the account',
  style: 'ng',
  access,
  query: ngAccount,
  response: encryptionKeys,
});

/** Wraps the account's data keys with the current key-encryption key. Repeating it changes nothing; secrets stay readable all the while. */
export const rotateEncryptionKeys = defineRoute({
  id: 'rotateEncryptionKeys',
  method: 'POST',
  path: '/ng/api/encryption-keys/rotate',
  summary: 'Wrap the data keys of the account with the current key-encryption key',
  style: 'ng',
  access,
  query: ngAccount,
  response: keyRotation,
});
