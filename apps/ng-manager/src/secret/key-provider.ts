import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { KEY_BYTES, decrypt, encrypt } from './envelope.js';

export const KEY_PROVIDER = Symbol('KeyProvider');

/** Wraps the data keys of accounts with a key-encryption key that never leaves the provider (a file here; a KMS behind the same port). */
export interface KeyProvider {
  /** Names the key that {@link wrap} uses now; stored next to what it wrapped. */
  readonly currentKeyId: string;
  wrap(accountId: string, dataKey: Buffer): Promise<Buffer>;
  /** @throws Error when `keyId` is not known here */
  unwrap(accountId: string, wrapped: Buffer, keyId: string): Promise<Buffer>;
}

/** A key-encryption key in a local file: 32 bytes in base64, readable by its owner only. */
export class LocalKeyProvider implements KeyProvider {
  readonly currentKeyId: string;

  constructor(private readonly key: Buffer) {
    this.currentKeyId = `local:${createHash('sha256').update(key).digest('hex').slice(0, 16)}`;
  }

  /** @throws Error when the file cannot be read, is open to others or holds something else */
  static async load(path: string): Promise<LocalKeyProvider> {
    const { mode } = await stat(path);
    if ((mode & 0o077) !== 0) throw new Error(`key-encryption key ${path} may be read by others (mode ${(mode & 0o777).toString(8)}); run chmod 600 on it`);
    const key = Buffer.from((await readFile(path, 'utf8')).trim(), 'base64');
    if (key.length !== KEY_BYTES) throw new Error(`key-encryption key ${path} must hold ${KEY_BYTES} bytes in base64, found ${key.length}`);
    return new LocalKeyProvider(key);
  }

  async wrap(accountId: string, dataKey: Buffer): Promise<Buffer> {
    return encrypt(this.key, dataKey, contextOf(accountId));
  }

  async unwrap(accountId: string, wrapped: Buffer, keyId: string): Promise<Buffer> {
    if (keyId !== this.currentKeyId) throw new Error(`data key of account ${accountId} was wrapped by ${keyId}; this service holds ${this.currentKeyId}`);
    return decrypt(this.key, wrapped, contextOf(accountId));
  }
}

function contextOf(accountId: string): string {
  return `sluice/data-key/${accountId}`;
}
