import { entityRef, refusingNearKeys } from '@sluice/api-conventions';
import { z } from 'zod';
import { named, scopeInBody } from './places.js';

/** Most characters of a text, and most bytes of a file, that a secret may hold. */
export const MAX_SECRET_BYTES = 65_536;

/** Identifiers no secret can have: they are words of the addresses below `/v2/secrets`. */
export const RESERVED_SECRET_IDENTIFIERS: readonly string[] = [
  'list',
  'files',
  'yaml',
  'validate',
  'validateUniqueIdentifier',
];

const text = z.string().max(1024);
/** What external secret managers need besides a path; keys are documented per manager (`version`, `kmsKeyId`, `regions`, `projectId`). */
const metadataValue = z.union([text, z.number(), z.boolean(), z.array(text).max(64)]).nullish();
const additionalMetadata = z
  .object({
    values: z
      .record(z.string().max(128), metadataValue)
      .refine((values) => Object.keys(values).length <= 64, 'at most 64 values')
      .nullish(),
  })
  .nullish();
/** A reference that one client sends as an empty text when it is not set. */
const optionalRef = z.union([entityRef, z.literal('')]).nullish();

/** The discriminators clients put into a spec (`SecretTextSpec`, `SecretFileSpe`, `SSHKeySpec`) are tolerated and not kept: `type` beside the spec says it. */
export const secretTextSpec = z.object({
  secretManagerIdentifier: entityRef,
  valueType: z.enum(['Inline', 'Reference'], {
    error: 'must be Inline or Reference; values of custom secret managers are not supported',
  }),
  /** Inline: the value itself, never returned. Reference: the path in the external manager, returned. */
  value: z.string().max(MAX_SECRET_BYTES, `must be at most ${MAX_SECRET_BYTES} characters`).nullish(),
  additionalMetadata,
});
export type SecretTextSpec = z.output<typeof secretTextSpec>;

export const secretFileSpec = z.object({ secretManagerIdentifier: entityRef, additionalMetadata });
export type SecretFileSpec = z.output<typeof secretFileSpec>;

const sshCredential = z.discriminatedUnion(
  'credentialType',
  [
    z.object({
      credentialType: z.literal('KeyReference'),
      spec: z.object({ userName: text.min(1), key: entityRef, encryptedPassphrase: optionalRef }),
    }),
    z.object({
      credentialType: z.literal('KeyPath'),
      spec: z.object({ userName: text.min(1), keyPath: text.min(1), encryptedPassphrase: optionalRef }),
    }),
    z.object({ credentialType: z.literal('Password'), spec: z.object({ userName: text.min(1), password: entityRef }) }),
  ],
  { error: (issue) => (issue.code === 'invalid_union' ? 'must be KeyReference, KeyPath or Password' : undefined) },
);

const kerberosHead = { principal: text.min(1), realm: text.min(1) };
const kerberos = z.union(
  [
    z.object({ ...kerberosHead, tgtGenerationMethod: z.literal('KeyTabFilePath'), spec: z.object({ keyPath: text }) }),
    z.object({ ...kerberosHead, tgtGenerationMethod: z.literal('Password'), spec: z.object({ password: entityRef }) }),
    z.object({ ...kerberosHead, tgtGenerationMethod: z.literal('None').nullish(), spec: z.null().optional() }),
  ],
  {
    error:
      'needs principal and realm, and a spec that fits tgtGenerationMethod: keyPath for KeyTabFilePath, password for Password, none otherwise',
  },
);

export const sshKeySpec = z.object({
  port: z.int().min(1).max(65_535).nullish(),
  auth: z.discriminatedUnion(
    'type',
    [
      z.object({ type: z.literal('SSH'), spec: sshCredential }),
      z.object({ type: z.literal('Kerberos'), spec: kerberos }),
    ],
    { error: (issue) => (issue.code === 'invalid_union' ? 'must be SSH or Kerberos' : undefined) },
  ),
});
export type SshKeySpec = z.output<typeof sshKeySpec>;

const head = { ...named, ...scopeInBody };

export const SECRET_TYPES = ['SecretText', 'SecretFile', 'SSHKey'] as const;
export type SecretType = (typeof SECRET_TYPES)[number];

/** WinRmCredentials are refused by name like any type that is not here: nothing of ours opens a Windows remote shell. */
export const secret = z.discriminatedUnion(
  'type',
  [
    z.object({ ...head, type: z.literal('SecretText'), spec: secretTextSpec }),
    z.object({ ...head, type: z.literal('SecretFile'), spec: secretFileSpec }),
    z.object({ ...head, type: z.literal('SSHKey'), spec: sshKeySpec }),
  ],
  {
    error: (issue) =>
      issue.code === 'invalid_union'
        ? `secret type is not supported${typeOf(issue.input)}; use one of ${SECRET_TYPES.join(', ')}`
        : undefined,
  },
);
export type Secret = z.output<typeof secret>;
/** A secret as requests and documents carry it: a misspelt field is refused, and its value is not repeated. `type` in a spec is a discriminator clients send. */
export const secretIn = refusingNearKeys(secret, { alsoSent: ['type'], showsValues: false });
/** Type and spec, which belong together. */
export type SecretBody = { [T in SecretType]: Pick<Extract<Secret, { type: T }>, 'type' | 'spec'> }[SecretType];

function typeOf(value: unknown): string {
  const type = typeof value === 'object' && value !== null && 'type' in value ? value.type : undefined;
  return typeof type === 'string' ? ` (${type.slice(0, 64)})` : '';
}
