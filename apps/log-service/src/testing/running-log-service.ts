import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SecurityEventRecord } from '@sluice/api-conventions';
import { logKey, type LogTokenClaims, type WireLogLine } from '@sluice/log-api';
import type { CallIdentity } from '@sluice/service-identity';
import { startRedis, testIdentities, testUser, type TestRedis } from '@sluice/testing';
import { createParser } from 'eventsource-parser';
import { bootstrap } from '../bootstrap.js';
import { startNgManagerDouble, type KeysOfNgManager } from './ng-manager-double.js';

export interface SseLine {
  readonly id: number;
  readonly line: WireLogLine;
}

export interface TailResult {
  readonly lines: readonly SseLine[];
  /** Data of `event: error`, `eof` at a proper end. */
  readonly end: string | undefined;
}

/** A log service with a Redis and a blob folder of its own, and a pod's or a user's way to call it. Support for specs. */
export async function runLogService(env: Readonly<Record<string, string>> = {}) {
  const redis: TestRedis = await startRedis();
  const identities = testIdentities();
  const keys: KeysOfNgManager = new Map();
  const securityEvents: SecurityEventRecord[] = [];
  const ngManager = await startNgManagerDouble(identities, keys, securityEvents);
  const blobDir = mkdtempSync(join(tmpdir(), 'sluice-blobs-'));
  const environment = {
    LOG_LEVEL: 'silent',
    LOG_SERVICE_PORT: '0',
    LOG_SERVICE_SERVICE_KEY_FILE: identities.keyFile('log-service'),
    SERVICE_KEYS_DIR: identities.keysDir,
    LOG_SERVICE_REDIS_URL: redis.url,
    LOG_SERVICE_NG_MANAGER_URL: ngManager.url,
    LOG_SERVICE_BLOB_DIR: blobDir,
    ...env,
  };
  const app = await bootstrap(environment);
  const call = (path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(`${app.url}/log-service${path}`, init);
  return {
    app,
    redis,
    blobDir,
    identities,
    keys,
    /** Security events ng-manager was told of. */
    securityEvents,
    ngManager,
    environment,
    call,
    /** Headers of a pod whose log token covers `prefix`. */
    pod: async (prefix: string, claims: Partial<LogTokenClaims> = {}): Promise<Record<string, string>> => {
      const accountId = prefix.split('/')[0] ?? '';
      const full: LogTokenClaims = {
        kind: 'log',
        accountId,
        keyPrefix: prefix,
        rights: ['write'],
        scope: { orgId: 'default', projectId: 'shop' },
        ...claims,
      };
      return { 'x-harness-token': await (await identities.of('pipeline')).sign('log+jwt', 'log-service', full, 600) };
    },
    /** Headers the gateway sends for a user. */
    user: (who: CallIdentity): Promise<Record<string, string>> => identities.headers('log-service', who),
    tail: async (key: string, headers: Readonly<Record<string, string>>, query = ''): Promise<TailResult> =>
      readTail(await call(`/stream?key=${key}${query}`, { headers })),
    stop: async () => {
      await app.close();
      await ngManager.close();
      await redis.stop();
      identities.stop();
      rmSync(blobDir, { recursive: true, force: true });
    },
  };
}
export type RunningLogService = Awaited<ReturnType<typeof runLogService>>;

export const ADMIN = testUser('ACC');
export const OUTSIDER = testUser('OTHER');

let runs = 0;
/** Key prefix of a fresh run of account ACC. */
export function newRun(): string {
  runs += 1;
  return logKey({ accountId: 'ACC', pipelineId: 'deploy', runSequence: runs, planExecutionId: `EX${runs}`, path: [] });
}

/** Lines `from` (inclusive) to `to` (exclusive), each naming its number. */
export function linesOf(from: number, to: number): WireLogLine[] {
  return Array.from({ length: to - from }, (_, at) => ({
    level: 'INFO',
    pos: from + at,
    out: `line ${from + at}\n`,
    time: '2026-11-22T10:00:00.000Z',
    args: null,
  }));
}

/** Reads a tail to its end, or until `enough` says so. */
export async function readTail(
  response: Response,
  enough: (lines: readonly SseLine[]) => boolean = () => false,
): Promise<TailResult> {
  if (response.status !== 200) throw new Error(`tail answered ${response.status}: ${await response.text()}`);
  const lines: SseLine[] = [];
  let end: string | undefined;
  const parser = createParser({
    onEvent: (event) => {
      if (event.event === 'error') end = event.data;
      else lines.push({ id: Number(event.id), line: JSON.parse(event.data) as WireLogLine });
    },
  });
  const decoder = new TextDecoder();
  const reader = response.body?.getReader();
  for (;;) {
    const chunk = await reader?.read();
    if (!chunk || chunk.done) break;
    parser.feed(decoder.decode(chunk.value, { stream: true }));
    if (!enough(lines)) continue;
    await reader?.cancel();
    break;
  }
  return { lines, end };
}
