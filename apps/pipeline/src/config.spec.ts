import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parseConfig } from './config.js';

describe('configuration', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-config-'));
    writeFileSync(join(folder, 'url'), 'postgres://u:p@h/d\n');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const env = (over: Record<string, string | undefined> = {}): Record<string, string | undefined> => ({
    PIPELINE_DATABASE_URL_FILE: join(folder, 'url'),
    PIPELINE_SERVICE_KEY_FILE: 'k',
    SERVICE_KEYS_DIR: 'd',
    PIPELINE_NG_MANAGER_URL: 'http://127.0.0.1:7090',
    PIPELINE_DELEGATE_SERVICE_ADDRESS: '127.0.0.1:9091',
    PIPELINE_POD_LOG_SERVICE_URL: 'http://127.0.0.1:8079',
    ...over,
  });

  it('has the documented defaults', () => {
    expect(parseConfig(env())).toMatchObject({
      port: 12001,
      executorId: 'pipeline-0',
      databaseUrl: 'postgres://u:p@h/d',
      taskQueueTimeoutMs: 120_000,
      abortTimeoutMs: 60_000,
      sweepMs: 5_000,
    });
  });

  it.each([
    ['no database file', { PIPELINE_DATABASE_URL_FILE: undefined }, /PIPELINE_DATABASE_URL_FILE/],
    ['a database file that is not there', { PIPELINE_DATABASE_URL_FILE: '/nowhere' }, /\/nowhere cannot be read/],
    ['an address with a scheme', { PIPELINE_DELEGATE_SERVICE_ADDRESS: 'http://x:1' }, /must be host:port/],
    ['no log service', { PIPELINE_POD_LOG_SERVICE_URL: undefined }, /PIPELINE_POD_LOG_SERVICE_URL/],
    ['an executor id with a slash', { PIPELINE_EXECUTOR_ID: 'a/b' }, /PIPELINE_EXECUTOR_ID/],
  ])('refuses %s', (_what, over, message) => expect(() => parseConfig(env(over))).toThrow(message));

  it('an abort waits longer than a delegate works on without word, derived from its lease and fence', () => {
    expect(parseConfig(env({ DELEGATE_SERVICE_LEASE_MS: '120000' })).abortTimeoutMs).toBe(240_000);
    expect(
      parseConfig(env({ DELEGATE_SERVICE_LEASE_MS: '12000', DELEGATE_SERVICE_FENCE_MS: '6000' })).abortTimeoutMs,
    ).toBe(24_000);
    expect(parseConfig(env({ PIPELINE_ABORT_TIMEOUT_MS: '45001' })).abortTimeoutMs).toBe(45_001);
  });

  it.each([
    [{ PIPELINE_ABORT_TIMEOUT_MS: '45000' }, '45000', '30000', '15000'],
    [{ PIPELINE_ABORT_TIMEOUT_MS: '60000', DELEGATE_SERVICE_LEASE_MS: '40000' }, '60000', '40000', '20000'],
    [
      { PIPELINE_ABORT_TIMEOUT_MS: '18000', DELEGATE_SERVICE_LEASE_MS: '12000', DELEGATE_SERVICE_FENCE_MS: '6000' },
      '18000',
      '12000',
      '6000',
    ],
  ])(
    'refuses an abort that waits no longer than lease and fence together, naming both settings and their values: %j',
    (over, abort, lease, fence) => {
      const refused = `PIPELINE_ABORT_TIMEOUT_MS (${abort}) must be greater than DELEGATE_SERVICE_LEASE_MS (${lease}) and DELEGATE_SERVICE_FENCE_MS (${fence}) together`;
      expect(() => parseConfig(env(over))).toThrow(refused);
    },
  );

  it('the README names every variable', () => {
    const source = readFileSync(resolve(import.meta.dirname, 'config.ts'), 'utf8');
    const readme = readFileSync(resolve(import.meta.dirname, '../README.md'), 'utf8');
    for (const [, name] of source.matchAll(/^ {4}([A-Z_]+): /gm)) expect(readme).toContain(name ?? '');
  });
});
