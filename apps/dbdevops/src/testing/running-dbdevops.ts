import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RouteDefinition } from '@sluice/api-conventions';
import type { RoleGrant } from '@sluice/kernel';
import { startPostgres, testIdentities, testUser, type TestPostgres } from '@sluice/testing';
import { bootstrap } from '../bootstrap.js';

export interface TestRequest {
  readonly params?: Readonly<Record<string, string>>;
  /** Lists give repeated keys. */
  readonly query?: Readonly<Record<string, string | number | boolean | readonly string[]>>;
  /** A text is sent as text/plain, bytes as they are, everything else as JSON. */
  readonly body?: unknown;
}

export interface TestReply {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed JSON, or the text where it is none. */
  readonly body: unknown;
}

/** Whom a request is made for. */
interface TestCaller {
  readonly accountId: string;
  readonly grants?: readonly RoleGrant[];
  /** The service that calls; NG manager when absent. */
  readonly service?: 'ng-manager' | 'gateway' | 'pipeline';
}

/** dbdevops as it really runs, on a database of its own. */
export interface RunningDbDevops {
  readonly url: string;
  readonly pg: TestPostgres;
  send(caller: TestCaller, route: Pick<RouteDefinition, 'method' | 'path'>, request: TestRequest): Promise<TestReply>;
  stop(): Promise<void>;
}

export async function startDbDevops(): Promise<RunningDbDevops> {
  const [pg, identities] = [await startPostgres(), testIdentities()];
  const folder = mkdtempSync(join(tmpdir(), 'sluice-dbdevops-'));
  const urlFile = join(folder, 'database-url');
  writeFileSync(urlFile, await pg.createDatabase('dbdevops'), { mode: 0o600 });
  const app = await bootstrap({
    DBDEVOPS_PORT: '0',
    DBDEVOPS_DATABASE_URL_FILE: urlFile,
    DBDEVOPS_SERVICE_KEY_FILE: identities.keyFile('dbdevops'),
    SERVICE_KEYS_DIR: identities.keysDir,
    LOG_LEVEL: 'fatal',
  });
  return {
    url: app.url,
    pg,
    send: async (caller, route, request) => {
      const identity = await identities.headers(
        'dbdevops',
        testUser(caller.accountId, caller.grants ?? [{ role: 'account_admin' }]),
        caller.service ?? 'ng-manager',
      );
      const { body, contentType } = encoded(request.body);
      const reply = await fetch(`${app.url}${addressOf(route.path, request)}`, {
        method: route.method,
        headers: { ...identity, ...(contentType ? { 'content-type': contentType } : {}) },
        ...(body === undefined ? {} : { body }),
        signal: AbortSignal.timeout(20_000),
      });
      const text = await reply.text();
      return { status: reply.status, headers: reply.headers, body: parsed(text) };
    },
    stop: async () => {
      await app.close();
      await pg.stop();
      identities.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function addressOf(path: string, request: TestRequest): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(request.query ?? {}))
    for (const one of Array.isArray(value) ? value : [value]) search.append(key, String(one));
  const place = path.replace(/:([A-Za-z]+)/g, (_, name: string) => encodeURIComponent(request.params?.[name] ?? ''));
  return search.size > 0 ? `${place}?${search.toString()}` : place;
}

function encoded(body: unknown): { readonly body?: string | Uint8Array<ArrayBuffer>; readonly contentType?: string } {
  if (body === undefined) return {};
  if (typeof body === 'string') return { body, contentType: 'text/plain' };
  if (body instanceof Uint8Array) return { body: new Uint8Array(body), contentType: 'application/octet-stream' };
  return { body: JSON.stringify(body), contentType: 'application/json' };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
