import { afterEach, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startVaultTransit } from '../testing/vault-transit-double.js';
import type { KeyProvider } from './key-provider.js';
import { KeyRing } from './key-ring.js';
import { LocalKeyProvider } from './local-key-provider.js';
import { VaultTransitKeyProvider } from './vault-transit-key-provider.js';

/** A provider and what an operator can do to its key. `another` is a second replica with the same configuration. */
interface Case {
  readonly provider: KeyProvider;
  readonly another: () => Promise<KeyProvider>;
  /** The key changes; the old one still opens. */
  readonly rotate: () => void;
  /** The old key goes. */
  readonly dropOld: () => void;
  readonly stop: () => Promise<void>;
}

async function local(): Promise<Case> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-kek-'));
  const file = join(folder, 'keys');
  const newKey = (): string => `${randomBytes(32).toString('base64')}\n`;
  writeFileSync(file, newKey(), { mode: 0o600 });
  const lines = (): string[] =>
    readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
  return {
    provider: await LocalKeyProvider.load(file),
    another: () => LocalKeyProvider.load(file),
    rotate: () => writeFileSync(file, `# newest first\n${newKey()}\n${lines().join('\n')}\n`),
    dropOld: () => writeFileSync(file, `${lines()[0] ?? ''}\n`),
    stop: async () => rmSync(folder, { recursive: true }),
  };
}

async function vaultTransit(): Promise<Case> {
  const vault = await startVaultTransit('kms/transit');
  const open = () =>
    new VaultTransitKeyProvider(
      { url: vault.url, tokenFile: vault.tokenFile, timeoutMs: 60_000 },
      { mount: 'kms/transit', name: 'sluice' },
    );
  return {
    provider: open(),
    another: async () => open(),
    rotate: () => vault.rotate('sluice'),
    dropOld: () => vault.trim('sluice'),
    stop: () => vault.close(),
  };
}

async function ring(): Promise<Case> {
  const [current, other] = [await vaultTransit(), await local()];
  return {
    ...current,
    provider: new KeyRing(current.provider, [other.provider]),
    another: async () => new KeyRing(await current.another(), [await other.another()]),
    stop: async () => void (await Promise.all([current.stop(), other.stop()])),
  };
}

describe.each([
  ['local', local],
  ['Vault Transit', vaultTransit],
  ['a ring of both', ring],
] as const)('key provider %s', (_, start) => {
  const dataKey = randomBytes(32);
  let open: Case | undefined;
  const begin = async (): Promise<Case> => (open = await start());

  afterEach(async () => {
    await open?.provider.close();
    await open?.stop();
    open = undefined;
  });

  it('opens what it wrapped, also in another replica, and shows nothing of it', async () => {
    const { provider, another } = await begin();
    const key = await provider.wrap('A', dataKey);
    expect(await provider.unwrap('A', key)).toEqual(dataKey);
    const replica = await another();
    expect(await replica.unwrap('A', key)).toEqual(dataKey);
    await replica.close();
    expect([key.wrapped.includes(dataKey), key.wrapped.toString().includes(dataKey.toString('base64'))]).toEqual([
      false,
      false,
    ]);
    expect([key.keyId, provider.owns(key.keyId)]).toEqual([await provider.currentKeyId(), true]);
  });

  it('never wraps into the same bytes twice', async () => {
    const { provider } = await begin();
    expect((await provider.wrap('A', dataKey)).wrapped).not.toEqual((await provider.wrap('A', dataKey)).wrapped);
  });

  it('opens for the account it was wrapped for only', async () => {
    const { provider } = await begin();
    await expect(provider.unwrap('B', await provider.wrap('A', dataKey))).rejects.toThrow();
  });

  it('does not open what was changed', async () => {
    const { provider } = await begin();
    const { keyId, wrapped } = await provider.wrap('A', dataKey);
    const changed = Buffer.from(wrapped);
    changed.write(String.fromCharCode((changed.at(-6) ?? 0) === 65 ? 66 : 65), changed.length - 6);
    await expect(provider.unwrap('A', { keyId, wrapped: changed })).rejects.toThrow();
  });

  it('after a change of the key wraps with the new one and opens both, without a restart', async () => {
    const { provider, rotate } = await begin();
    const before = await provider.wrap('A', dataKey);
    rotate();
    const after = await provider.wrap('A', dataKey);
    expect(after.keyId).not.toBe(before.keyId);
    expect(await provider.currentKeyId()).toBe(after.keyId);
    expect([await provider.unwrap('A', before), await provider.unwrap('A', after)]).toEqual([dataKey, dataKey]);
  });

  it('opens what another replica wrapped with a key it has not seen yet', async () => {
    const { provider, another, rotate } = await begin();
    await provider.currentKeyId();
    rotate();
    const replica = await another();
    const key = await replica.wrap('A', dataKey);
    await replica.close();
    expect(await provider.unwrap('A', key)).toEqual(dataKey);
  });

  it('rewraps under the current key, after which the old one is not needed', async () => {
    const { provider, rotate, dropOld } = await begin();
    const before = await provider.wrap('A', dataKey);
    expect((await provider.rewrap('A', before)).keyId).toBe(before.keyId);
    rotate();
    const after = await provider.rewrap('A', before);
    expect(after.keyId).toBe(await provider.currentKeyId());
    dropOld();
    expect(await provider.unwrap('A', after)).toEqual(dataKey);
    await expect(provider.unwrap('A', before)).rejects.toThrow();
  });

  it('says which key is missing', async () => {
    const { provider } = await begin();
    const { wrapped } = await provider.wrap('A', dataKey);
    await expect(provider.unwrap('A', { keyId: 'cloud:other', wrapped })).rejects.toThrow(/cloud:other/);
  });
});

describe('a ring of key providers', () => {
  it('moves data keys from one provider to the other', async () => {
    const [from, to] = [await local(), await vaultTransit()];
    const moving = new KeyRing(to.provider, [from.provider]);
    const dataKey = randomBytes(32);
    const before = await from.provider.wrap('A', dataKey);
    const after = await moving.rewrap('A', before);
    expect([before.keyId, after.keyId]).toEqual([
      expect.stringMatching(/^local:/),
      'vault-transit:kms/transit/sluice:v1',
    ]);
    expect(await to.provider.unwrap('A', after)).toEqual(dataKey);
    expect(await new KeyRing(from.provider, [to.provider]).rewrap('A', after)).toMatchObject({ keyId: before.keyId });
    await moving.close();
    await Promise.all([from.stop(), to.stop()]);
  });
});
