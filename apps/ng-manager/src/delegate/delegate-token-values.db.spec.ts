import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { accountScope } from '@sluice/kernel';
import { startPostgres, type TestPostgres } from '@sluice/testing';
import type { DataSource } from 'typeorm';
import { openDatabase } from '../database.js';
import { DataKeys } from '../encryption/data-keys.js';
import { KeyRotation } from '../encryption/key-rotation.js';
import { LocalKeyProvider } from '../encryption/local-key-provider.js';
import { UnitOfWork } from '../persistence/unit-of-work.js';
import { DelegateTokenValues } from './delegate-token-values.js';

const ctx = {
  principal: { type: 'user', id: 'u', name: 'Ann', email: 'ann@example.com' },
  correlationId: 'c',
} as const;
const scope = accountScope('A');

describe('kept values of delegate tokens', () => {
  let pg: TestPostgres;
  let database: DataSource;
  let unitOfWork: UnitOfWork;
  let folder: string;
  let keyFile: string;
  const newKey = (): string => randomBytes(32).toString('base64');
  const open = async (): Promise<{ values: DelegateTokenValues; rotation: KeyRotation }> => {
    const keys = await LocalKeyProvider.load(keyFile);
    return {
      values: new DelegateTokenValues(unitOfWork, new DataKeys(unitOfWork, keys)),
      rotation: new KeyRotation(unitOfWork, keys),
    };
  };
  const read = async (values: DelegateTokenValues, id: string): Promise<string | undefined> =>
    (await values.read(ctx, scope, [{ id, name: id }])).get(id);

  beforeAll(async () => {
    pg = await startPostgres();
    database = await openDatabase(await pg.createDatabase('ng'), 4);
    unitOfWork = new UnitOfWork(database);
    for (const account of ['A', 'B']) await unitOfWork.read.accounts.ensure(account, account);
    folder = mkdtempSync(join(tmpdir(), 'sluice-token-values-'));
    keyFile = join(folder, 'keys');
    writeFileSync(keyFile, newKey(), { mode: 0o600 });
  }, 300_000);
  afterAll(async () => {
    await database.destroy();
    await pg.stop();
    rmSync(folder, { recursive: true });
  });

  it('outlive the key-encryption key they were kept under', async () => {
    await (await open()).values.keep('A', 'rotated', 'the value');
    writeFileSync(keyFile, `${newKey()}\n${readFileSync(keyFile, 'utf8')}`);
    expect(await (await open()).rotation.rotateAccount(ctx, 'A')).toMatchObject({ rewrapped: 1 });
    writeFileSync(keyFile, readFileSync(keyFile, 'utf8').split('\n')[0] ?? '');
    expect(await read((await open()).values, 'rotated')).toBe('the value');
  });

  it('and whatever else is encrypted name a data key that exists: a rotation of the keys is a rotation of everything', async () => {
    const encrypted = await pg.query<{ name: string }>(
      'ng',
      `SELECT table_name AS name FROM information_schema.columns WHERE table_schema = 'public' AND column_name = 'ciphertext' ORDER BY 1`,
    );
    const bound = await pg.query<{ name: string }>(
      'ng',
      `SELECT DISTINCT conrelid::regclass::text AS name FROM pg_constraint WHERE contype = 'f' AND confrelid = 'account_data_keys'::regclass ORDER BY 1`,
    );
    expect(bound).toEqual(encrypted);
    expect(encrypted.map(({ name }) => name)).toContain('delegate_token_values');
  });

  it('do not open in the place of another token, nor in another account', async () => {
    const { values } = await open();
    for (const [account, id] of [
      ['A', 'mine'],
      ['A', 'yours'],
      ['B', 'mine'],
    ] as const)
      await values.keep(account, id, `${account} ${id}`);
    expect([await read(values, 'mine'), await read(values, 'yours')]).toEqual(['A mine', 'A yours']);
    await pg.query(
      'ng',
      `UPDATE delegate_token_values SET ciphertext = (SELECT ciphertext FROM delegate_token_values WHERE account_id = 'A' AND token_id = 'yours') WHERE token_id = 'mine'`,
    );
    await expect(read(values, 'mine')).rejects.toThrow();
  });

  it('stay as they were first kept, and are forgotten one by one', async () => {
    const { values } = await open();
    await Promise.all([values.keep('A', 'once', 'first'), values.keep('A', 'other', 'other')]);
    await values.keep('A', 'once', 'second');
    await values.forget('B', 'once');
    expect(await read(values, 'once')).toBe('first');
    await values.forget('A', 'once');
    expect([await read(values, 'once'), await read(values, 'other')]).toEqual([undefined, 'other']);
  });
});
