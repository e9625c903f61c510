import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { TaskPayload } from '@sluice/delegate-protocol';
import { newId, waitFor } from '@sluice/kernel';
import { freePort } from '@sluice/testing';
import { bootstrap, type RunningDelegate } from './bootstrap.js';
import { ControlPlane } from './testing/control-plane.js';
import { FakePods, type FakePod } from './testing/fake-pods.js';
import { GitOverHttp } from './testing/git-over-http.js';
import { NarrowWay } from './testing/narrow-way.js';

const SECRET = '<+secrets.getValue("account.db")>';
/** A machine that stands still for a moment loses none. */
const LEASE_MS = 25_000;
/** A service that was away gives its delegates one lease to come back in: however slow the machine is, they do. */
const PATIENT = { DELEGATE_SERVICE_LEASE_MS: '240000' };
const OTHER_SECRET = '<+secrets.getValue("account.db_user")>';

describe('the delegate at the delegate service', () => {
  let control: ControlPlane;
  let git: GitOverHttp;
  let pods: FakePods;
  let delegate: RunningDelegate;
  let dataDir: string;

  beforeAll(async () => {
    [control, git] = await Promise.all([
      ControlPlane.start({
        DELEGATE_SERVICE_LEASE_MS: String(LEASE_MS),
        DELEGATE_SERVICE_HEARTBEAT_MS: '400',
        DELEGATE_SERVICE_SCAN_MS: '50',
        DELEGATE_SERVICE_REOFFER_MS: '300',
      }),
      GitOverHttp.start(),
    ]);
    await git.commit({ 'changelog.yaml': 'databaseChangeLog: []' });
  }, 600_000);
  afterAll(() => Promise.all([control.stop(), git.stop()]));

  beforeEach(async () => {
    pods = new FakePods();
    dataDir = join(control.folder, newId());
    delegate = await start();
  });
  afterEach(async () => {
    await control.up();
    for (const pod of pods.pods.values()) for (const { stepExecutionId } of pod.started) pod.finish(stepExecutionId);
    pods.pods.clear();
    await delegate.close();
  });

  const start = async (over: Record<string, string> = {}): Promise<RunningDelegate> => {
    const started = await bootstrap(
      {
        PATH: process.env['PATH'],
        DELEGATE_SERVICE_URL: control.url,
        DELEGATE_TOKEN_FILE: control.tokenFile,
        DELEGATE_DATA_DIR: dataDir,
        DELEGATE_NAME: 'spec',
        DELEGATE_TAGS: 'linux, eu',
        LOG_LEVEL: process.env['LOG_LEVEL'] ?? 'silent',
        DELEGATE_DRAIN_MS: '3000',
        ...over,
      },
      { runtime: pods },
    );
    await waitFor(() => started.isConnected, { timeoutMs: 120_000, what: 'the delegate to connect' });
    return started;
  };
  const initialise = (podId: string, stepExecutionId: string): TaskPayload => ({
    kind: 'initialise-pod',
    podId,
    sources: [{ name: 'orders', url: git.url, branch: 'main' }],
    steps: [
      {
        stepExecutionId,
        identifier: 'apply',
        secrets: [{ name: 'db', expression: SECRET }],
        changelogPaths: [{ source: 'orders', path: 'changelog.yaml' }],
      },
    ],
    logs: { baseUrl: 'http://127.0.0.1:9', accountId: 'A1', token: 't', keyPrefix: 'A1' },
    logKey: 'k',
  });
  const execute = (podId: string, stepExecutionId: string): TaskPayload => ({
    kind: 'execute-step',
    podId,
    stepExecutionId,
    logKey: 'k',
    timeoutMs: 60_000,
    work: {
      kind: 'liquibase.update',
      target: { url: 'jdbc:postgresql://h/d' },
      changelog: { source: 'orders', path: 'changelog.yaml' },
      contexts: '',
      labels: '',
      substituteProperties: {},
    },
  });
  /** A pod with one step that runs. */
  const running = async (): Promise<{ pod: FakePod; stepId: string; taskId: string }> => {
    control.secrets.set(SECRET, 'pass-word');
    const [podId, stepId] = [newId(), newId()];
    expect(await control.result(await control.submit(initialise(podId, stepId)))).toMatchObject({
      status: 'succeeded',
    });
    const taskId = await control.submit(execute(podId, stepId));
    const pod = await waitFor(() => pods.find(podId), { timeoutMs: 120_000, what: 'the pod' });
    await waitFor(() => pod.started.some(({ stepExecutionId }) => stepExecutionId === stepId), {
      timeoutMs: 120_000,
      what: 'the step to start',
    });
    return { pod, stepId, taskId };
  };

  it.each([
    ['plain', (token: string) => token],
    ['in base64', (token: string) => Buffer.from(token).toString('base64')],
    [
      'in base64 as command-line tools write it',
      (token: string) => `${Buffer.from(`${token}\n`).toString('base64').replace(/.{76}/g, '$&\n')}\n`,
    ],
  ])('takes its token %s', async (_, spelling) => {
    const file = join(control.folder, newId());
    writeFileSync(file, spelling(readFileSync(control.tokenFile, 'utf8')), { mode: 0o600 });
    const other = await start({
      DELEGATE_TOKEN_FILE: file,
      DELEGATE_NAME: `spelling-${newId()}`,
      DELEGATE_DATA_DIR: join(control.folder, newId()),
    });
    expect(other.isConnected).toBe(true);
    await other.close();
  });

  it('hands a pod its sources and, per step, its secrets in files only the owner reads', async () => {
    const { pod, stepId } = await running();
    expect(readFileSync(join(pod.directory, 'sources/orders/changelog.yaml'), 'utf8')).toBe('databaseChangeLog: []');
    const file = join(pod.directory, 'secrets', stepId, 'db');
    expect(readFileSync(file, 'utf8')).toBe('pass-word');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(pod.lines.map(({ out }) => out).join('\n')).not.toContain('pass-word');
    expect(readdirSync(join(pod.directory, 'steps'))).toEqual([`${stepId}.lease.json`]);
  });

  it('says which secret is missing, and leaves no pod behind', async () => {
    control.secrets.delete(SECRET);
    const podId = newId();
    const outcome = await control.result(await control.submit(initialise(podId, newId())));
    expect(outcome).toMatchObject({ status: 'failed', error: { message: `${SECRET} does not exist` } });
    expect(pods.find(podId)).toBeUndefined();
  });

  it('says which branch or changelog is missing', async () => {
    control.secrets.set(SECRET, 'x');
    const task = initialise(newId(), newId()) as Extract<TaskPayload, { kind: 'initialise-pod' }>;
    const [source] = task.sources;
    expect(
      await control.result(
        await control.submit({ ...task, sources: [{ ...source, name: 'orders', url: git.url, branch: 'nope' }] }),
      ),
    ).toMatchObject({
      status: 'failed',
      error: { message: expect.stringMatching(/^branch "nope" does not exist in http/) },
    });
    const steps = task.steps.map((step) => ({ ...step, changelogPaths: [{ source: 'orders', path: 'nope.yaml' }] }));
    expect(await control.result(await control.submit({ ...task, podId: newId(), steps }))).toMatchObject({
      status: 'failed',
      error: { message: expect.stringMatching(/^changelog "nope.yaml" does not exist in http.* at branch main/) },
    });
  });

  it('shows no secret in log and result when a Git server sends back what it was given', async () => {
    control.secrets.set(SECRET, 'pass-word');
    const podId = newId();
    let pod: FakePod | undefined;
    const packet = (text: string): string => `${(text.length + 4).toString(16).padStart(4, '0')}${text}`;
    const talkative = createServer((request, response) => {
      pod = pods.find(podId);
      const sent = Buffer.from(request.headers.authorization?.slice('Basic '.length) ?? '', 'base64').toString();
      response
        .writeHead(200, { 'content-type': 'application/x-git-upload-pack-advertisement' })
        .end(`${packet('# service=git-upload-pack\n')}0000${packet(`ERR no repository for ${sent}`)}`);
    });
    await new Promise<void>((resolve) => talkative.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(talkative.address() as AddressInfo).port}/x.git`;
    const task = {
      ...initialise(podId, newId()),
      sources: [{ name: 'orders', url, branch: 'main', username: 'reader', passwordExpression: SECRET }],
    } as TaskPayload;
    const outcome = await control.result(await control.submit(task));
    expect(outcome).toMatchObject({
      status: 'failed',
      error: { message: expect.stringContaining('no repository for reader:') },
    });
    expect(JSON.stringify(outcome)).not.toContain('pass-word');
    expect(pod?.lines.map(({ out }) => out).join('\n')).toContain('no repository for reader:');
    expect(pod?.lines.map(({ out }) => out).join('\n')).not.toContain('pass-word');
    talkative.close();
  });

  it('runs a step for longer than a lease and brings its result', async () => {
    const { pod, stepId, taskId } = await running();
    const until = Date.now() + LEASE_MS + 1_000;
    await waitFor(() => Date.now() > until, { timeoutMs: 120_000, what: 'more than a lease to pass' });
    pod.finish(stepId);
    expect(await control.result(taskId)).toMatchObject({ status: 'succeeded' });
  });

  it('stops a step on abort and brings its end', async () => {
    const { pod, stepId, taskId } = await running();
    await control.abort(taskId);
    expect(await control.result(taskId)).toMatchObject({ status: 'aborted' });
    expect(pod.stopped).toEqual([stepId]);
  });

  it('answers a step whose pod it does not know with the reason', async () => {
    const outcome = await control.result(await control.submit(execute(newId(), newId())));
    expect(outcome).toMatchObject({
      status: 'failed',
      error: {
        message: expect.stringContaining('does not exist in delegate spec any more'),
        failureType: 'DelegateRestart',
      },
    });
  });

  it('tells what happened when the engine of a pod dies under a step', async () => {
    const { pod, taskId } = await running();
    pod.break('the lite engine ended by SIGKILL');
    expect(await control.result(taskId)).toMatchObject({
      status: 'failed',
      error: {
        message:
          'the lite engine ended by SIGKILL while the step ran; what was applied is in the database’s own history',
      },
    });
  });

  it('stops a step by its own clock when the service stays away for longer than a lease', async () => {
    const { pod, stepId, taskId } = await running();
    await control.kill();
    await waitFor(() => pod.stopped.length > 0, { timeoutMs: 120_000, what: 'the lease to run out' });
    expect(pod.stopped).toEqual([stepId]);
    await control.up(PATIENT);
    expect((await control.ended(taskId)).outcome).toMatch(/completed|late/);
  }, 600_000);

  it('keeps a result while the service is away, on the disk, and brings it afterwards', async () => {
    const { pod, stepId, taskId } = await running();
    await control.kill();
    pod.finish(stepId);
    await waitFor(
      () => readdirSync(join(dataDir, 'outbox')).some((name) => name.startsWith(taskId) && name.endsWith('.json')),
      { timeoutMs: 120_000, what: 'the result on the disk' },
    );
    await control.up(PATIENT);
    expect(await control.result(taskId)).toMatchObject({ status: 'succeeded' });
    await waitFor(() => readdirSync(join(dataDir, 'outbox')).length === 0, {
      timeoutMs: 120_000,
      what: 'the acknowledged result to be removed',
    });
  }, 600_000);

  it('sends a result again that the service could not take at first, on the same connection', async () => {
    const { pod, stepId, taskId } = await running();
    await control.postgres.query(
      'delegate_service',
      `ALTER TABLE task_results ADD CONSTRAINT none_today CHECK (false) NOT VALID`,
    );
    try {
      pod.finish(stepId);
      await waitFor(() => control.log().includes('none_today'), { timeoutMs: 120_000, what: 'the refusal' });
    } finally {
      await control.postgres.query('delegate_service', `ALTER TABLE task_results DROP CONSTRAINT none_today`);
    }
    expect(await control.result(taskId)).toMatchObject({ status: 'succeeded' });
    await waitFor(() => readdirSync(join(dataDir, 'outbox')).length === 0, {
      timeoutMs: 120_000,
      what: 'the acknowledged result to be removed',
    });
  }, 600_000);

  it('ends a task whose result is refused for good with what happened, and brings the results behind it', async () => {
    const first = await running();
    const second = await running();
    await control.postgres.query(
      'delegate_service',
      `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'too long a story' USING ERRCODE = '22001'; END $$`,
    );
    await control.postgres.query(
      'delegate_service',
      `CREATE TRIGGER refuse BEFORE INSERT ON task_results FOR EACH ROW WHEN (NEW.task_id = '${first.taskId}' AND NEW.result NOT LIKE '%was refused%') EXECUTE FUNCTION refuse()`,
    );
    first.pod.finish(first.stepId);
    second.pod.finish(second.stepId);
    expect(await control.result(second.taskId)).toMatchObject({ status: 'succeeded' });
    expect(await control.result(first.taskId)).toMatchObject({
      status: 'failed',
      history: null,
      error: {
        message: expect.stringMatching(
          /^the step succeeded in the database with \d+ changeset\(s\) changed; its result was refused: the message holds something that cannot be stored: too long a story/,
        ),
      },
    });
    await waitFor(() => readdirSync(join(dataDir, 'outbox')).length === 0, {
      timeoutMs: 120_000,
      what: 'the acknowledged results to be removed',
    });
  }, 600_000);

  it('sets a result aside whose replacement is refused too, keeps it on the disk, and goes on', async () => {
    const first = await running();
    const second = await running();
    await control.postgres.query(
      'delegate_service',
      `CREATE FUNCTION refuse_all() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'never' USING ERRCODE = '22001'; END $$`,
    );
    await control.postgres.query(
      'delegate_service',
      `CREATE TRIGGER refuse_all BEFORE INSERT ON task_results FOR EACH ROW WHEN (NEW.task_id = '${first.taskId}') EXECUTE FUNCTION refuse_all()`,
    );
    first.pod.finish(first.stepId);
    await waitFor(
      () =>
        readdirSync(join(dataDir, 'outbox')).some((name) => name.startsWith(first.taskId) && name.endsWith('.refused')),
      { timeoutMs: 120_000, what: 'the result to be set aside' },
    );
    second.pod.finish(second.stepId);
    expect(await control.result(second.taskId)).toMatchObject({ status: 'succeeded' });
    // Nobody holds the lease any more, so the task ends all the same.
    expect((await control.ended(first.taskId)).outcome).toBe('leaseLost');
    await waitFor(() => readdirSync(join(dataDir, 'outbox')).length === 1, {
      timeoutMs: 120_000,
      what: 'the acknowledged result to be removed',
    });
  }, 600_000);

  it('replaces the largest result when a frame was too long for what lies between, and connects once again for it', async () => {
    await delegate.close();
    const port = await freePort();
    const way = await NarrowWay.start(control.url, port, 100_000);
    delegate = await start({ DELEGATE_SERVICE_URL: `ws://127.0.0.1:${port}` });
    const [large, small] = [await running(), await running()];
    large.pod.finish(large.stepId, 'succeeded', { outputs: { note: 'x'.repeat(300_000) } });
    small.pod.finish(small.stepId);
    expect(await control.result(large.taskId)).toMatchObject({
      status: 'failed',
      outputs: {},
      error: {
        message: expect.stringMatching(
          /^the step succeeded in the database with 0 changeset\(s\) changed; its result was refused: its 0\.3 MiB are more than the delegate service takes in one message/,
        ),
      },
    });
    expect(await control.result(small.taskId)).toMatchObject({ status: 'succeeded' });
    await waitFor(() => readdirSync(join(dataDir, 'outbox')).length === 0, {
      timeoutMs: 120_000,
      what: 'the acknowledged results to be removed',
    });
    expect(way.connections).toBe(2);
    await delegate.close();
    await way.stop();
    delegate = await start();
  }, 600_000);

  it('brings the results an earlier process had stored, and what its pods left', async () => {
    const { pod, stepId, taskId } = await running();
    const other = await running();
    await control.kill();
    pod.finish(stepId);
    await waitFor(
      () => readdirSync(join(dataDir, 'outbox')).some((name) => name.startsWith(taskId) && name.endsWith('.json')),
      { timeoutMs: 120_000, what: 'the result on the disk' },
    );
    const { epoch, delegateId: earlier } = await control.acquired(other.taskId);
    await delegate.close();
    pods = new FakePods();
    pods.leftovers = [{ taskId: other.taskId, epoch, result: undefined }];
    // The service was killed with the connection: the row of the earlier process counts as connected when the next one comes, which gets a row of its own.
    await control.up(PATIENT);
    delegate = await start();
    expect(await control.result(taskId)).toMatchObject({ status: 'succeeded' });
    expect((await control.ended(taskId)).delegateId).not.toBe(earlier);
    expect((await control.ended(other.taskId)).outcome).toMatch(/completed|late/);
  }, 600_000);

  it('keeps a result aside whose lease the delegate service does not know', async () => {
    const { pod, stepId, taskId } = await running();
    await control.kill();
    pod.finish(stepId);
    await waitFor(
      () => readdirSync(join(dataDir, 'outbox')).some((name) => name.startsWith(taskId) && name.endsWith('.json')),
      { timeoutMs: 120_000, what: 'the result on the disk' },
    );
    await control.postgres.query(
      'delegate_service',
      `UPDATE tasks SET holders = ARRAY['another'] WHERE id = '${taskId}'`,
    );
    await control.up(PATIENT);
    await waitFor(
      () => readdirSync(join(dataDir, 'outbox')).some((name) => name.startsWith(taskId) && name.endsWith('.refused')),
      { timeoutMs: 120_000, what: 'the result to be set aside' },
    );
  }, 600_000);

  it('tells the truth when the delegate is gone: the lease is lost', async () => {
    const { taskId } = await running();
    const { delegateId } = await control.acquired(taskId);
    // Its socket is cut and nobody is let in again, as by a broken network.
    await control.postgres.query('delegate_service', `UPDATE delegate_tokens SET status = 'REVOKED'`);
    try {
      expect(await control.ended(taskId)).toMatchObject({ outcome: 'leaseLost', delegateId });
    } finally {
      await control.postgres.query('delegate_service', `UPDATE delegate_tokens SET status = 'ACTIVE'`);
    }
  }, 600_000);

  it('ends what runs before it goes, takes nothing new meanwhile, and unregisters last', async () => {
    await delegate.close();
    delegate = await start({ DELEGATE_DRAIN_MS: '300000' });
    const { pod, stepId, taskId } = await running();
    const closing = delegate.close();
    await waitFor(
      async () =>
        (await control.postgres.query('delegate_service', 'SELECT 1 FROM delegates WHERE is_draining')).length > 0,
      { timeoutMs: 120_000, what: 'draining to be known' },
    );
    const waiting = await control.submit(
      { kind: 'test-git', source: { name: 'o', url: git.url } },
      { queueTimeoutMs: 500 },
    );
    expect((await control.ended(waiting)).reason).toMatch(/spec is shutting down/);
    pod.finish(stepId);
    pods.pods.clear();
    expect(await control.result(taskId)).toMatchObject({ status: 'succeeded' });
    await closing;
    await waitFor(async () => (await control.delegates()).every(({ connected }) => !connected), {
      timeoutMs: 120_000,
      what: 'the end of the delegate to be known',
    });
    delegate = await start();
  }, 600_000);

  it('stops what does not end in time when it has to go', async () => {
    const { taskId } = await running();
    await delegate.close();
    expect(await control.result(taskId)).toMatchObject({ status: 'aborted' });
    delegate = await start();
  }, 600_000);

  it('shows itself with name, tags and what it can do', async () => {
    const [shown] = (await control.delegates()).filter(({ name, connected }) => name === 'spec' && connected);
    expect(shown).toMatchObject({
      name: 'spec',
      tags: ['linux', 'eu'],
      taskKinds: [
        'initialise-pod',
        'execute-step',
        'cleanup-pod',
        'test-jdbc',
        'test-git',
        'test-service',
        'changelog-lock',
      ],
      connected: true,
      tokenName: 'spec',
    });
  });

  it('tests connections: databases by signing in, repositories by asking', async () => {
    const test = async (over: object) =>
      control.result(
        await control.submit({
          kind: 'test-jdbc',
          url: control.postgres.jdbcUrl('postgres'),
          username: 'postgres',
          secrets: [{ name: 'pw', expression: SECRET }],
          passwordSlot: 'pw',
          ...over,
        }),
      );
    control.secrets.set(SECRET, control.postgres.password);
    expect(await test({})).toMatchObject({ status: 'succeeded', product: expect.stringMatching(/^PostgreSQL \d+/) });
    expect(await test({ url: control.postgres.jdbcUrl('nope') })).toMatchObject({
      status: 'failed',
      error: { message: expect.stringMatching(/has no database "nope"$/) },
    });
    expect(await test({ url: `jdbc:postgresql://127.0.0.1:${await freePort()}/x` })).toMatchObject({
      status: 'failed',
      error: { failureType: 'Connectivity', message: expect.stringContaining('connection refused') },
    });
    expect(await test({ url: 'jdbc:postgresql://no-such-host.invalid/x' })).toMatchObject({
      status: 'failed',
      error: { message: expect.stringContaining('cannot be found by the delegate') },
    });
    expect(await test({ url: 'jdbc:sqlserver://127.0.0.1;databaseName=x' })).toMatchObject({
      status: 'failed',
      error: { message: expect.stringContaining('no driver for SQL Server') },
    });
    expect(await test({ url: 'jdbc:postgresql://127.0.0.1/x?socketFactory=x.Y' })).toMatchObject({
      status: 'failed',
      error: { message: expect.stringContaining('option "socketFactory"') },
    });
    control.secrets.set(OTHER_SECRET, 'postgres');
    expect(
      await test({
        username: undefined,
        usernameSlot: 'user',
        secrets: [
          { name: 'pw', expression: SECRET },
          { name: 'user', expression: OTHER_SECRET },
        ],
      }),
    ).toMatchObject({ status: 'succeeded' });
    control.secrets.set(SECRET, 'wrong');
    expect(await test({})).toMatchObject({
      status: 'failed',
      error: { failureType: 'Authentication', message: expect.stringContaining('refuses user "postgres"') },
    });
    const registry = {
      kind: 'test-service',
      target: {
        type: 'docker-registry',
        url: `http://127.0.0.1:${await freePort()}`,
        username: 'u',
        passwordSlot: 'pw',
      },
      secrets: [{ name: 'pw', expression: SECRET }],
    } as const;
    expect(await control.result(await control.submit({ ...registry, secrets: [...registry.secrets] }))).toMatchObject({
      status: 'failed',
      error: { failureType: 'Connectivity', message: expect.stringContaining('connection refused') },
    });
    expect(
      await control.result(await control.submit({ kind: 'test-git', source: { name: 'o', url: git.url } })),
    ).toEqual({ status: 'succeeded' });
    expect(
      await control.result(await control.submit({ kind: 'test-git', source: { name: 'o', url: git.urlOf('nope') } })),
    ).toMatchObject({ status: 'failed', error: { message: expect.stringContaining('no Git repository') } });
  }, 600_000);
});
