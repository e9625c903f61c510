import { AppError, messageOf } from '@sluice/kernel';
import type { Logger } from '@sluice/telemetry';
import type { NgManagerConfig } from '../config.js';
import { KeyRing } from './key-ring.js';
import type { KeyProvider } from './key-provider.js';
import { LocalKeyProvider } from './local-key-provider.js';
import { VaultTransitKeyProvider } from './vault-transit-key-provider.js';

export type KeyProviderConfig = Pick<NgManagerConfig, 'keyProvider' | 'keyEncryptionKeyFile' | 'vaultTransit'>;

/**
 * The configured provider, and beside it the other one when that is configured too, so that what it wrapped still opens. The current key is tried once.
 * @throws Error when a key or its configuration cannot be used; a Vault that is sealed or away for now is only logged
 */
export async function openKeyProvider(
  { keyProvider, keyEncryptionKeyFile, vaultTransit }: KeyProviderConfig,
  log: Logger,
): Promise<KeyProvider> {
  const local = keyEncryptionKeyFile === undefined ? undefined : await LocalKeyProvider.load(keyEncryptionKeyFile);
  const vault = vaultTransit && new VaultTransitKeyProvider(vaultTransit, vaultTransit.key);
  const [current, other] = keyProvider === 'local' ? [local, vault] : [vault, local];
  if (!current) throw new Error(`key provider ${keyProvider} is not configured`);
  const ring = new KeyRing(current, other ? [other] : []);
  try {
    log.info({ keyId: await ring.currentKeyId() }, 'key-encryption key is in reach');
  } catch (cause) {
    if (!(cause instanceof AppError) || cause.details['isMisconfigured'] === true) {
      await ring.close();
      throw cause;
    }
    log.warn(
      { error: messageOf(cause) },
      'the key-encryption key is out of reach for now; secrets cannot be read until it is back',
    );
  }
  return ring;
}

/** Says in the log which keys are in use and belong to no provider that is configured. */
export function warnOfForeignKeys(keys: KeyProvider, keyIdsInUse: readonly string[], log: Logger): void {
  const foreign = keyIdsInUse.filter((keyId) => !keys.owns(keyId));
  if (foreign.length > 0)
    log.error(
      { keyIds: foreign },
      'data keys are wrapped by keys whose provider is not configured; their accounts cannot read secrets',
    );
}
