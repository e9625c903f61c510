import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { InitialisePodTask, StepWork } from '@sluice/delegate-protocol';
import { newId, waitFor } from '@sluice/kernel';
import { bootstrap, type RunningDelegate } from './bootstrap.js';
import { ControlPlane } from './testing/control-plane.js';
import { GitOverHttp } from './testing/git-over-http.js';
import { LogSink } from './testing/log-sink.js';

const CHANGELOG = `databaseChangeLog:
  - changeSet:
      id: 1
      author: spec
      changes:
        - createTable:
            tableName: orders
            columns:
              - column: { name: id, type: int }
`;
const PASSWORD = '<+secrets.getValue("account.db_password")>';

describe('a deployment through a delegate and its pod', () => {
  let control: ControlPlane;
  let git: GitOverHttp;
  let logs: LogSink;
  let delegate: RunningDelegate;
  let delegateId = '';

  beforeAll(async () => {
    [control, git, logs] = await Promise.all([ControlPlane.start(), GitOverHttp.start(), LogSink.start()]);
    await git.commit({ 'db/changelog.yaml': CHANGELOG });
    await control.postgres.createDatabase('orders');
    control.secrets.set(PASSWORD, control.postgres.password);
    delegate = await bootstrap({
      ...process.env,
      DELEGATE_SERVICE_URL: control.url,
      DELEGATE_TOKEN_FILE: control.tokenFile,
      DELEGATE_DATA_DIR: join(control.folder, 'delegate'),
      DELEGATE_NAME: 'spec',
      DELEGATE_POOL_REFILL_MS: '200',
      LOG_LEVEL: process.env['LOG_LEVEL'] ?? 'silent',
    });
    delegateId = (await waitFor(async () => (await control.delegates()).find(({ connected }) => connected), { timeoutMs: 10_000, what: 'the delegate to connect' })).id;
  }, 120_000);

  afterAll(async () => {
    await delegate.close();
    await Promise.all([control.stop(), git.stop(), logs.stop()]);
  });

  const initialise = (podId: string, stepExecutionId: string, path = 'db/changelog.yaml'): InitialisePodTask => ({
    kind: 'initialise-pod',
    podId,
    sources: [{ name: 'orders', url: git.url, branch: 'main' }],
    steps: [{ stepExecutionId, identifier: 'apply', secrets: [{ name: 'db-password', expression: PASSWORD }], changelogPaths: [{ source: 'orders', path }] }],
    logs: { baseUrl: logs.url, accountId: 'A1', token: 'log-token', keyPrefix: 'A1' },
    logKey: `${podId}/initialise`,
  });
  const update = (database: string): StepWork => ({
    kind: 'liquibase.update',
    target: { url: control.postgres.jdbcUrl(database), username: 'postgres', passwordSlot: 'db-password' },
    changelog: { source: 'orders', path: 'db/changelog.yaml' },
    contexts: '',
    labels: '',
    substituteProperties: {},
  });
  const execute = (podId: string, stepExecutionId: string, work: StepWork) =>
    control.submit({ kind: 'execute-step', podId, stepExecutionId, logKey: `${podId}/apply`, timeoutMs: 60_000, work }, { boundDelegateId: delegateId });

  it('fetches the changelog, makes the pod, applies the changes, reports and cleans up', async () => {
    const [podId, stepId] = [newId(), newId()];
    const commit = await git.commit({ 'README.md': 'orders' });
    const made = await control.result(await control.submit(initialise(podId, stepId)), 60_000);
    expect(made).toMatchObject({ status: 'succeeded', commits: { orders: commit } });
    const applied = await control.result(await execute(podId, stepId, update('orders')), 60_000);
    expect(applied).toMatchObject({ status: 'succeeded', changesets: [{ id: '1', author: 'spec', status: 'applied' }] });
    expect(await control.postgres.query('orders', 'SELECT * FROM orders')).toEqual([]);
    const directory = join(control.folder, 'delegate', 'pods', podId);
    expect(existsSync(directory)).toBe(true);
    expect(await control.result(await control.submit({ kind: 'cleanup-pod', podId }, { boundDelegateId: delegateId }), 60_000)).toEqual({ status: 'succeeded' });
    expect(existsSync(directory)).toBe(false);
    expect(logs.linesOf(`${podId}/initialise`).join('\n')).toContain(`commit ${commit}`);
    await waitFor(() => readdirSync(join(control.folder, 'delegate', 'outbox')).length === 0, { timeoutMs: 5_000, what: 'acknowledged results to be removed' });
  }, 120_000);
});
