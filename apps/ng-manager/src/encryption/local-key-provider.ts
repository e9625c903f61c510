import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { messageOf } from '@sluice/kernel';
import { KEY_BYTES, decrypt, encrypt } from './envelope.js';
import { dataKeyContext, type KeyProvider, type WrappedKey } from './key-provider.js';

const PREFIX = 'local:';

interface KeyFile {
  /** Changes whenever the file does. */
  readonly stamp: string;
  readonly currentId: string;
  readonly keys: ReadonlyMap<string, Buffer>;
}

/**
 * Key-encryption keys in a local file, readable by its owner only: one key a line, 32 bytes in base64; the first is current, the others still open what
 * they wrapped. Empty lines and lines that begin with `#` mean nothing. The file is read again when it changed, so that keys change without a restart.
 */
export class LocalKeyProvider implements KeyProvider {
  private constructor(
    private readonly path: string,
    private file: KeyFile,
  ) {}

  /** @throws Error when the file cannot be read, is open to others or holds something else */
  static async load(path: string): Promise<LocalKeyProvider> {
    return new LocalKeyProvider(path, await readKeyFile(path));
  }

  owns(keyId: string): boolean {
    return keyId.startsWith(PREFIX);
  }

  async currentKeyId(): Promise<string> {
    return (await this.fresh()).currentId;
  }

  async wrap(accountId: string, dataKey: Buffer): Promise<WrappedKey> {
    const { currentId, keys } = await this.fresh();
    const key = keys.get(currentId);
    if (!key) throw new Error(`key ${currentId} is not in ${this.path}`);
    return { keyId: currentId, wrapped: encrypt(key, dataKey, dataKeyContext(accountId)) };
  }

  async unwrap(accountId: string, { keyId, wrapped }: WrappedKey): Promise<Buffer> {
    // A file that cannot be read now takes no secret away: what was read before still opens.
    const { keys } = await this.fresh().catch(() => this.file);
    const key = keys.get(keyId);
    if (!key)
      throw new Error(
        `a data key of account ${accountId} was wrapped by ${keyId}, which is not in ${this.path}; add that key as a further line`,
      );
    return decrypt(key, wrapped, dataKeyContext(accountId));
  }

  async rewrap(accountId: string, key: WrappedKey): Promise<WrappedKey> {
    if (key.keyId === (await this.currentKeyId())) return key;
    return this.wrap(accountId, await this.unwrap(accountId, key));
  }

  async close(): Promise<void> {
    this.file = { stamp: '', currentId: '', keys: new Map() };
  }

  private async fresh(): Promise<KeyFile> {
    if ((await stampOf(this.path)) !== this.file.stamp) this.file = await readKeyFile(this.path);
    return this.file;
  }
}

async function stampOf(path: string): Promise<string> {
  try {
    const { mtimeMs, size, ino } = await stat(path);
    return `${mtimeMs}/${size}/${ino}`;
  } catch (cause) {
    throw new Error(`key file ${path} cannot be read: ${messageOf(cause)}`, { cause });
  }
}

async function readKeyFile(path: string): Promise<KeyFile> {
  const stamp = await stampOf(path);
  const { mode } = await stat(path);
  if ((mode & 0o077) !== 0)
    throw new Error(`key file ${path} may be read by others (mode ${(mode & 0o777).toString(8)}); run chmod 600 on it`);
  const keys = new Map<string, Buffer>();
  for (const [at, line] of (await readFile(path, 'utf8')).split('\n').entries()) {
    const text = line.trim();
    if (text === '' || text.startsWith('#')) continue;
    const key = Buffer.from(text, 'base64');
    if (key.length !== KEY_BYTES)
      throw new Error(`line ${at + 1} of key file ${path} must hold ${KEY_BYTES} bytes in base64, found ${key.length}`);
    keys.set(`${PREFIX}${createHash('sha256').update(key).digest('hex').slice(0, 16)}`, key);
  }
  const [currentId] = keys.keys();
  if (currentId === undefined)
    throw new Error(`key file ${path} holds no key; write ${KEY_BYTES} bytes in base64 into it`);
  return { stamp, currentId, keys };
}
