import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeDataFolder, startStack, type Stack } from '@sluice/local-stack';
import { Client } from 'pg';
import { z } from 'zod';
import type { BenchOptions, BenchResult } from '../index.js';
import { listRoutes } from './list-routes.js';
import { ListClient, type Measurement } from './measure.js';
import { FULL, SMALL, type Sizes } from './places.js';
import { LIST_REQUESTS, type Asker } from './requests.js';
import { seedDbDevops } from './seed-dbdevops.js';
import { seedDelegates } from './seed-delegates.js';
import { seedNeighbours, seedNgManager, type SeededUser } from './seed-ng-manager.js';
import { seedPrincipals } from './seed-principals.js';
import { seedPipelines } from './seed-pipeline.js';

const BOUND_MS = 200;
const UNLIMITED = '1000000';
const NEIGHBOUR = 'Neighbour0';

/**
 * Seeds 10,000 instances, 100,000 executions and thousands of everything else, then asks the gateway for every list of the contracts, as a user of one
 * project and as the account's administrator. Passed when the 95th percentile of every way to ask is at most 200 ms.
 * @throws Error naming the lists nobody wrote a request for
 */
export async function benchLists({ runs, isSmall, keepIn, only, say }: BenchOptions): Promise<BenchResult> {
  const lists = listRoutes().filter(({ route }) => route.id.includes(only ?? ''));
  const missing = lists.filter(({ route }) => !(route.id in LIST_REQUESTS)).map(({ route }) => route.id);
  if (missing.length > 0)
    throw new Error(`no request is written for ${missing.join(', ')}; add each to tools/bench/src/lists/requests.ts`);
  const folder = keepIn ?? mkdtempSync(join(tmpdir(), 'sluice-bench-lists-'));
  const stack = await startStack({
    dataDir: folder,
    ports: { kind: 'free' },
    withDelegate: false,
    environment: { gateway: { GATEWAY_RATE_LIMIT_PER_SECOND: UNLIMITED, GATEWAY_RATE_LIMIT_BURST: UNLIMITED } },
    onProgress: say,
  });
  try {
    const sizes = isSmall ? SMALL : FULL;
    const askers = await seededOnce(join(stack.data.root, 'bench-lists.json'), () => seed(stack, sizes, say));
    const client = new ListClient(stack.gatewayUrl);
    const measurements: Measurement[] = [];
    for (const list of lists) {
      for (const asker of askers) {
        const request = LIST_REQUESTS[list.route.id]?.(asker) ?? {};
        const found = await client.measure(list, asker, request, runs);
        measurements.push(...found);
        const slowest = worst(found);
        say(
          `${list.route.id.padEnd(28)} ${asker.name.padEnd(14)} ${String(found.length).padStart(3)} queries  p95 ${ms(p95(slowest.times)).padStart(8)} ms  (${slowest.query}, ${Math.ceil(slowest.bytes / 1024)} KiB)`,
        );
      }
    }
    await client.close();
    return resultOf(measurements, sizes, runs);
  } finally {
    await stack.stop();
    if (keepIn === undefined) removeDataFolder(stack.data);
  }
}

const seededAskers = z.array(
  z.object({
    name: z.enum(['project user', 'administrator']),
    apiKey: z.string(),
    userId: z.string(),
    account: z.string(),
  }),
);

/** A kept folder is filled once. */
async function seededOnce(file: string, work: () => Promise<readonly Asker[]>): Promise<readonly Asker[]> {
  if (existsSync(file)) return seededAskers.parse(JSON.parse(readFileSync(file, 'utf8')));
  const askers = await work();
  writeFileSync(file, JSON.stringify(askers), { mode: 0o600 });
  return askers;
}

async function seed(stack: Stack, sizes: Sizes, say: (text: string) => void): Promise<readonly Asker[]> {
  const { accountId: account, apiKey } = stack;
  const neighbours = Array.from({ length: sizes.otherAccounts }, (_, index) => `Neighbour${index}`);
  let administrator = '';
  const user = await withDatabase<SeededUser>(stack, 'ng_manager', async (db) => {
    say('seeding ng-manager');
    const found = await db.query<{ id: string }>('SELECT id FROM users WHERE account_id = $1', [account]);
    administrator = found.rows[0]?.id ?? '';
    await seedNeighbours(db, neighbours, sizes);
    const seeded = await seedNgManager(db, account, administrator, sizes);
    await seedPrincipals(db, account, sizes);
    return seeded;
  });
  await withDatabase(stack, 'dbdevops', async (db) => {
    say('seeding dbdevops');
    await seedDbDevops(db, account, sizes);
    await seedDbDevops(db, NEIGHBOUR, shareOf(sizes));
  });
  await withDatabase(stack, 'pipeline', async (db) => {
    say('seeding pipelines and executions');
    await seedPipelines(db, account, sizes, say);
    await seedPipelines(db, NEIGHBOUR, shareOf(sizes), () => undefined);
  });
  await withDatabase(stack, 'delegate_service', async (db) => {
    say('seeding delegates');
    await seedDelegates(db, account, sizes);
  });
  return [
    { name: 'project user', apiKey: user.apiKey, userId: user.userId, account },
    { name: 'administrator', apiKey, userId: administrator, account },
  ];
}

/** A tenth of it: what a neighbour has. */
function shareOf(sizes: Sizes): Sizes {
  return {
    ...sizes,
    schemas: Math.ceil(sizes.schemas / 10),
    instances: Math.ceil(sizes.instances / 10),
    bigInstances: Math.ceil(sizes.bigInstances / 10),
    pipelines: Math.ceil(sizes.pipelines / 10),
    inputSets: Math.ceil(sizes.inputSets / 10),
    executions: Math.ceil(sizes.executions / 10),
  };
}

async function withDatabase<T>(
  stack: Stack,
  name: Parameters<Stack['platformDatabaseUrl']>[0],
  work: (db: Client) => Promise<T>,
): Promise<T> {
  const db = new Client({ connectionString: stack.platformDatabaseUrl(name) });
  await db.connect();
  try {
    const done = await work(db);
    // What autovacuum would have done by the time a list is this long.
    await db.query('VACUUM ANALYZE');
    return done;
  } finally {
    await db.end();
  }
}

function resultOf(measurements: readonly Measurement[], sizes: Sizes, runs: number): BenchResult {
  const all = measurements.flatMap(({ times }) => times);
  const slowest = worst(measurements);
  const routes = [...new Set(measurements.map(({ route }) => route))].map((route) => ({
    route,
    p95Ms: round(p95(worst(measurements.filter((one) => one.route === route)).times)),
  }));
  const worstMs = round(p95(slowest.times));
  return {
    name: 'lists',
    bench: 'lists',
    passed: worstMs <= BOUND_MS,
    boundMs: BOUND_MS,
    ratio: Number((worstMs / BOUND_MS).toFixed(3)),
    p50Ms: round(percentile(all, 0.5)),
    p95Ms: round(p95(all)),
    slowest: { route: slowest.route, query: `${slowest.query}, ${slowest.asker}`, p95Ms: worstMs },
    requests: all.length,
    runs,
    instances: sizes.instances,
    executions: sizes.executions,
    routes: routes.sort((a, b) => b.p95Ms - a.p95Ms),
  };
}

function worst(measurements: readonly Measurement[]): Measurement {
  const [first, ...rest] = measurements;
  if (!first) throw new Error('nothing was measured');
  return rest.reduce((found, one) => (p95(one.times) > p95(found.times) ? one : found), first);
}

function p95(times: readonly number[]): number {
  return percentile(times, 0.95);
}

/** Nearest rank. */
function percentile(times: readonly number[], part: number): number {
  const sorted = [...times].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? 0;
}

function round(value: number): number {
  return Number(value.toFixed(1));
}

function ms(value: number): string {
  return value.toFixed(1);
}
