import { describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decrypt, encrypt } from './envelope.js';
import { LocalKeyProvider } from './key-provider.js';

describe('envelope encryption', () => {
  const key = randomBytes(32);

  it('gives back what went in, and never the same bytes twice', () => {
    const [one, two] = [encrypt(key, Buffer.from('välue'), 'here'), encrypt(key, Buffer.from('välue'), 'here')];
    expect(decrypt(key, one, 'here').toString()).toBe('välue');
    expect(one.equals(two)).toBe(false);
  });

  it('does not open with another key, in another place, or changed', () => {
    const sealed = encrypt(key, Buffer.from('value'), 'secret/a');
    expect(() => decrypt(randomBytes(32), sealed, 'secret/a')).toThrow();
    expect(() => decrypt(key, sealed, 'secret/b')).toThrow();
    const changed = Buffer.from(sealed);
    changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
    expect(() => decrypt(key, changed, 'secret/a')).toThrow();
    expect(() => decrypt(key, Buffer.from([9, 9]), 'secret/a')).toThrow(/unknown format/);
  });

  it('wraps data keys for one account only', async () => {
    const provider = new LocalKeyProvider(randomBytes(32));
    const wrapped = await provider.wrap('A', key);
    expect(await provider.unwrap('A', wrapped, provider.currentKeyId)).toEqual(key);
    await expect(provider.unwrap('B', wrapped, provider.currentKeyId)).rejects.toThrow();
    await expect(provider.unwrap('A', wrapped, 'local:other')).rejects.toThrow(/was wrapped by local:other/);
  });

  it('refuses a key file that others may read or that holds no key', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-kek-'));
    const file = join(folder, 'kek');
    writeFileSync(file, 'c2hvcnQ=', { mode: 0o600 });
    await expect(LocalKeyProvider.load(file)).rejects.toThrow(/32 bytes/);
    chmodSync(file, 0o644);
    await expect(LocalKeyProvider.load(file)).rejects.toThrow(/chmod 600/);
    rmSync(folder, { recursive: true });
  });
});
