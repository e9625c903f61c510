import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { rmSync } from 'node:fs';
import { createLogger } from '@sluice/telemetry';
import { startVaultTransit, type VaultTransitDouble } from '../testing/vault-transit-double.js';
import { openKeyProvider } from './open-key-provider.js';
import { VaultTransitClient, type VaultTransitOptions } from './vault-transit-client.js';

const KEY = { mount: 'transit', name: 'sluice' };
const PLAIN = { plaintext: Buffer.from('canary-plaintext').toString('base64') };

describe('Vault Transit', () => {
  let vault: VaultTransitDouble;
  let clients: VaultTransitClient[];
  const client = (options: Partial<VaultTransitOptions> = {}): VaultTransitClient => {
    const made = new VaultTransitClient({ url: vault.url, tokenFile: vault.tokenFile, timeoutMs: 60_000, ...options });
    clients.push(made);
    return made;
  };
  const failure = async (work: Promise<unknown>): Promise<Error> =>
    work.then(
      () => {
        throw new Error('it worked');
      },
      (cause: unknown) => cause as Error,
    );

  beforeEach(async () => {
    vault = await startVaultTransit();
    clients = [];
  });
  afterEach(async () => {
    await Promise.all(clients.map((one) => one.close()));
    await vault.close();
  });

  it('is called with token and namespace', async () => {
    await client({ namespace: 'team/one' }).call('encrypt', KEY, PLAIN);
    expect([vault.asked, vault.namespaces]).toEqual([['encrypt/sluice'], ['team/one']]);
  });

  it('is called with the token that is in the file now', async () => {
    const one = client();
    vault.setToken('hvs.expired');
    await expect(one.call('encrypt', KEY, PLAIN)).rejects.toThrow(/403|refuses the token/);
    vault.setToken('hvs.good-token\n');
    expect((await one.call('encrypt', KEY, PLAIN)).ciphertext).toMatch(/^vault:v1:/);
  });

  it.each<[string, (double: VaultTransitDouble) => void, Partial<typeof KEY>, object]>([
    [
      'a bad token',
      (double) => double.setToken('wrong'),
      {},
      {
        code: 'UPSTREAM_UNAVAILABLE',
        message: expect.stringMatching(/refuses the token in .* for transit\/encrypt\/sluice.*policy/),
        details: { isMisconfigured: true },
      },
    ],
    [
      'an empty token file',
      (double) => double.setToken(' \n'),
      {},
      { message: expect.stringMatching(/holds no token/), details: { isMisconfigured: true } },
    ],
    [
      'no token file',
      (double) => rmSync(double.tokenFile),
      {},
      { message: expect.stringMatching(/token file .* cannot be read/), details: { isMisconfigured: true } },
    ],
    [
      'a missing key',
      () => undefined,
      { name: 'other' },
      {
        message: expect.stringMatching(/no key "other" in a transit engine at "transit"/),
        details: { isMisconfigured: true },
      },
    ],
    [
      'a missing engine',
      () => undefined,
      { mount: 'nowhere' },
      { message: expect.stringMatching(/transit engine at "nowhere"/), details: { isMisconfigured: true } },
    ],
    [
      'a key Vault says is not found',
      (double) => void (double.answer = { status: 400, body: '{"errors":["encryption key not found"]}' }),
      {},
      { message: expect.stringMatching(/no key "sluice"/), details: { isMisconfigured: true } },
    ],
    [
      'a seal',
      (double) => void (double.isSealed = true),
      {},
      { code: 'UPSTREAM_UNAVAILABLE', message: expect.stringMatching(/sealed/), details: {} },
    ],
    [
      'an error of its own',
      (double) => void (double.answer = { status: 500, body: '{"errors":["internal error"]}' }),
      {},
      { code: 'UPSTREAM_UNAVAILABLE', message: expect.stringMatching(/status 500: internal error/) },
    ],
    [
      'something that is not Vault',
      (double) => void (double.answer = { status: 200, body: '<html>' }),
      {},
      { message: expect.stringMatching(/not Vault's/), details: { isMisconfigured: true } },
    ],
    [
      'an endless answer',
      (double) => void (double.answer = { status: 200, body: ' '.repeat(200_000) }),
      {},
      { code: 'UPSTREAM_UNAVAILABLE', message: expect.stringMatching(/longer than/) },
    ],
  ])('answering with %s is told apart from the rest', async (_, prepare, key, expected) => {
    prepare(vault);
    const error = await failure(client().call('encrypt', { ...KEY, ...key }, PLAIN));
    expect(error).toMatchObject(expected);
    expect(`${error.message}${error.stack ?? ''}`).not.toContain(PLAIN.plaintext);
  });

  it('is not waited for for ever', async () => {
    vault.delayMs = 3_600_000;
    expect(await failure(client({ timeoutMs: 200 }).call('encrypt', KEY, PLAIN))).toMatchObject({
      code: 'REQUEST_TIMEOUT',
      message: expect.stringContaining('within 200 ms'),
    });
  });

  it('that nobody answers for is named', async () => {
    expect(await failure(client({ url: 'http://127.0.0.1:1' }).call('encrypt', KEY, PLAIN))).toMatchObject({
      code: 'UPSTREAM_UNAVAILABLE',
      message: expect.stringContaining('127.0.0.1:1 cannot be reached'),
    });
  });

  it('an altered ciphertext is no fault of the configuration', async () => {
    const error = await failure(client().call('decrypt', KEY, { ciphertext: 'vault:v9:AAAA' }));
    expect([error.name, error.message]).toEqual(['Error', expect.stringContaining('too old')]);
  });

  describe('at the start of the service', () => {
    const open = () =>
      openKeyProvider(
        {
          keyProvider: 'vault-transit',
          keyEncryptionKeyFile: undefined,
          vaultTransit: { url: vault.url, tokenFile: vault.tokenFile, timeoutMs: 60_000, key: KEY },
        },
        createLogger('ng-manager', 'silent'),
      );

    it('a wrong configuration ends it', async () => {
      vault.setToken('wrong');
      await expect(open()).rejects.toThrow(/refuses the token/);
    });

    it('a seal does not: secrets are there when Vault is', async () => {
      vault.isSealed = true;
      const keys = await open();
      await expect(keys.wrap('A', Buffer.alloc(32))).rejects.toThrow(/sealed/);
      vault.isSealed = false;
      expect((await keys.wrap('A', Buffer.alloc(32))).keyId).toBe('vault-transit:transit/sluice:v1');
      await keys.close();
    });
  });
});
