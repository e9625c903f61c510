import { spawnSync } from 'node:child_process';
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const script = join(resolve(dirname(fileURLToPath(import.meta.url)), '../../..'), 'docker/make-secrets.sh');
const isRoot = process.getuid?.() === 0;

describe('docker/make-secrets.sh', () => {
  let folder: string;
  let run: { readonly status: number | null; readonly stderr: string };
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-secrets-'));
    run = spawnSync('sh', [script, folder], { encoding: 'utf8' });
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  const read = (name: string): string => readFileSync(join(folder, name), 'utf8');
  const filesBelow = (): string[] =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));

  it('needs root, and says so', () => {
    if (isRoot) expect(run).toMatchObject({ status: 0 });
    else expect(run).toMatchObject({ status: 1, stderr: expect.stringContaining('run it as root') });
  });

  it('gives every file to one user alone, and keeps what is there when it runs again', () => {
    const before = filesBelow().map((file) => [file, readFileSync(file, 'utf8')]);
    for (const file of filesBelow()) expect([file, statSync(file).mode & 0o777]).toEqual([file, 0o600]);
    spawnSync('sh', [script, folder]);
    expect(filesBelow().map((file) => [file, readFileSync(file, 'utf8')])).toEqual(before);
  });

  it('makes what the services read', () => {
    if (!isRoot) return expect(filesBelow()).toEqual([]);
    const account = read('account-id');
    const token = read('delegate-token');
    expect(JSON.parse(read('bootstrap/bootstrap.json'))).toEqual({
      accounts: [
        {
          identifier: account,
          name: 'Sluice',
          users: [
            {
              email: 'admin@sluice.local',
              name: 'Administrator',
              role: 'account_admin',
              apiKey: read('administrator-api-key'),
            },
          ],
        },
      ],
      delegateTokens: [{ account, name: 'default_token', value: token }],
    });
    expect(read('administrator-api-key')).toMatch(new RegExp(`^pat\\.${account}\\.[0-9a-f]{22}\\.[0-9a-f]{48}$`));
    expect(token).toMatch(/^[0-9a-f]{22}\.[0-9a-f]{48}$/);
    expect(Buffer.from(read('key-encryption-key').trim(), 'base64')).toHaveLength(32);
    expect(read('pipeline-url')).toBe(`postgres://pipeline:${read('pipeline-password')}@postgres:5432/pipeline`);
    const publicKey = createPublicKey(createPrivateKey(read('keys/gateway.key')));
    expect(publicKey.asymmetricKeyType).toBe('ed25519');
    expect(publicKey.export({ type: 'spki', format: 'pem' })).toBe(read('public-keys/gateway.pub'));
  });
});
