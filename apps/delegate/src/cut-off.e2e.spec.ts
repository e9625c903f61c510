import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { join } from 'node:path';
import { taskResult } from '@sluice/delegate-protocol';
import { newId, waitFor } from '@sluice/kernel';
import { Cable } from '@sluice/testing';
import { ControlPlane } from './testing/control-plane.js';
import { DelegateProcess } from './testing/delegate-process.js';
import { GitOverHttp } from './testing/git-over-http.js';
import { LogSink } from './testing/log-sink.js';

const PASSWORD = '<+secrets.getValue("account.db_password")>';
const LIMIT = 300_000;
const CHANGESETS = 120;

/** Every changeset leaves the time at which the database did it. */
const changelog = [
  '--liquibase formatted sql',
  '--changeset spec:marks\ncreate table marks (n int, at timestamptz default clock_timestamp());',
  ...Array.from(
    { length: CHANGESETS },
    (_, n) => `--changeset spec:${n}\nselect pg_sleep(0.5); insert into marks (n) values (${n});`,
  ),
].join('\n');

describe('a step whose delegate hears nothing of the control plane', () => {
  let control: ControlPlane;
  let git: GitOverHttp;
  let logs: LogSink;
  let cable: Cable;
  let delegate: DelegateProcess;
  let delegateId = '';

  beforeAll(async () => {
    [control, git, logs] = await Promise.all([
      ControlPlane.start({
        DELEGATE_SERVICE_LEASE_MS: '20000',
        DELEGATE_SERVICE_FENCE_MS: '24000',
        DELEGATE_SERVICE_HEARTBEAT_MS: '2000',
        DELEGATE_SERVICE_SCAN_MS: '100',
      }),
      GitOverHttp.start(),
      LogSink.start(),
    ]);
    await git.commit({ 'db/marks.sql': changelog });
    control.secrets.set(PASSWORD, control.postgres.password);
    const { hostname, port } = new URL(control.url);
    cable = await Cable.to(hostname, Number(port));
    delegate = await DelegateProcess.start(control.folder, {
      DELEGATE_SERVICE_URL: `ws://127.0.0.1:${cable.port}`,
      DELEGATE_TOKEN_FILE: control.tokenFile,
      DELEGATE_DATA_DIR: join(control.folder, 'delegate'),
      DELEGATE_NAME: 'spec',
      DELEGATE_DRAIN_MS: '1000',
      // The lease is what ends the step, not an engine that misses its delegate.
      DELEGATE_WATCHDOG_MS: '120000',
      HOME: process.env['HOME'] ?? '/root',
    });
  }, LIMIT);

  beforeEach(async () => {
    delegateId = await control.connectedId();
  }, LIMIT);

  afterAll(async () => {
    await delegate?.end('SIGTERM');
    await Promise.all([control.stop(), git.stop(), logs.stop(), cable.close()]);
  }, LIMIT);

  /** A run that has applied its first changesets. */
  const underWay = async (): Promise<{ database: string; taskId: string; podId: string; stepId: string }> => {
    const database = `db_${newId().toLowerCase()}`;
    await control.postgres.createDatabase(database);
    const [podId, stepId] = [newId(), newId()];
    const made = await control.submit({
      kind: 'initialise-pod',
      podId,
      sources: [{ name: 'orders', url: git.url, branch: 'main' }],
      steps: [
        {
          stepExecutionId: stepId,
          identifier: 'apply',
          secrets: [{ name: 'db-password', expression: PASSWORD }],
          changelogPaths: [{ source: 'orders', path: 'db/marks.sql' }],
        },
      ],
      logs: { baseUrl: logs.url, accountId: 'A1', token: 'log-token', keyPrefix: 'A1' },
      logKey: `${podId}/initialise`,
    });
    expect(await control.result(made, LIMIT)).toMatchObject({ status: 'succeeded' });
    const target = { url: control.postgres.jdbcUrl(database), username: 'postgres', passwordSlot: 'db-password' };
    const work = {
      kind: 'liquibase.update',
      target,
      changelog: { source: 'orders', path: 'db/marks.sql' },
      contexts: '',
      labels: '',
      substituteProperties: {},
    } as const;
    const taskId = await control.submit(
      { kind: 'execute-step', podId, stepExecutionId: stepId, logKey: `${podId}/${stepId}`, timeoutMs: 240_000, work },
      { boundDelegateId: delegateId, runTimeoutMs: LIMIT },
    );
    await waitFor(async () => (await marks(database)).length > 2, { timeoutMs: 120_000, what: 'the first changesets' });
    return { database, taskId, podId, stepId };
  };
  const marks = (database: string): Promise<{ n: number; at: Date }[]> =>
    control.postgres.query<{ n: number; at: Date }>(database, 'SELECT n, at FROM marks ORDER BY at').catch(() => []);

  /** Nothing is done to the database once the control plane has given the step up, and what comes later tells the truth. */
  async function expectNothingAfterTheEnd(
    { database, taskId, stepId }: Awaited<ReturnType<typeof underWay>>,
    back: () => void,
  ): Promise<void> {
    const ended = await control.ended(taskId, LIMIT);
    const sessions = await control.postgres.query(
      'postgres',
      'SELECT 1 FROM pg_stat_activity WHERE application_name = $1',
      [`sluice-${stepId}`],
    );
    const [task] = await control.postgres.query<{ ended_at: Date }>(
      'delegate_service',
      'SELECT ended_at FROM tasks WHERE id = $1',
      [taskId],
    );
    expect(ended.outcome).toBe('leaseLost');
    expect(sessions).toEqual([]);
    expect(await control.postgres.query(database, 'SELECT 1 FROM databasechangeloglock WHERE locked')).toEqual([]);
    back();
    const late = taskResult.parse(
      JSON.parse((await control.ended(taskId, LIMIT, ({ outcome }) => outcome === 'late')).resultJson),
    );
    if (late.kind !== 'execute-step') throw new Error(`the late result is of ${late.kind}`);
    expect(late.outcome).toMatchObject({
      status: 'aborted',
      error: {
        message: expect.stringContaining('cut off from the control plane for longer than its lease'),
        failureType: 'Connectivity',
      },
    });
    const applied = await marks(database);
    expect(applied.length).toBeLessThan(CHANGESETS);
    expect(applied.at(-1)?.at.getTime()).toBeLessThan(task?.ended_at.getTime() ?? 0);
    expect(late.outcome.history?.length).toBe(applied.length + 1);
  }

  it(
    'ends before the control plane takes it for lost when the network is cut',
    async () => {
      const run = await underWay();
      cable.cut();
      await expectNothingAfterTheEnd(run, () => cable.mend());
    },
    LIMIT,
  );

  it(
    'ends before the control plane takes it for lost when the delegate stands still',
    async () => {
      const run = await underWay();
      process.kill(delegate.pid, 'SIGSTOP');
      await expectNothingAfterTheEnd(run, () => process.kill(delegate.pid, 'SIGCONT'));
    },
    LIMIT,
  );
});
