import { Entities, applyPipelineYaml, execute, readExecution, type GatewayClient, type ProjectRef } from '@sluice/cli';
import { waitFor } from '@sluice/kernel';
import type { Stack } from '@sluice/local-stack';
import { liquibaseUpdate } from '@sluice/testing';

const AT: ProjectRef = { org: 'default', project: 'bench' };
const LOOK_EVERY_MS = 20;

/** A project with one pipeline that deploys `changelog.sql` of a repository of its own to the stack's customer database. */
export async function prepareDeployment(stack: Stack, gateway: GatewayClient): Promise<void> {
  const { customerDatabase: database } = stack;
  const entities = new Entities(gateway, AT);
  await stack.git.createRepository('bench', { 'changelog.sql': changelogOf(0) });
  await entities.ensureProject({ org: 'Default', project: 'Bench' });
  await entities.putTextSecret('password', 'Password', database.password);
  await entities.putJdbcConnector('database', 'Database', {
    url: `${database.jdbcUrl}?currentSchema=public`,
    username: database.username,
    passwordRef: 'password',
  });
  await entities.putGitConnector('repository', 'Repository', { url: stack.git.urlOf('bench') });
  await entities.putClusterConnector('cluster', 'Where steps run');
  await entities.putSchema('bench', 'Bench', { connector: 'repository', location: 'changelog.sql' });
  await entities.putInstance('bench', 'bench_instance', 'Bench', {
    connector: 'database',
    ref: { branch: 'main' },
    context: '',
  });
  await entities.putPipeline(
    'bench_apply',
    applyPipelineYaml(AT, {
      identifier: 'bench_apply',
      name: 'Bench',
      schema: 'bench',
      instance: 'bench_instance',
      cluster: 'cluster',
      timeout: '10m',
    }),
  );
}

/** `POST …/execute` until the execution is final. @param limitMs until it counts as hanging @throws Error when it ended without success */
export async function throughSluice(gateway: GatewayClient, limitMs = 120_000): Promise<void> {
  const id = await execute(gateway, AT, 'bench_apply');
  const view = await waitFor(
    async () => {
      const seen = await readExecution(gateway, AT, id);
      return seen.isFinal ? seen : undefined;
    },
    { timeoutMs: limitMs, intervalMs: LOOK_EVERY_MS, what: 'the execution has ended' },
  );
  if (view.status !== 'Success')
    throw new Error(`the execution ended ${view.status}: ${view.failure ?? 'no reason given'}`);
}

/** `liquibase update` in a database of its own on the same server, so that both start from the same number of known changesets. */
export async function throughCommandLine(stack: Stack, directory: string): Promise<void> {
  const { customerDatabase: database } = stack;
  await liquibaseUpdate({
    directory,
    changelog: 'changelog.sql',
    jdbcUrl: database.jdbcUrl.replace(/\/[^/]*$/, '/postgres'),
    username: 'postgres',
    password: stack.secrets.customerSuperuserPassword,
  });
}

/** Formatted SQL that makes so many tables, one in each changeset. */
export function changelogOf(changesets: number): string {
  const parts = Array.from(
    { length: changesets },
    (_, index) =>
      `--changeset bench:${index + 1}\nCREATE TABLE bench_${index + 1} (id bigint PRIMARY KEY, note text);\n--rollback DROP TABLE bench_${index + 1};\n`,
  );
  return `--liquibase formatted sql\n\n${parts.join('\n')}`;
}

/** Milliseconds that it took. */
export async function timed(work: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}

export function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
