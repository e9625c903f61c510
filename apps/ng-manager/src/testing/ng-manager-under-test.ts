import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunningApp } from '@sluice/http';
import type { CallOrigin, RoleGrant } from '@sluice/kernel';
import type { CallIdentity } from '@sluice/service-identity';
import { startPostgres, testIdentities, testUser, type TestIdentities, type TestPostgres } from '@sluice/testing';
import { newApiKey } from '../access/api-key-text.js';
import { bootstrap } from '../bootstrap.js';
import { startDbDevopsDouble, type DbDevopsDouble } from './dbdevops-double.js';
import { startDelegateServiceDouble, type DelegateServiceDouble } from './delegate-service-double.js';

/** Value of the token `default_token` of account `A1`. */
export const SEEDED_DELEGATE_TOKEN = 'seeded-token.seeded-secret-0123456789';

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed JSON; undefined for an empty body. */
  readonly body: ReturnType<typeof JSON.parse>;
}

/** The real app on its own database, with stand-ins for the services behind it. Accounts `A1` and `B1` are seeded. */
export interface NgManagerUnderTest {
  readonly app: RunningApp;
  /** What another replica starts with. */
  /** Writes a file (0600) that lasts as long as the app; answers its path. */
  readonly keep: (name: string, content: string) => string;
  readonly environment: Readonly<Record<string, string>>;
  readonly pg: TestPostgres;
  readonly database: string;
  readonly identities: TestIdentities;
  readonly dbdevops: DbDevopsDouble;
  readonly delegateService: DelegateServiceDouble;
  readonly apiKeys: Readonly<Record<'A1' | 'B1', string>>;
  /** Calls as the gateway would for a user of `account` (administrator unless grants are given). */
  as(
    account: string,
    grants?: readonly RoleGrant[],
    principal?: Partial<CallIdentity['principal']>,
    origin?: CallOrigin,
  ): (method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>) => Promise<HttpAnswer>;
  stop(): Promise<void>;
}

export async function startNgManager(
  options: { readonly scm?: (identities: TestIdentities) => Promise<string> } = {},
): Promise<NgManagerUnderTest> {
  const identities = testIdentities();
  const folder = mkdtempSync(join(tmpdir(), 'sluice-ng-'));
  const pg = await startPostgres();
  const databaseUrl = await pg.createDatabase('ng_manager');
  const dbdevops = await startDbDevopsDouble(identities);
  const delegateService = await startDelegateServiceDouble(identities);
  const keep = (name: string, content: string): string => {
    const file = join(folder, name);
    writeFileSync(file, content, { mode: 0o600 });
    return file;
  };
  const apiKeys = { A1: newApiKey('A1').text, B1: newApiKey('B1').text };
  const accounts = (['A1', 'B1'] as const).map((identifier) => ({
    identifier,
    name: identifier,
    users: [
      {
        email: `admin@${identifier.toLowerCase()}.example`,
        name: 'Admin',
        role: 'account_admin',
        apiKey: apiKeys[identifier],
      },
    ],
  }));
  const environment = {
    NG_MANAGER_PORT: '0',
    NG_MANAGER_SERVICE_KEY_FILE: identities.keyFile('ng-manager'),
    SERVICE_KEYS_DIR: identities.keysDir,
    NG_MANAGER_DATABASE_URL_FILE: keep('database-url', databaseUrl),
    NG_MANAGER_KEK_FILE: keep('kek', randomBytes(32).toString('base64')),
    NG_MANAGER_DBDEVOPS_URL: dbdevops.url,
    NG_MANAGER_SCM_URL: (await options.scm?.(identities)) ?? 'http://127.0.0.1:1',
    NG_MANAGER_DELEGATE_SERVICE_ADDRESS: delegateService.address,
    NG_MANAGER_BOOTSTRAP_FILE: keep(
      'bootstrap.json',
      JSON.stringify({
        accounts,
        delegateTokens: [{ account: 'A1', name: 'default_token', value: SEEDED_DELEGATE_TOKEN }],
      }),
    ),
    LOG_LEVEL: process.env['TEST_LOG_LEVEL'] ?? 'silent',
  };
  const app = await bootstrap(environment);
  return {
    app,
    environment,
    keep,
    pg,
    database: 'ng_manager',
    identities,
    dbdevops,
    delegateService,
    apiKeys,
    as: (account, grants, principal, origin) => {
      const user = testUser(account, grants);
      const who = {
        ...user,
        principal: { ...user.principal, ...principal } as CallIdentity['principal'],
        ...(origin ? { origin } : {}),
      };
      return async (method, path, body, further) => {
        const headers = {
          ...(await identities.headers('ng-manager', who)),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...further,
        };
        const answer = await fetch(`${app.url}${path}`, {
          method,
          headers,
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        });
        const text = await answer.text();
        return { status: answer.status, headers: answer.headers, body: text === '' ? undefined : JSON.parse(text) };
      };
    },
    stop: async () => {
      await app.close();
      await dbdevops.close();
      await delegateService.close();
      await pg.stop();
      identities.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
