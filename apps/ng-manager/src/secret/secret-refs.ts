import type { SecretBody } from '@sluice/ng-manager-api';

/** A secret an SSH key is made of, and where in its spec. */
export interface SecretPart {
  /** Path such as `secret.spec.auth.spec.spec.key`. */
  readonly field: string;
  readonly ref: string;
}

/** Every secret a secret refers to: the key, passphrase and password of an SSH key. Pure. */
export function partsOfSecret(body: SecretBody): readonly SecretPart[] {
  if (body.type !== 'SSHKey') return [];
  const { auth } = body.spec;
  const parts = { ...auth.spec.spec } as Readonly<Record<string, unknown>>;
  return ['key', 'encryptedPassphrase', 'password'].flatMap((name) => {
    const ref = parts[name];
    return typeof ref === 'string' && ref !== '' ? [{ field: `secret.spec.auth.spec.spec.${name}`, ref }] : [];
  });
}
