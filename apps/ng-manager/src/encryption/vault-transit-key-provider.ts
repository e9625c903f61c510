import { createHash, timingSafeEqual } from 'node:crypto';
import { KEY_BYTES } from './envelope.js';
import { dataKeyContext, type KeyProvider, type WrappedKey } from './key-provider.js';
import { VaultTransitClient, type TransitKey, type VaultTransitOptions } from './vault-transit-client.js';

const PREFIX = 'vault-transit:';

/**
 * A key-encryption key in HashiCorp Vault's Transit engine: it never leaves Vault. Rotating the key there makes a new version of it; older versions keep
 * opening what they wrapped. What Vault is given is the data key behind a digest of its account, so that a wrapped key opens for its own account only and
 * Vault can still wrap it anew without showing it to anybody (associated data would not survive `rewrap`).
 */
export class VaultTransitKeyProvider implements KeyProvider {
  private readonly client: VaultTransitClient;

  constructor(
    options: VaultTransitOptions,
    private readonly key: TransitKey,
  ) {
    this.client = new VaultTransitClient(options);
  }

  owns(keyId: string): boolean {
    return keyId.startsWith(PREFIX);
  }

  /** Asked by wrapping nothing of worth: that takes no right beyond those for wrapping. */
  async currentKeyId(): Promise<string> {
    return (await this.wrap('', Buffer.alloc(KEY_BYTES))).keyId;
  }

  async wrap(accountId: string, dataKey: Buffer): Promise<WrappedKey> {
    const plaintext = Buffer.concat([digestOf(accountId), dataKey]).toString('base64');
    return this.wrapped(await this.client.call('encrypt', this.key, { plaintext }));
  }

  async unwrap(accountId: string, { keyId, wrapped }: WrappedKey): Promise<Buffer> {
    const { plaintext = '' } = await this.client.call('decrypt', transitKeyOf(keyId), {
      ciphertext: wrapped.toString(),
    });
    const bytes = Buffer.from(plaintext, 'base64');
    const digest = digestOf(accountId);
    if (bytes.length !== digest.length + KEY_BYTES || !timingSafeEqual(bytes.subarray(0, digest.length), digest)) {
      throw new Error(`what is stored as a data key of account ${accountId} was not wrapped for it`);
    }
    return bytes.subarray(digest.length);
  }

  async rewrap(accountId: string, key: WrappedKey): Promise<WrappedKey> {
    const { mount, name } = transitKeyOf(key.keyId);
    if (mount !== this.key.mount || name !== this.key.name)
      return this.wrap(accountId, await this.unwrap(accountId, key));
    const again = this.wrapped(await this.client.call('rewrap', this.key, { ciphertext: key.wrapped.toString() }));
    return again.keyId === key.keyId ? key : again;
  }

  close(): Promise<void> {
    return this.client.close();
  }

  private wrapped({ ciphertext = '' }: { readonly ciphertext?: string | undefined }): WrappedKey {
    const version = /^vault:(v\d+):/.exec(ciphertext)?.[1];
    if (!version) throw new Error('Vault answered with something that is no ciphertext of its Transit engine');
    return { keyId: `${PREFIX}${this.key.mount}/${this.key.name}:${version}`, wrapped: Buffer.from(ciphertext) };
  }
}

function transitKeyOf(keyId: string): TransitKey {
  const [, mount, name] = /^vault-transit:(.+)\/([^/]+):v\d+$/.exec(keyId) ?? [];
  if (mount === undefined || name === undefined) throw new Error(`${keyId} names no key of a transit engine`);
  return { mount, name };
}

function digestOf(accountId: string): Buffer {
  return createHash('sha256').update(dataKeyContext(accountId)).digest();
}
