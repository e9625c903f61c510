import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findConnection } from './connection.js';

describe('connection', () => {
  let dataDir: string;
  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'sluice-connection-'));
    writeFileSync(join(dataDir, 'api-key'), 'pat.local.x.y\n');
    writeFileSync(
      join(dataDir, 'connection.json'),
      JSON.stringify({ url: 'http://127.0.0.1:8080', accountId: 'local', apiKeyFile: join(dataDir, 'api-key') }),
    );
  });
  afterEach(() => rmSync(dataDir, { recursive: true }));
  const find = (options: { server?: string; apiKeyVariable?: string }, env: Record<string, string>): unknown =>
    findConnection({ server: options.server, apiKeyVariable: options.apiKeyVariable, dataDir }, env);

  it('uses the running local stack when nothing else is said', () => {
    expect(find({}, {})).toEqual({ url: 'http://127.0.0.1:8080', apiKey: 'pat.local.x.y' });
  });

  it('lets a flag win over the environment, and that over the local stack', () => {
    expect(find({}, { SLUICE_URL: 'https://env', SLUICE_API_KEY: 'pat.env.x.y' })).toEqual({
      url: 'https://env',
      apiKey: 'pat.env.x.y',
    });
    expect(
      find({ server: 'https://flag', apiKeyVariable: 'KEY' }, { SLUICE_URL: 'https://env', KEY: 'pat.flag.x.y' }),
    ).toEqual({ url: 'https://flag', apiKey: 'pat.flag.x.y' });
  });

  it('never sends the local key to another server', () => {
    expect(() => find({ server: 'https://elsewhere' }, {})).toThrow('there is no API key for https://elsewhere');
  });

  it.each([
    [
      {},
      { SLUICE_URL: 'foo', SLUICE_API_KEY: 'pat.env.x.y' },
      'SLUICE_URL takes an http or https URL such as http://127.0.0.1:8080, not "foo"',
    ],
    [
      { server: 'localhost:8080' },
      { SLUICE_API_KEY: 'pat.env.x.y' },
      '--server takes an http or https URL such as http://127.0.0.1:8080, not "localhost:8080"',
    ],
    [{ apiKeyVariable: 'KEY' }, {}, '--api-key-env: the environment variable KEY is not set'],
    [{ apiKeyVariable: 'KEY' }, { KEY: '' }, '--api-key-env: the environment variable KEY is empty'],
  ])('names the setting that is wrong: %j %j', (options, env, message) => {
    expect(() => find(options, env)).toThrow(message);
  });

  it('says that no stack runs there', () => {
    rmSync(join(dataDir, 'connection.json'));
    expect(() => find({}, {})).toThrow(`no Sluice runs in ${dataDir}`);
  });
});
