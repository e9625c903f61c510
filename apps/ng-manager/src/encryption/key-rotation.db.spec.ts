import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { accountScope, waitFor, type ScopedRef } from '@sluice/kernel';
import { createLogger } from '@sluice/telemetry';
import { startPostgres, testIdentities, type TestIdentities, type TestPostgres } from '@sluice/testing';
import type { DataSource } from 'typeorm';
import { openDatabase } from '../database.js';
import { UnitOfWork } from '../persistence/unit-of-work.js';
import { SecretValues } from '../secret/secret-values.js';
import { startVaultTransit, type VaultTransitDouble } from '../testing/vault-transit-double.js';
import { DataKeys } from './data-keys.js';
import type { KeyProvider } from './key-provider.js';
import { KeyRotation } from './key-rotation.js';
import { openKeyProvider, type KeyProviderConfig } from './open-key-provider.js';
import { rotateInstallation } from './rotate-installation.js';

const ACCOUNTS = Array.from({ length: 30 }, (_, at) => `acc${String(at).padStart(2, '0')}`);
const root = resolve(import.meta.dirname, '../../../..');
const actor = { principal: { type: 'service', id: 'test', name: 'test' }, correlationId: 'c' } as const;
const log = createLogger('ng-manager', 'silent');
const secretOf = (accountId: string): ScopedRef => ({ scope: accountScope(accountId), identifier: 'password' });

describe('rotation of the key-encryption key', () => {
  let pg: TestPostgres;
  let vault: VaultTransitDouble;
  let identities: TestIdentities;
  let folder: string;
  let keyFile: string;
  let databaseUrl: string;
  let database: DataSource;
  let uow: UnitOfWork;
  const opened: KeyProvider[] = [];

  const newKey = (): string => randomBytes(32).toString('base64');
  const keyLines = (): string[] => readFileSync(keyFile, 'utf8').split('\n').filter(Boolean);
  const vaultTransit = (): NonNullable<KeyProviderConfig['vaultTransit']> => ({
    url: vault.url,
    tokenFile: vault.tokenFile,
    timeoutMs: 60_000,
    key: { mount: 'transit', name: 'sluice' },
  });
  const replica = async (
    config: Partial<KeyProviderConfig> = {},
  ): Promise<{ keys: KeyProvider; values: SecretValues; rotation: KeyRotation }> => {
    const keys = await openKeyProvider(
      { keyProvider: 'local', keyEncryptionKeyFile: keyFile, vaultTransit: undefined, ...config },
      log,
    );
    opened.push(keys);
    return { keys, values: new SecretValues(uow, new DataKeys(uow, keys)), rotation: new KeyRotation(uow, keys) };
  };
  const environment = (): Record<string, string> => {
    const urlFile = join(folder, 'url');
    writeFileSync(urlFile, databaseUrl, { mode: 0o600 });
    return {
      NG_MANAGER_SERVICE_KEY_FILE: identities.keyFile('ng-manager'),
      SERVICE_KEYS_DIR: identities.keysDir,
      NG_MANAGER_DATABASE_URL_FILE: urlFile,
      NG_MANAGER_DBDEVOPS_URL: 'http://127.0.0.1:1',
      NG_MANAGER_SCM_URL: 'http://127.0.0.1:1',
      NG_MANAGER_DELEGATE_SERVICE_ADDRESS: '127.0.0.1:1',
      NG_MANAGER_KEY_PROVIDER: 'vault-transit',
      NG_MANAGER_VAULT_URL: vault.url,
      NG_MANAGER_VAULT_TOKEN_FILE: vault.tokenFile,
      LOG_LEVEL: 'silent',
    };
  };
  /** The operator's command, built, in a process of its own. */
  const rotateInProcess = (): { child: ChildProcess; lines: string[] } => {
    const child = spawn(process.execPath, ['apps/ng-manager/dist/rotate-keys.js'], {
      cwd: root,
      env: { PATH: process.env['PATH'], ...environment() },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const lines: string[] = [];
    createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
    return { child, lines };
  };
  const keyIds = async (): Promise<string[]> =>
    (await pg.query<{ id: string }>('ng', 'SELECT DISTINCT key_encryption_key_id AS id FROM account_data_keys')).map(
      ({ id }) => id,
    );
  const untouched = new AbortController().signal;

  beforeAll(async () => {
    const built = spawnSync(process.execPath, ['tools/build.mjs', '--no-ui'], { cwd: root, encoding: 'utf8' });
    if (built.status !== 0) throw new Error(built.stderr);
    pg = await startPostgres();
    vault = await startVaultTransit();
    identities = testIdentities();
    folder = mkdtempSync(join(tmpdir(), 'sluice-rotation-'));
    keyFile = join(folder, 'keys');
    writeFileSync(keyFile, newKey(), { mode: 0o600 });
    databaseUrl = await pg.createDatabase('ng');
    database = await openDatabase(databaseUrl, 8);
    uow = new UnitOfWork(database);
    const { values } = await replica();
    for (const accountId of ACCOUNTS) {
      await uow.read.accounts.ensure(accountId, accountId);
      const ref = secretOf(accountId);
      const value = (await values.encryptorFor(accountId)).encrypt(ref, Buffer.from(`value of ${accountId}`));
      await uow.read.secrets.insert(
        ref,
        {
          name: 'password',
          description: null,
          tags: {},
          type: 'SecretText',
          spec: { secretManagerIdentifier: 'harnessSecretManager', valueType: 'Inline' },
        },
        value,
        null,
      );
    }
  }, 300_000);
  afterAll(async () => {
    await Promise.all(opened.map((keys) => keys.close()));
    await database.destroy();
    await vault.close();
    await pg.stop();
    identities.stop();
    rmSync(folder, { recursive: true });
  });

  /** Reads secrets of all accounts over and over, by replicas that know nothing of the rotation, until `work` is done. Answers how often. */
  async function readingAllTheWhile(readers: readonly SecretValues[], work: () => Promise<void>): Promise<number> {
    let isDone = false;
    let reads = 0;
    const reading = Promise.all(
      readers.map(async (values, reader) => {
        for (let at = reader * 7; !isDone; at += 1) {
          const accountId = ACCOUNTS[at % ACCOUNTS.length] ?? '';
          expect(await values.read(actor, [secretOf(accountId)], { purpose: 'task' })).toEqual([
            `value of ${accountId}`,
          ]);
          reads += 1;
        }
      }),
    );
    await waitFor(async () => (reads >= readers.length ? true : undefined), {
      timeoutMs: 120_000,
      what: 'the first reads',
    });
    const before = reads;
    try {
      await work();
    } finally {
      isDone = true;
      await reading;
    }
    return reads - before;
  }

  it('leaves every secret readable at every moment, by replicas that were started before', async () => {
    const [one, two, rotator] = [await replica(), await replica(), await replica()];
    const old = await keyIds();
    writeFileSync(keyFile, [newKey(), ...keyLines()].join('\n'));
    const reads = await readingAllTheWhile([one.values, two.values], async () => {
      expect(await rotator.rotation.rotateInstallation(actor, untouched, () => undefined)).toEqual({
        accounts: 30,
        rewrapped: 30,
        unchanged: 0,
        failures: [],
      });
    });
    expect(reads).toBeGreaterThan(0);
    expect(await keyIds()).toEqual([await rotator.keys.currentKeyId()]);
    expect(old).not.toContain(await rotator.keys.currentKeyId());
  });

  it('makes the old key unnecessary', async () => {
    writeFileSync(keyFile, keyLines()[0] ?? '');
    const { values } = await replica();
    for (const accountId of ACCOUNTS)
      expect(await values.read(actor, [secretOf(accountId)], { purpose: 'task' })).toEqual([`value of ${accountId}`]);
  });

  it('repeated changes nothing and is told of once, in the audit trail', async () => {
    const { rotation } = await replica();
    expect(await rotation.rotateInstallation(actor, untouched, () => undefined)).toMatchObject({
      rewrapped: 0,
      unchanged: 30,
    });
    const events = await pg.query<{ details: { from: string; to: string } }>(
      'ng',
      `SELECT details FROM audit_events WHERE action = 'rotate' AND resource_type = 'dataKey'`,
    );
    expect(events).toHaveLength(30);
    expect(events[0]?.details).toEqual({ from: expect.stringMatching(/^local:/), to: (await keyIds())[0] });
  });

  it('run twice at once wraps each data key once', async () => {
    writeFileSync(keyFile, [newKey(), ...keyLines()].join('\n'));
    const both = await Promise.all(
      [(await replica()).rotation, (await replica()).rotation].map((rotation) =>
        rotation.rotateInstallation(actor, untouched, () => undefined),
      ),
    );
    expect((both[0]?.rewrapped ?? 0) + (both[1]?.rewrapped ?? 0)).toBe(30);
    expect(both.flatMap(({ failures }) => failures)).toEqual([]);
  });

  it('moves every account from the local key to Vault, and from one version in Vault to the next, while secrets are read', async () => {
    const both = { vaultTransit: vaultTransit() };
    const [reader, rotator] = [await replica(both), await replica({ ...both, keyProvider: 'vault-transit' })];
    await readingAllTheWhile([reader.values], async () => {
      expect(await rotator.rotation.rotateInstallation(actor, untouched, () => undefined)).toMatchObject({
        rewrapped: 30,
        failures: [],
      });
      vault.rotate('sluice');
      expect(await rotator.rotation.rotateInstallation(actor, untouched, () => undefined)).toMatchObject({
        rewrapped: 30,
        failures: [],
      });
    });
    expect(await keyIds()).toEqual(['vault-transit:transit/sluice:v2']);
    vault.trim('sluice');
    const alone = await replica({ ...both, keyProvider: 'vault-transit', keyEncryptionKeyFile: undefined });
    expect(await alone.values.read(actor, [secretOf('acc07')], { purpose: 'task' })).toEqual(['value of acc07']);
  });

  it('killed in the middle goes on where it stopped when it is run again', async () => {
    const reader = await replica({ vaultTransit: vaultTransit(), keyProvider: 'vault-transit' });
    vault.rotate('sluice');
    vault.delayMs = 300;
    const under = async (): Promise<number> =>
      Number(
        (
          await pg.query<{ count: string }>(
            'ng',
            `SELECT count(*) FROM account_data_keys WHERE key_encryption_key_id = 'vault-transit:transit/sluice:v3'`,
          )
        )[0]?.count,
      );
    await readingAllTheWhile([reader.values], async () => {
      const { child, lines } = rotateInProcess();
      await waitFor(async () => (lines.length >= 5 ? true : undefined), {
        timeoutMs: 120_000,
        intervalMs: 5,
        what: 'the first accounts',
      });
      child.kill('SIGKILL');
      await once(child, 'close');
    }).finally(() => (vault.delayMs = 0));
    const done = await under();
    expect([done >= 5, done < 30]).toEqual([true, true]);
    const { child, lines } = rotateInProcess();
    expect(await once(child, 'close')).toEqual([0, null]); // and not `exit`: its last line has been read then
    expect(JSON.parse(lines.at(-1) ?? '')).toEqual({
      accounts: 30,
      rewrapped: 30 - done,
      unchanged: done,
      failures: [],
    });
    expect(await under()).toBe(30);
  }, 300_000);

  it('says which account could not be done and does the others', async () => {
    vault.rotate('sluice');
    await pg.query('ng', `UPDATE account_data_keys SET wrapped_key = 'vault:v3:AAAA' WHERE account_id = 'acc03'`);
    const lines: string[] = [];
    const code = await rotateInstallation(environment(), untouched, (line) => lines.push(line));
    expect(code).toBe(1);
    expect(lines).toHaveLength(30);
    expect(JSON.parse(lines[0] ?? '')).toEqual({
      accountId: 'acc00',
      rewrapped: 1,
      keyId: 'vault-transit:transit/sluice:v4',
    });
    expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({
      accounts: 30,
      rewrapped: 29,
      unchanged: 0,
      failures: [{ accountId: 'acc03', reason: expect.stringContaining('transit/rewrap/sluice') }],
    });
  });

  it('stops between accounts when it is asked to', async () => {
    const stopping = new AbortController();
    vault.rotate('sluice');
    const { rotation } = await replica({ vaultTransit: vaultTransit(), keyProvider: 'vault-transit' });
    const stopped = rotation.rotateInstallation(actor, stopping.signal, () => stopping.abort(new Error('enough')));
    await expect(stopped).rejects.toThrow('enough');
    expect((await keyIds()).length).toBeGreaterThan(1);
  });
});
