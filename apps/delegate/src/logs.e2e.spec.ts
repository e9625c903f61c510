import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { existsSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newId, waitFor } from '@sluice/kernel';
import { contentOf, filesBelow, killIfThere } from '@sluice/testing';
import { ControlPlane } from './testing/control-plane.js';
import { DelegateProcess } from './testing/delegate-process.js';
import { GitOverHttp } from './testing/git-over-http.js';
import { RealLogService } from './testing/real-log-service.js';

const PASSWORD = '<+secrets.getValue("account.db_password")>';
const LIMIT = 400_000;
const GOOD = '--liquibase formatted sql\n--changeset spec:1\ncreate table orders (id int);\n';
const SLOW = `${GOOD}--changeset spec:2\nselect pg_sleep(600);\n`;

interface PodRecord {
  readonly podId: string | null;
  readonly processes: readonly { readonly role: 'engine' | 'step'; readonly pid: number }[];
}

describe('logs of a pod', () => {
  let control: ControlPlane;
  let git: GitOverHttp;
  let logs: RealLogService;
  let delegate: DelegateProcess;
  let delegateId = '';
  let runs = 0;
  const dataDir = (): string => join(control.folder, 'delegate');
  const outbox = (): string[] =>
    readdirSync(join(dataDir(), 'log-outbox')).filter((name) => name.endsWith('.log.jsonl'));

  beforeAll(async () => {
    [control, git, logs] = await Promise.all([ControlPlane.start(), GitOverHttp.start(), RealLogService.create()]);
    await git.commit({ 'db/good.sql': GOOD, 'db/slow.sql': SLOW });
    control.secrets.set(PASSWORD, control.postgres.password);
    await Promise.all([logs.up(), startDelegate()]);
  }, LIMIT);

  afterAll(async () => {
    await delegate?.end('SIGTERM');
    await Promise.all([control.stop(), git.stop(), logs.stop()]);
  }, LIMIT);

  const startDelegate = async (): Promise<void> => {
    await control.untilAlone();
    delegate = await DelegateProcess.start(control.folder, {
      DELEGATE_SERVICE_URL: control.url,
      DELEGATE_TOKEN_FILE: control.tokenFile,
      DELEGATE_DATA_DIR: dataDir(),
      DELEGATE_NAME: 'spec',
      DELEGATE_DRAIN_MS: '1000',
      HOME: process.env['HOME'] ?? '/root',
    });
    delegateId = await control.connectedId();
  };

  /** A pod that is ready, and how its one step is run and it is removed. */
  const pod = async (path: string) => {
    runs += 1;
    const prefix = `A1/pipeline/deploy/${runs}/-EX${runs}`;
    const [podId, stepExecutionId, database] = [newId(), newId(), `db_${newId().toLowerCase()}`];
    await control.postgres.createDatabase(database);
    const made = await control.submit({
      kind: 'initialise-pod',
      podId,
      sources: [{ name: 'orders', url: git.url, branch: 'main' }],
      steps: [
        {
          stepExecutionId,
          identifier: 'apply',
          secrets: [{ name: 'db-password', expression: PASSWORD }],
          changelogPaths: [{ source: 'orders', path }],
        },
      ],
      logs: { baseUrl: logs.url, accountId: 'A1', token: await logs.token(prefix), keyPrefix: prefix },
      logKey: `${prefix}/stage/initialise`,
    });
    expect(await control.result(made, LIMIT)).toMatchObject({ status: 'succeeded' });
    const target = { url: control.postgres.jdbcUrl(database), username: 'postgres', passwordSlot: 'db-password' };
    const work = {
      kind: 'liquibase.update',
      target,
      changelog: { source: 'orders', path },
      contexts: '',
      labels: '',
      substituteProperties: {},
    } as const;
    return {
      initKey: `${prefix}/stage/initialise`,
      stepKey: `${prefix}/stage/apply`,
      execute: () =>
        control.submit(
          { kind: 'execute-step', podId, stepExecutionId, logKey: `${prefix}/stage/apply`, timeoutMs: 240_000, work },
          { boundDelegateId: delegateId, runTimeoutMs: LIMIT },
        ),
      asleep: () =>
        waitFor(
          async () =>
            (
              await control.postgres.query(
                'postgres',
                `SELECT 1 FROM pg_stat_activity WHERE datname = $1 AND state = 'active' AND query LIKE '%pg_sleep%'`,
                [database],
              )
            ).length === 1,
          { timeoutMs: 120_000, what: 'the statement to run' },
        ),
      /** Waits until a line is on the disk: that the statement runs does not say so. */
      told: (text: string) =>
        waitFor(
          () =>
            filesBelow(found(podId).folder).some(
              (file) => file.endsWith('.log.jsonl') && contentOf(file)?.includes(text),
            ),
          { timeoutMs: 120_000, what: `the line "${text}" in the spool` },
        ),
      remove: async () =>
        expect(
          await control.result(
            await control.submit({ kind: 'cleanup-pod', podId }, { boundDelegateId: delegateId }),
            LIMIT,
          ),
        ).toEqual({ status: 'succeeded' }),
      folder: () => found(podId).folder,
      processes: () => found(podId).record.processes,
    };
  };
  /** A folder that is being made has no record yet. */
  const found = (podId: string): { readonly folder: string; readonly record: PodRecord } => {
    for (const folder of readdirSync(join(dataDir(), 'pods')).map((name) => join(dataDir(), 'pods', name))) {
      const text = contentOf(join(folder, 'pod.json'))?.toString();
      if (text === undefined) continue;
      const record = JSON.parse(text) as PodRecord;
      if (record.podId === podId) return { folder, record };
    }
    throw new Error(`there is no folder of pod ${podId}`);
  };
  const arrived = (key: string): Promise<readonly string[]> =>
    waitFor(() => logs.stored(key), { timeoutMs: 120_000, what: `the stored log ${key}`, intervalMs: 200 });

  it(
    'are stored, and outlive a log service that is away for the whole run and a delegate that is killed before it comes back',
    async () => {
      await logs.down();
      const run = await pod('db/good.sql');
      expect(await control.result(await run.execute(), LIMIT)).toMatchObject({ status: 'succeeded' });
      await run.remove();
      await waitFor(() => outbox().length === 2, { timeoutMs: 60_000, what: 'the two logs in the outbox' });
      await delegate.end('SIGKILL');
      await startDelegate();
      expect(outbox()).toHaveLength(2);
      await logs.up();
      expect((await arrived(run.initKey)).join('\n')).toMatch(/Fetched http.* at branch main: commit [0-9a-f]{40}/);
      expect((await arrived(run.stepKey)).at(-1)).toMatch(/^Done in/);
      await waitFor(() => readdirSync(join(dataDir(), 'log-outbox')).length === 0, {
        timeoutMs: 120_000,
        what: 'the empty outbox',
      });
    },
    LIMIT,
  );

  it(
    'go with a pod whose clean-up failed as soon as they can, while the delegate runs; its secrets go at once',
    async () => {
      await logs.down();
      const run = await pod('db/good.sql');
      expect(await control.result(await run.execute(), LIMIT)).toMatchObject({ status: 'succeeded' });
      const folder = run.folder();
      expect(existsSync(join(folder, 'secrets'))).toBe(true);
      // A file in the place of the folder: no log can be moved there.
      renameSync(join(dataDir(), 'log-outbox'), join(dataDir(), 'aside'));
      writeFileSync(join(dataDir(), 'log-outbox'), '');
      await run.remove();
      expect([existsSync(folder), existsSync(join(folder, 'secrets'))]).toEqual([true, false]);
      rmSync(join(dataDir(), 'log-outbox'));
      renameSync(join(dataDir(), 'aside'), join(dataDir(), 'log-outbox'));
      await waitFor(() => !existsSync(folder), { timeoutMs: 120_000, what: 'the pod to be removed' });
      await logs.up();
      expect((await arrived(run.stepKey)).at(-1)).toMatch(/^Done in/);
    },
    LIMIT,
  );

  it(
    'have what was told before the engine was killed, a line that says so, and an end for whoever watches',
    async () => {
      const run = await pod('db/slow.sql');
      const taskId = await run.execute();
      await run.asleep();
      await run.told('Updating ');
      const watched = await logs.tail(run.stepKey);
      killIfThere(run.processes().find(({ role }) => role === 'engine')?.pid);
      expect(await control.result(taskId, LIMIT)).toMatchObject({ status: 'failed' });
      await run.remove();
      const lines = await arrived(run.stepKey);
      expect(lines.some((line) => line.startsWith('Updating '))).toBe(true);
      expect(lines.at(-1)).toMatch(/ended before this log did/);
      expect(await watched.text()).toContain('data: eof');
    },
    LIMIT,
  );

  it(
    'have what was told before the whole pod and its delegate were killed',
    async () => {
      const run = await pod('db/slow.sql');
      await run.execute();
      await run.asleep();
      await run.told('Updating ');
      const processes = run.processes();
      await delegate.end('SIGKILL');
      for (const { pid } of processes) killIfThere(-pid);
      await startDelegate();
      const lines = await arrived(run.stepKey);
      expect(lines.some((line) => line.startsWith('Updating '))).toBe(true);
      expect(lines.at(-1)).toMatch(/ended before this log did/);
    },
    LIMIT,
  );
});
