import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GatewayClient } from '@sluice/cli';
import { removeDataFolder, startStack, type Stack } from '@sluice/local-stack';
import { Client } from 'pg';
import {
  changelogOf,
  median,
  prepareDeployment,
  round,
  throughCommandLine,
  throughSluice,
  timed,
} from './deployment.js';
import type { BenchOptions, BenchResult } from './index.js';
import { PeakMemory } from './peak-memory.js';

const ROWS = 100_000;
const FEW_ROWS = 5_000;
const LIMIT_MS = 1_200_000;
const CHANGESETS = 10;

/**
 * A deployment with nothing to do on a history of 100,000 rows, every service in a process of its own, against `liquibase update` on as many rows in the same
 * server. The first deployment after the rows are there reports all of them and is told by itself (`firstMs`).
 */
export async function benchHistories({ runs, isSmall, say }: BenchOptions): Promise<BenchResult> {
  const rows = isSmall ? FEW_ROWS : ROWS;
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-histories-'));
  const stack = await startStack({
    dataDir: join(folder, 'data'),
    ports: { kind: 'free' },
    isSeparate: true,
    onProgress: say,
  });
  const memory = PeakMemory.below(process.pid);
  try {
    const gateway = new GatewayClient({ url: stack.gatewayUrl, apiKey: stack.apiKey });
    await prepareDeployment(stack, gateway);
    await stack.git.commit('bench', { 'changelog.sql': changelogOf(CHANGESETS) });
    writeFileSync(join(folder, 'changelog.sql'), changelogOf(CHANGESETS));
    await throughSluice(gateway, LIMIT_MS);
    await throughCommandLine(stack, folder);
    await seed(stack, rows);
    say(`${rows} rows are in both history tables`);
    const firstMs = await timed(() => throughSluice(gateway, LIMIT_MS));
    say(`first deployment on them: ${Math.round(firstMs)} ms`);
    memory.forget();
    const ours: number[] = [];
    const theirs: number[] = [];
    for (let run = 1; run <= runs; run += 1) {
      ours.push(await timed(() => throughSluice(gateway, LIMIT_MS)));
      theirs.push(await timed(() => throughCommandLine(stack, folder)));
      say(`run ${run}: sluice ${Math.round(ours.at(-1) ?? 0)} ms, liquibase ${Math.round(theirs.at(-1) ?? 0)} ms`);
    }
    const [a, b] = [median(ours), median(theirs)];
    return {
      name: 'histories',
      rows,
      ratio: round(a / b, 3),
      sluiceMs: Math.round(a),
      liquibaseMs: Math.round(b),
      firstMs: Math.round(firstMs),
      runs,
      peakMiB: memory.stop(),
    };
  } finally {
    memory.stop();
    await stack.stop();
    removeDataFolder(stack.data);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Rows that earlier years have left: they are in no changelog any more. */
async function seed({ customerDatabase, secrets }: Stack, rows: number): Promise<void> {
  const ours = new URL(customerDatabase.adminUrl);
  const theirs = new URL(`postgres://postgres@${customerDatabase.host}:${customerDatabase.port}/postgres`);
  theirs.password = secrets.customerSuperuserPassword;
  for (const url of [ours, theirs]) {
    const client = new Client({ connectionString: url.href });
    await client.connect();
    try {
      await client.query(
        `INSERT INTO databasechangelog (id, author, filename, dateexecuted, orderexecuted, exectype, md5sum, description, comments, liquibase, contexts, deployment_id)
         SELECT 'seeded-' || n, 'team.member', 'db/changelog/part-' || n / 500 || '/changes.xml', now() - interval '1 day' + n * interval '1 millisecond', $1 + n, 'EXECUTED',
           '9:' || md5(n::text), 'createTable tableName=table_' || n, 'added by an earlier release', '4.28.0', 'prod', '1234567890' FROM generate_series(1, $2) n`,
        [CHANGESETS, rows],
      );
    } finally {
      await client.end();
    }
  }
}
