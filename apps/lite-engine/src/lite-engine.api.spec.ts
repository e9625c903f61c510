import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { stepResult, type StepResult } from '@sluice/delegate-protocol';
import { GrpcClient, readTlsFiles } from '@sluice/grpc';
import { waitFor } from '@sluice/kernel';
import type { WireLogLine } from '@sluice/log-api';
import { LITE_ENGINE_SERVICE, type LiteEngineMethods, type StepEvent } from '@sluice/runner-rpc';
import {
  freePort,
  quickestMs,
  startPostgres,
  testPodAuthority,
  type TestPodAuthority,
  type TestPostgres,
} from '@sluice/testing';

const root = resolve(import.meta.dirname, '../../..');
const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const CHANGELOG =
  '--liquibase formatted sql\n--changeset ann:1\ncreate table a (id int);\n--changeset ann:2\ncreate table b (id int);\n';
const SLOW =
  '--liquibase formatted sql\n--changeset ann:1\ncreate table a (id int);\n--changeset ann:2\nselect pg_sleep(600);\n';
/** Sleeps until the table `held` is empty. */
const HELD =
  '--liquibase formatted sql\n--changeset ann:1 splitStatements:false\ndo $$ begin while exists (select from held) loop perform pg_sleep(0.05); end loop; end $$;\n';

/** The wire side of the log service: offsets, streams, blobs; it can be told to fail. */
class LogServiceDouble {
  readonly streams = new Map<string, WireLogLine[]>();
  readonly blobs = new Map<string, string>();
  readonly traceparents = new Set<string>();
  mode: 'up' | 'down' | 'deaf' = 'up';
  private server: Server | undefined;
  baseUrl = '';

  async start(): Promise<void> {
    this.server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        if (this.mode === 'down') return void response.destroy();
        const url = new URL(request.url ?? '', 'http://x');
        const key = `${url.searchParams.get('accountID')}:${url.searchParams.get('key')}`;
        if (request.headers['x-harness-token'] !== 'log-token') return void response.writeHead(403).end();
        this.traceparents.add(String(request.headers['traceparent']));
        const status = this.answer(
          `${request.method} ${url.pathname}`,
          key,
          url.searchParams.get('from'),
          Buffer.concat(chunks).toString(),
        );
        // deaf: what was asked is done, but nobody learns of it
        if (this.mode === 'deaf') {
          this.mode = 'up';
          return void response.destroy();
        }
        response.writeHead(status).end();
      });
    });
    await new Promise<void>((done) => this.server?.listen(0, '127.0.0.1', done));
    this.baseUrl = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.server?.closeAllConnections();
    this.server?.close();
  }

  private answer(what: string, key: string, from: string | null, body: string): number {
    if (what === 'POST /log-service/stream') this.streams.set(key, this.streams.get(key) ?? []);
    else if (what === 'PUT /log-service/stream') {
      const stream = this.streams.get(key);
      if (!stream || from === null || Number(from) > stream.length) return 409;
      stream.push(...(JSON.parse(body) as WireLogLine[]).slice(stream.length - Number(from)));
    } else if (what === 'POST /log-service/blob') this.blobs.set(key, body);
    else if (what === 'DELETE /log-service/stream') this.streams.delete(key);
    else return 404;
    return 204;
  }
}

/** A process of the pod, started as the delegate does. */
class PodProcess {
  readonly child: ChildProcess;
  readonly output: string[] = [];
  readonly exited: Promise<number | null>;

  constructor(entry: string) {
    this.child = spawn(process.execPath, [join(root, entry), '--parked'], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, LOG_LEVEL: 'warn' },
    });
    this.exited = new Promise((done) => this.child.once('exit', (code) => done(code)));
    if (this.child.stdout) createInterface({ input: this.child.stdout }).on('line', (line) => this.output.push(line));
  }

  async says(line: string): Promise<void> {
    await waitFor(() => this.output.includes(line), {
      timeoutMs: 600_000,
      what: `"${line}" from ${this.child.spawnargs[1]}`,
    });
  }

  async become(identity: object): Promise<void> {
    await this.says('parked');
    this.child.stdin?.write(`${JSON.stringify(identity)}\n`);
    await this.says('listening');
  }
}

jest.setTimeout(1_200_000); // every pod starts a JVM, and machines that test are busy

describe('a pod', () => {
  let pg: TestPostgres;
  let logs: LogServiceDouble;
  let folder: string;
  let authority: TestPodAuthority;
  let counter = 0;
  const started: PodProcess[] = [];

  beforeAll(async () => {
    spawnSync(process.execPath, ['tools/build.mjs', '--no-ui'], { cwd: root });
    folder = mkdtempSync(join(tmpdir(), 'sluice-pod-'));
    logs = new LogServiceDouble();
    [pg, authority] = await Promise.all([startPostgres(), testPodAuthority(join(folder, 'tls')), logs.start()]);
  }, 600_000);
  afterEach(async () => {
    for (const { child } of started) child.kill('SIGKILL');
    await Promise.all(started.splice(0).map(({ exited }) => exited));
    logs.mode = 'up';
  });
  afterAll(async () => {
    logs?.stop();
    await pg?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function startPod({ changelog = CHANGELOG, watchdogMs = 600_000, isRunnerLate = false } = {}) {
    counter += 1;
    const id = `step-${counter}`;
    const podDir = join(folder, `pod-${counter}`);
    const database = `pod_${counter}`;
    for (const path of ['sources/repo', `secrets/${id}`]) mkdirSync(join(podDir, path), { recursive: true });
    writeFileSync(join(podDir, 'sources/repo/changelog.sql'), changelog);
    writeFileSync(join(podDir, 'secrets', id, 'db-password'), pg.password, { mode: 0o600 });
    await pg.createDatabase(database);
    const address = `127.${1 + (process.pid % 200)}.${counter}.2`;
    const engineListen = `${address}:${await freePort(address)}`;
    const runnerListen = `${address}:${await freePort(address)}`;
    const engine = new PodProcess('apps/lite-engine/dist/main.js');
    const runner = new PodProcess('apps/step-runner/dist/main.js');
    started.push(engine, runner);
    const startRunner = async (): Promise<void> =>
      runner.become({ listen: runnerListen, tls: await authority.issue('step-runner') });
    await Promise.all([
      engine.become({
        listen: engineListen,
        tls: await authority.issue('lite-engine'),
        podId: `pod-${counter}`,
        podDir,
      }),
      isRunnerLate ? runner.says('parked') : startRunner(),
    ]);
    const client = GrpcClient.mutualTls<LiteEngineMethods>(
      LITE_ENGINE_SERVICE,
      engineListen,
      readTlsFiles(await authority.issue('delegate')),
      'lite-engine',
    );
    const setup = {
      podId: `pod-${counter}`,
      logBaseUrl: logs.baseUrl,
      logAccountId: 'acc',
      logToken: 'log-token',
      containers: [{ stepExecutionId: id, address: runnerListen }],
      watchdogMs,
    };
    await client.unary('SetupStage', setup, { timeoutMs: 60_000 });
    const work = {
      kind: 'liquibase.update',
      target: { url: pg.jdbcUrl(database), username: 'postgres', passwordSlot: 'db-password' },
      changelog: { source: 'repo', path: 'changelog.sql' },
    };
    const start = (overrides: object = {}) =>
      client.unary(
        'StartStep',
        {
          stepExecutionId: id,
          logKey: `acc/log/${id}`,
          timeoutMs: 240_000,
          workJson: JSON.stringify({ ...work, ...overrides }),
        },
        { timeoutMs: 60_000, traceparent: TRACEPARENT },
      );
    const events: StepEvent[] = [];
    const watch = async (): Promise<StepResult> => {
      for await (const event of client.stream('WatchStep', { stepExecutionId: id, afterSeq: 0 })) events.push(event);
      return stepResult.parse(JSON.parse(events.at(-1)?.finishedJson ?? '{}'));
    };
    const asleep = () =>
      waitFor(
        async () =>
          (
            await pg.query(
              'postgres',
              `select 1 from pg_stat_activity where application_name = $1 and query like '%pg_sleep%'`,
              [`sluice-${id}`],
            )
          ).length > 0,
        { timeoutMs: 120_000, what: 'the slow statement' },
      );
    const expectTidy = async (): Promise<void> => {
      await waitFor(
        async () =>
          (await pg.query('postgres', 'select 1 from pg_stat_activity where application_name = $1', [`sluice-${id}`]))
            .length === 0,
        { timeoutMs: 120_000, what: 'end of the session' },
      );
      expect(await pg.query(database, 'select locked from databasechangeloglock')).toEqual([{ locked: false }]);
    };
    return {
      id,
      podDir,
      database,
      engine,
      runner,
      startRunner,
      engineListen,
      client,
      setup,
      start,
      watch,
      events,
      logKey: `acc:acc/log/${id}`,
      asleep,
      expectTidy,
    };
  }

  function linesOf(blob: string | undefined): WireLogLine[] {
    return (blob ?? '')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as WireLogLine);
  }
  /** The lines of the stored log. A result goes first when its log takes long to be stored. */
  async function storedLines(key: string): Promise<WireLogLine[]> {
    await waitFor(() => logs.blobs.has(key) && !logs.streams.has(key), {
      timeoutMs: 120_000,
      what: `the stored log ${key}`,
    });
    return linesOf(logs.blobs.get(key));
  }

  it('runs a step once, replays its events, stores its log and leaves the result on disk', async () => {
    const pod = await startPod();
    expect(await pod.start()).toEqual({ alreadyStarted: false });
    expect(await pod.start()).toEqual({ alreadyStarted: true });
    await expect(pod.start({ contexts: 'other' })).rejects.toMatchObject({ code: 'CONFLICT' });

    const result = await pod.watch();
    expect(result.error).toBeUndefined();
    expect(result.status).toBe('succeeded');
    expect(result.history?.map(({ id }) => id)).toEqual(['1', '2']);
    expect(pod.events.map(({ seq }) => seq)).toEqual(pod.events.map((_event, index) => index + 1));

    const again: StepEvent[] = [];
    for await (const event of pod.client.stream('WatchStep', {
      stepExecutionId: pod.id,
      afterSeq: pod.events.length - 2,
    }))
      again.push(event);
    expect(again).toEqual(pod.events.slice(-2));

    const lines = await storedLines(pod.logKey);
    expect(lines.map(({ pos }) => pos)).toEqual(lines.map((_line, index) => index));
    const told = pod.events
      .filter(({ event }) => event === 'logJson')
      .map(({ logJson }) => String(JSON.parse(logJson ?? '').out));
    // What says that the log is late is not in the log.
    expect(lines.map(({ out }) => out)).toEqual(
      told.filter((out) => !out.startsWith('the log could not be stored yet')),
    );
    expect(logs.streams.has(pod.logKey)).toBe(false);
    expect([...logs.traceparents].some((header) => header.startsWith(TRACEPARENT.slice(0, 35)))).toBe(true);
    expect(
      stepResult.parse(JSON.parse(readFileSync(join(pod.podDir, 'steps', `${pod.id}.result.json`), 'utf8'))),
    ).toEqual(result);
    expect(await pod.runner.exited).toBe(0);

    await pod.client.unary('Destroy', {}, { timeoutMs: 60_000 });
    expect(await pod.engine.exited).toBe(0);
  });

  it('answers only the delegate of its own pod', async () => {
    const pod = await startPod();
    const stranger = await (await testPodAuthority(join(folder, `stranger-${counter}`))).issue('delegate');
    const callers = [
      { files: await authority.issue('step-runner'), code: 'ACCESS_DENIED' },
      { files: { ...stranger, ca: join(folder, 'tls', 'ca.crt') }, code: 'UPSTREAM_UNAVAILABLE' },
    ];
    for (const { files, code } of callers) {
      const client = GrpcClient.mutualTls<LiteEngineMethods>(
        LITE_ENGINE_SERVICE,
        pod.engineListen,
        readTlsFiles(files),
        'lite-engine',
      );
      await expect(client.unary('Ping', {}, { timeoutMs: 60_000 })).rejects.toMatchObject({ code });
      client.close();
    }
    const wrongName = GrpcClient.mutualTls<LiteEngineMethods>(
      LITE_ENGINE_SERVICE,
      pod.engineListen,
      readTlsFiles(await authority.issue('delegate')),
      'step-runner',
    );
    await expect(wrongName.unary('Ping', {}, { timeoutMs: 60_000 })).rejects.toMatchObject({
      code: 'UPSTREAM_UNAVAILABLE',
    });
    wrongName.close();
  });

  it('stops a step within 5 s and leaves the database tidy', async () => {
    const stopMs = async (): Promise<number> => {
      const pod = await startPod({ changelog: SLOW });
      await pod.start();
      const result = pod.watch();
      await pod.asleep();
      const stoppedAt = Date.now();
      expect(
        await pod.client.unary('StopStep', { stepExecutionId: pod.id, graceMs: 30_000 }, { timeoutMs: 60_000 }),
      ).toEqual({ known: true });
      expect((await result).status).toBe('aborted');
      const ms = Date.now() - stoppedAt;
      await pod.expectTidy();
      return ms;
    };
    expect(await quickestMs(5_000, stopMs)).toBeLessThan(5_000);
  });

  it('neither loses nor repeats lines when answers of the log service get lost', async () => {
    const pod = await startPod();
    logs.mode = 'deaf';
    await pod.start();
    await pod.watch();
    const lines = await storedLines(pod.logKey);
    expect(lines.map(({ pos }) => pos)).toEqual(lines.map((_line, index) => index));
  });

  it('finishes the work while the log service is away, says so, and stores the log when it is back', async () => {
    const pod = await startPod();
    logs.mode = 'down';
    await pod.start();
    expect((await pod.watch()).status).toBe('succeeded');
    expect(pod.events.at(-2)?.logJson).toMatch(/log could not be stored yet/);
    expect(logs.blobs.has(pod.logKey)).toBe(false);
    logs.mode = 'up';
    await waitFor(() => logs.blobs.has(pod.logKey), { timeoutMs: 120_000, what: 'the stored log' });
    expect(linesOf(logs.blobs.get(pod.logKey)).at(-1)?.out).toMatch(/^Done in/);
  });

  it('reports a step container that was killed, whose statement is cancelled all the same', async () => {
    const pod = await startPod({ changelog: SLOW });
    await pod.start();
    const result = pod.watch();
    await pod.asleep();
    pod.runner.child.kill('SIGKILL');
    expect(await result).toMatchObject({
      status: 'failed',
      error: { message: expect.stringContaining('ended unexpectedly') },
    });
    await pod.expectTidy();
  });

  it('stops its steps, records their results and ends when the delegate is not heard of', async () => {
    const pod = await startPod({ changelog: SLOW, watchdogMs: 20_000 });
    const heard = setInterval(
      () => void pod.client.unary('Ping', {}, { timeoutMs: 60_000 }).catch(() => undefined),
      300,
    );
    await pod.start();
    await pod.asleep().finally(() => clearInterval(heard));
    expect(await pod.engine.exited).toBe(0);
    expect(JSON.parse(readFileSync(join(pod.podDir, 'steps', `${pod.id}.result.json`), 'utf8'))).toMatchObject({
      status: 'aborted',
      error: {
        message: expect.stringContaining(
          'the delegate went away and did not come back in time, so the step was stopped',
        ),
        failureType: 'DelegateRestart',
      },
    });
    await pod.expectTidy();
  });

  it('stops its step by its own clock when nobody extends the lease, and leaves the database tidy', async () => {
    const pod = await startPod({ changelog: SLOW });
    const { clock } = await pod.client.unary('Ping', {}, { timeoutMs: 60_000 });
    await pod.start();
    const result = pod.watch();
    await pod.asleep();
    await pod.client.unary('Ping', { leaseUntil: clock + 1, stopWithinMs: 60_000 }, { timeoutMs: 60_000 });
    expect(await result).toMatchObject({
      status: 'aborted',
      error: { message: expect.stringContaining('for longer than its lease'), failureType: 'Connectivity' },
    });
    await pod.expectTidy();
  });

  it('waits for a step container that does not listen yet, and says so in the log', async () => {
    const pod = await startPod({ changelog: CHANGELOG, isRunnerLate: true });
    await pod.start();
    const result = pod.watch();
    await waitFor(() => pod.events.some(({ logJson }) => logJson?.includes('does not listen yet')), {
      timeoutMs: 120_000,
      what: 'the line in the log',
    });
    await pod.startRunner();
    expect((await result).status).toBe('succeeded');
  });

  it('goes on in another container when the first ended before the step had begun', async () => {
    const pod = await startPod({ changelog: CHANGELOG, isRunnerLate: true });
    await pod.start();
    const result = pod.watch();
    expect(
      await pod.client.unary(
        'ContainerEnded',
        { stepExecutionId: pod.id, reason: 'the step container ended by SIGKILL', isReplaced: true },
        { timeoutMs: 60_000 },
      ),
    ).toEqual({ hasBegun: false });
    await pod.startRunner();
    expect((await result).status).toBe('succeeded');
    expect(pod.events.some(({ logJson }) => logJson?.includes('another one is started'))).toBe(true);
  });

  it('leaves log lines out of what a delegate follows that does not want them', async () => {
    const pod = await startPod();
    await pod.start();
    await pod.watch();
    const kinds = new Set<string>();
    for await (const { event } of pod.client.stream('WatchStep', {
      stepExecutionId: pod.id,
      afterSeq: 0,
      withoutLog: true,
    }))
      kinds.add(event);
    expect([...kinds]).toEqual(['changesetJson', 'finishedJson']);
  });

  it('ends with its owner when no step is running', async () => {
    const pod = await startPod();
    pod.engine.child.stdin?.end();
    pod.runner.child.stdin?.end();
    expect(await Promise.all([pod.engine.exited, pod.runner.exited])).toEqual([0, 0]);
  });

  it('lets a running step finish when its owner goes, and keeps the result', async () => {
    const pod = await startPod({ changelog: HELD });
    await pg.query(pod.database, 'create table held as select 1 as one');
    await pod.start();
    await pod.asleep();
    pod.engine.child.stdin?.end();
    pod.runner.child.stdin?.end();
    await pg.query(pod.database, 'delete from held');
    await waitFor(() => existsSync(join(pod.podDir, 'steps', `${pod.id}.result.json`)), {
      timeoutMs: 120_000,
      what: 'the result on disk',
    });
    expect(JSON.parse(readFileSync(join(pod.podDir, 'steps', `${pod.id}.result.json`), 'utf8'))).toMatchObject({
      status: 'succeeded',
    });
  });
});
