import { AppError } from '@sluice/kernel';
import { z } from 'zod';
import { requalify } from './connector-refs.js';
import type { SecretRow } from '../secret/secret.repository.js';
import { scopeOfRow } from '../persistence/scoped.js';

/** A private key and what it needs. References mean the same at the secret's scope and at every scope below. */
export interface SshKeyAccess {
  readonly keyRef: string;
  readonly passphraseRef?: string;
  readonly username?: string;
}

const byReference = z.object({
  auth: z.object({
    type: z.literal('SSH'),
    spec: z.object({
      credentialType: z.literal('KeyReference'),
      spec: z.object({ userName: z.string(), key: z.string(), encryptedPassphrase: z.string().nullish() }),
    }),
  }),
});

/**
 * What the secret of an SSH connector holds: an SSHKey secret names the secret of the key itself, a text or file secret is the key. Pure.
 * @throws AppError NOT_IMPLEMENTED for keys given by a path, passwords and Kerberos
 */
export function sshKeyAccessOf(
  row: Pick<SecretRow, 'identifier' | 'accountId' | 'orgId' | 'projectId' | 'spec'> & { readonly type: string },
): SshKeyAccess {
  const scope = scopeOfRow(row);
  if (row.type !== 'SSHKey') return { keyRef: requalify(row.identifier, scope) };
  const parsed = byReference.safeParse(row.spec);
  if (!parsed.success)
    throw new AppError(
      'NOT_IMPLEMENTED',
      `SSH key secret "${row.identifier}" holds no key that can be handed to a delegate; use credentialType KeyReference with a secret file`,
    );
  const { userName, key, encryptedPassphrase } = parsed.data.auth.spec.spec;
  return {
    keyRef: requalify(key, scope),
    username: userName,
    ...(encryptedPassphrase ? { passphraseRef: requalify(encryptedPassphrase, scope) } : {}),
  };
}
