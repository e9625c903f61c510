import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Entities, GatewayClient, applyPipelineYaml, execute, readExecution, type ProjectRef } from '@sluice/cli';
import { waitFor } from '@sluice/kernel';
import { startStack, type Stack } from '@sluice/local-stack';
import { liquibaseUpdate } from '@sluice/testing';
import type { BenchOptions, BenchResult } from './index.js';

const AT: ProjectRef = { org: 'default', project: 'bench' };
const WARM_UP = 1;
const LOOK_EVERY_MS = 20;

/**
 * (a) `POST …/execute` until the execution is final, through gateway, pipeline, delegate, pod and Liquibase, for one new changeset;
 * (b) the stock Liquibase command line doing the same on the same database server. Interleaved a b a b, so that the machine's mood hits both.
 */
export async function benchApply({ runs, say }: BenchOptions): Promise<BenchResult> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
  const stack = await startStack({ dataDir: join(folder, 'data'), ports: { kind: 'free' }, onProgress: say });
  try {
    const gateway = new GatewayClient({ url: stack.gatewayUrl, apiKey: stack.apiKey });
    await prepare(stack, gateway);
    const ours: number[] = [];
    const theirs: number[] = [];
    for (let run = 0; run < runs + WARM_UP; run += 1) {
      const changelog = changelogOf(run + 1);
      await stack.git.commit('bench', { 'changelog.sql': changelog });
      writeFileSync(join(folder, 'changelog.sql'), changelog);
      const a = await timed(() => throughSluice(gateway));
      const b = await timed(() => throughCommandLine(stack, folder));
      say(`${run < WARM_UP ? 'warm-up' : `run ${run - WARM_UP + 1}`}: sluice ${Math.round(a)} ms, liquibase ${Math.round(b)} ms`);
      if (run < WARM_UP) continue;
      ours.push(a);
      theirs.push(b);
    }
    const [a, b] = [median(ours), median(theirs)];
    return { name: 'apply', ratio: round(a / b, 3), sluiceMs: Math.round(a), liquibaseMs: Math.round(b), runs, worstSluiceMs: Math.round(Math.max(...ours)) };
  } finally {
    await stack.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function prepare(stack: Stack, gateway: GatewayClient): Promise<void> {
  const { customerDatabase: database } = stack;
  const entities = new Entities(gateway, AT);
  await stack.git.createRepository('bench', { 'changelog.sql': changelogOf(0) });
  await entities.ensureProject({ org: 'Default', project: 'Bench' });
  await entities.putTextSecret('password', 'Password', database.password);
  await entities.putJdbcConnector('database', 'Database', { url: `${database.jdbcUrl}?currentSchema=public`, username: database.username, passwordRef: 'password' });
  await entities.putGitConnector('repository', 'Repository', { url: stack.git.urlOf('bench') });
  await entities.putClusterConnector('cluster', 'Where steps run');
  await entities.putSchema('bench', 'Bench', { connector: 'repository', location: 'changelog.sql' });
  await entities.putInstance('bench', 'bench_instance', 'Bench', { connector: 'database', ref: { branch: 'main' }, context: '' });
  await entities.putPipeline('bench_apply', applyPipelineYaml(AT, { identifier: 'bench_apply', name: 'Bench', schema: 'bench', instance: 'bench_instance', cluster: 'cluster', timeout: '10m' }));
}

async function throughSluice(gateway: GatewayClient): Promise<void> {
  const id = await execute(gateway, AT, 'bench_apply');
  const view = await waitFor(
    async () => {
      const seen = await readExecution(gateway, AT, id);
      return seen.isFinal ? seen : undefined;
    },
    { timeoutMs: 120_000, intervalMs: LOOK_EVERY_MS, what: 'the execution has ended' },
  );
  if (view.status !== 'Success') throw new Error(`the execution ended ${view.status}: ${view.failure ?? 'no reason given'}`);
}

/** In a schema of its own, so that both start from the same number of known changesets. */
async function throughCommandLine(stack: Stack, directory: string): Promise<void> {
  const { customerDatabase: database } = stack;
  await liquibaseUpdate({ directory, changelog: 'changelog.sql', jdbcUrl: database.jdbcUrl.replace(/\/[^/]*$/, '/postgres'), username: 'postgres', password: stack.secrets.customerSuperuserPassword });
}

function changelogOf(changesets: number): string {
  const parts = Array.from({ length: changesets }, (_, index) => `--changeset bench:${index + 1}\nCREATE TABLE bench_${index + 1} (id bigint PRIMARY KEY, note text);\n--rollback DROP TABLE bench_${index + 1};\n`);
  return `--liquibase formatted sql\n\n${parts.join('\n')}`;
}

async function timed(work: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
