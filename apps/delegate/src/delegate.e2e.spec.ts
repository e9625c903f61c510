import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { InitialisePodTask, StepWork } from '@sluice/delegate-protocol';
import { newId, waitFor } from '@sluice/kernel';
import { contentOf, filesBelow, killIfThere, quickestMs } from '@sluice/testing';
import { ControlPlane } from './testing/control-plane.js';
import { DelegateProcess } from './testing/delegate-process.js';
import { GitOverHttp } from './testing/git-over-http.js';
import { LogSink } from './testing/log-sink.js';

const changeSet = (id: string, sql: string): string => `--changeset spec:${id}\n${sql};\n`;
const formatted = (...sets: string[]): string => `--liquibase formatted sql\n${sets.join('\n')}`;
const PASSWORD = '<+secrets.getValue("account.db_password")>';
const LIMIT = 300_000;

describe('deployments through a delegate and its pods', () => {
  let control: ControlPlane;
  let git: GitOverHttp;
  let logs: LogSink;
  let delegate: DelegateProcess;
  let delegateId = '';
  const dataDir = (): string => join(control.folder, 'delegate');
  /** The folder of a pod, found by its record; undefined when there is none. */
  const findPodDir = (podId: string): string | undefined =>
    readdirSync(join(dataDir(), 'pods'))
      .map((name) => join(dataDir(), 'pods', name))
      .find((path) => contentOf(join(path, 'pod.json'))?.includes(`"podId":"${podId}"`));
  const podDir = (podId: string): string => {
    const found = findPodDir(podId);
    if (!found) throw new Error(`there is no folder of pod ${podId}`);
    return found;
  };

  beforeAll(async () => {
    [control, git, logs] = await Promise.all([
      ControlPlane.start({
        DELEGATE_SERVICE_LEASE_MS: '30000',
        DELEGATE_SERVICE_HEARTBEAT_MS: '2000',
        DELEGATE_SERVICE_SCAN_MS: '100',
      }),
      GitOverHttp.start(),
      LogSink.start(),
    ]);
    await git.commit({
      'db/good.sql': formatted(
        changeSet('1', 'create table orders (id int)'),
        changeSet('2', 'insert into orders values (7)'),
      ),
      'db/bad.sql': formatted(
        changeSet('1', 'create table good (id int)'),
        changeSet('2', 'insert into missing values (1)'),
      ),
      'db/slow.sql': formatted(changeSet('1', 'select pg_sleep(600)')),
    });
    control.secrets.set(PASSWORD, control.postgres.password);
    await startDelegate();
  }, LIMIT);

  afterAll(async () => {
    await delegate?.end('SIGTERM');
    await Promise.all([control.stop(), git.stop(), logs.stop()]);
  }, LIMIT);

  const startDelegate = async (over: Readonly<Record<string, string>> = {}): Promise<void> => {
    await control.untilAlone();
    delegate = await DelegateProcess.start(control.folder, {
      DELEGATE_SERVICE_URL: control.url,
      DELEGATE_TOKEN_FILE: control.tokenFile,
      DELEGATE_DATA_DIR: dataDir(),
      DELEGATE_NAME: 'spec',
      DELEGATE_POOL_REFILL_MS: '500',
      DELEGATE_DRAIN_MS: '1000',
      HOME: process.env['HOME'] ?? '/root',
      ...over,
    });
    delegateId = await control.connectedId();
  };
  const initialise = (podId: string, stepIds: readonly string[], path: string): InitialisePodTask => ({
    kind: 'initialise-pod',
    podId,
    sources: [{ name: 'orders', url: git.url, branch: 'main' }],
    steps: stepIds.map((stepExecutionId) => ({
      stepExecutionId,
      identifier: 'apply',
      secrets: [{ name: 'db-password', expression: PASSWORD }],
      changelogPaths: [{ source: 'orders', path }],
    })),
    logs: { baseUrl: logs.url, accountId: 'A1', token: 'log-token', keyPrefix: 'A1' },
    logKey: `${podId}/initialise`,
  });
  const update = (database: string, path: string): StepWork => ({
    kind: 'liquibase.update',
    target: { url: control.postgres.jdbcUrl(database), username: 'postgres', passwordSlot: 'db-password' },
    changelog: { source: 'orders', path },
    contexts: '',
    labels: '',
    substituteProperties: {},
  });
  const execute = (podId: string, stepExecutionId: string, work: StepWork): Promise<string> =>
    control.submit(
      { kind: 'execute-step', podId, stepExecutionId, logKey: `${podId}/${stepExecutionId}`, timeoutMs: 240_000, work },
      { boundDelegateId: delegateId },
    );
  const made = async (
    path: string,
    stepIds: readonly string[] = [newId()],
  ): Promise<{ podId: string; stepIds: readonly string[] }> => {
    const podId = newId();
    expect(await control.result(await control.submit(initialise(podId, stepIds, path)), LIMIT)).toMatchObject({
      status: 'succeeded',
    });
    return { podId, stepIds };
  };
  const removed = async (podId: string): Promise<void> => {
    expect(
      await control.result(
        await control.submit({ kind: 'cleanup-pod', podId }, { boundDelegateId: delegateId }),
        LIMIT,
      ),
    ).toEqual({ status: 'succeeded' });
    expect(findPodDir(podId)).toBeUndefined();
  };
  const database = async (): Promise<string> => {
    const name = `db_${newId().toLowerCase()}`;
    await control.postgres.createDatabase(name);
    return name;
  };
  /** A step that sleeps in the database. */
  const sleeping = async (): Promise<{ name: string; podId: string; taskId: string }> => {
    const name = await database();
    const { podId, stepIds } = await made('db/slow.sql');
    const taskId = await execute(podId, stepIds[0] ?? '', update(name, 'db/slow.sql'));
    await waitFor(async () => (await sleepers(name)) === 1, { timeoutMs: 120_000, what: 'the statement to run' });
    return { name, podId, taskId };
  };
  const sleepers = async (name: string): Promise<number> =>
    (
      await control.postgres.query(
        'postgres',
        `SELECT 1 FROM pg_stat_activity WHERE datname = $1 AND state = 'active' AND query LIKE '%pg_sleep%'`,
        [name],
      )
    ).length;
  const isUnlocked = async (name: string): Promise<boolean> =>
    (await control.postgres.query(name, 'SELECT 1 FROM databasechangeloglock WHERE locked')).length === 0;
  /** Command lines of every process below the delegate's data folder. */
  const podProcesses = (): string[] =>
    readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .flatMap((pid) => {
        try {
          const cwd = readFileSync(`/proc/${pid}/environ`, 'utf8');
          return cwd.includes(join(dataDir(), 'pods')) ? [readFileSync(`/proc/${pid}/cmdline`, 'utf8')] : [];
        } catch {
          return [];
        }
      });

  it(
    'fetches the changelog, makes the pod, applies the changes, reports and cleans up',
    async () => {
      const name = await database();
      const { podId, stepIds } = await made('db/good.sql');
      const applied = await control.result(await execute(podId, stepIds[0] ?? '', update(name, 'db/good.sql')), LIMIT);
      expect(applied).toMatchObject({
        status: 'succeeded',
        changesets: [
          { id: '1', status: 'applied' },
          { id: '2', status: 'applied' },
        ],
      });
      expect(await control.postgres.query(name, 'SELECT id FROM orders')).toEqual([{ id: 7 }]);
      await removed(podId);
      expect(logs.linesOf(`${podId}/initialise`).join('\n')).toMatch(
        /Fetched http.* at branch main: commit [0-9a-f]{40}/,
      );
      await waitFor(() => readdirSync(join(dataDir(), 'outbox')).length === 0, {
        timeoutMs: 120_000,
        what: 'acknowledged results to be removed',
      });
    },
    LIMIT,
  );

  it(
    'runs several steps of one pod, each in a container of its own',
    async () => {
      const [one, two] = [await database(), await database()];
      const { podId, stepIds } = await made('db/good.sql', [newId(), newId()]);
      for (const [index, name] of [one, two].entries()) {
        expect(
          await control.result(await execute(podId, stepIds[index] ?? '', update(name, 'db/good.sql')), LIMIT),
        ).toMatchObject({ status: 'succeeded' });
      }
      await removed(podId);
    },
    LIMIT,
  );

  it(
    'reports a failing changeset with what the database said',
    async () => {
      const name = await database();
      const { podId, stepIds } = await made('db/bad.sql');
      const failed = await control.result(await execute(podId, stepIds[0] ?? '', update(name, 'db/bad.sql')), LIMIT);
      expect(failed).toMatchObject({
        status: 'failed',
        error: { message: expect.stringContaining('relation "missing" does not exist') },
      });
      expect(await isUnlocked(name)).toBe(true);
      await removed(podId);
    },
    LIMIT,
  );

  it(
    'stops a statement that sleeps in the database within five seconds, and leaves no lock',
    async () => {
      const stopMs = async (): Promise<number> => {
        const { name, podId, taskId } = await sleeping();
        const askedAt = Date.now();
        await control.abort(taskId);
        expect(await control.result(taskId, LIMIT)).toMatchObject({ status: 'aborted' });
        const ms = Date.now() - askedAt;
        expect(await sleepers(name)).toBe(0);
        expect(await isUnlocked(name)).toBe(true);
        await removed(podId);
        return ms;
      };
      expect(await quickestMs(5_000, stopMs)).toBeLessThan(5_000);
    },
    LIMIT,
  );

  it(
    'keeps the pod’s folder private and the password out of every other place',
    async () => {
      const { podId, taskId } = await sleeping();
      expect(statSync(podDir(podId)).mode & 0o777).toBe(0o700);
      const password = control.postgres.password;
      for (const line of podProcesses()) expect(line).not.toContain(password);
      const holders = filesBelow(dataDir())
        .filter((file) => contentOf(file)?.includes(password))
        .map((file) => relative(dataDir(), file));
      expect(holders).toEqual([expect.stringMatching(/^pods\/[^/]+\/secrets\/[^/]+\/db-password$/)]);
      expect(delegate.log() + control.log()).not.toContain(password);
      await control.abort(taskId);
      await control.ended(taskId, LIMIT);
      await removed(podId);
    },
    LIMIT,
  );

  it(
    'removes a pod whose steps are over when nobody asks for its clean-up, and says so; one to which a step may come stays',
    async () => {
      await delegate.end('SIGTERM');
      await startDelegate({ DELEGATE_POD_UNUSED_MS: '1000' });
      const [first, second] = [newId(), newId()];
      const [left, wanted] = [await made('db/good.sql'), await made('db/good.sql', [first, second])];
      const [leftDir, wantedDir] = [podDir(left.podId), podDir(wanted.podId)];
      for (const [podId, step] of [
        [wanted.podId, first],
        [left.podId, left.stepIds[0] ?? ''],
      ] as const) {
        expect(
          await control.result(await execute(podId, step, update(await database(), 'db/good.sql')), LIMIT),
        ).toMatchObject({ status: 'succeeded' });
      }
      await waitFor(() => !existsSync(leftDir), {
        timeoutMs: LIMIT,
        what: 'removal of the pod without a clean-up task',
      });
      expect(delegate.log()).toMatch(new RegExp(`"podId":"${left.podId}".*whose clean-up nobody has asked for`));
      expect(existsSync(wantedDir)).toBe(true);
      expect(
        await control.result(await execute(wanted.podId, second, update(await database(), 'db/good.sql')), LIMIT),
      ).toMatchObject({ status: 'succeeded' });
      await waitFor(() => !existsSync(wantedDir), {
        timeoutMs: LIMIT,
        what: 'the other pod to be removed after its last step',
      });
      await delegate.end('SIGTERM');
      await startDelegate();
    },
    4 * LIMIT,
  );

  it(
    'survives the death of a pod’s engine: the step fails with the reason, the statement ends',
    async () => {
      const { name, podId, taskId } = await sleeping();
      const { processes } = JSON.parse(readFileSync(join(podDir(podId), 'pod.json'), 'utf8')) as {
        processes: { role: string; pid: number }[];
      };
      killIfThere(processes.find(({ role }) => role === 'engine')?.pid);
      expect(await control.result(taskId, LIMIT)).toMatchObject({
        status: 'failed',
        error: { message: expect.stringContaining('the lite engine ended by SIGKILL') },
      });
      await removed(podId);
      await waitFor(async () => (await sleepers(name)) === 0, { timeoutMs: 120_000, what: 'the statement to end' });
    },
    LIMIT,
  );

  it(
    'after kill -9 and a restart, reports what the orphaned step came to and leaves nothing running',
    async () => {
      const { name, podId, taskId } = await sleeping();
      await delegate.end('SIGKILL');
      await startDelegate();
      const ended = await control.ended(taskId, LIMIT);
      expect(['completed', 'leaseLost']).toContain(ended.outcome);
      if (ended.outcome === 'completed')
        expect(JSON.parse(ended.resultJson)).toMatchObject({
          outcome: { status: expect.stringMatching(/^(aborted|failed)$/) },
        });
      await waitFor(async () => (await sleepers(name)) === 0, { timeoutMs: 120_000, what: 'the statement to end' });
      await waitFor(() => findPodDir(podId) === undefined, {
        timeoutMs: 120_000,
        what: 'the left-over pod to be removed',
      });
      expect(await isUnlocked(name)).toBe(true);
    },
    LIMIT,
  );

  it(
    'after kill -9 for good, the engine stops the step by itself and the lease is lost',
    async () => {
      const { name, taskId } = await sleeping();
      await delegate.end('SIGKILL');
      await waitFor(async () => (await sleepers(name)) === 0, {
        timeoutMs: 120_000,
        what: 'the watchdog to stop the statement',
      });
      expect(await control.ended(taskId, LIMIT)).toMatchObject({ outcome: 'leaseLost' });
      await waitFor(() => podProcesses().length === 0, {
        timeoutMs: 120_000,
        what: 'every process of the delegate’s pods to end',
      });
      await startDelegate();
      const late = await control.ended(taskId, LIMIT, ({ outcome }) => outcome === 'late');
      expect(JSON.parse(late.resultJson)).toMatchObject({ kind: 'execute-step', outcome: { status: 'aborted' } });
    },
    LIMIT,
  );

  it(
    'ends in good order: nothing runs and no pod is left afterwards',
    async () => {
      await made('db/good.sql');
      expect(await delegate.end('SIGTERM')).toBe(0);
      expect(readdirSync(join(dataDir(), 'pods'))).toEqual([]);
      expect(podProcesses()).toEqual([]);
      await startDelegate();
    },
    LIMIT,
  );
});
