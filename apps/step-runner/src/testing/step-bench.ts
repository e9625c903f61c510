import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { waitFor } from '@sluice/kernel';
import { stepResult, type StepResult } from '@sluice/delegate-protocol';
import { Tracing } from '@sluice/telemetry';
import { startPostgres, type TestPostgres } from '@sluice/testing';
import { defaultEngineDirectory } from '../config.js';
import { prepareEngine, type EngineHome } from '../engine/engine-home.js';
import { EngineProcess } from '../engine/engine-process.js';
import { StepRun } from '../run/step-run.js';

/** A step that a spec has started. */
export interface StartedStep {
  readonly run: StepRun;
  readonly id: string;
  readonly engine: EngineProcess;
  readonly result: Promise<StepResult>;
  /** Text of every log line so far. */
  log(): string[];
}

export interface StepOptions {
  readonly password?: string;
  readonly usernameSecret?: string;
  readonly url?: string;
  readonly timeoutMs?: number;
  readonly warmUp?: boolean;
  readonly recoveryMs?: number;
}

/** Runs steps with the real change engine against a real PostgreSQL, without the services around them. */
export class StepBench {
  private readonly tracing = Tracing.create('step-runner-spec');
  private counter = 0;

  private constructor(
    readonly pg: TestPostgres,
    private readonly home: EngineHome,
    readonly folder: string,
  ) {}

  static async open(): Promise<StepBench> {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-step-'));
    const [pg, home] = await Promise.all([startPostgres(), prepareEngine(defaultEngineDirectory(process.env))]);
    return new StepBench(pg, home, folder);
  }

  async close(): Promise<void> {
    await this.tracing.close();
    await this.pg.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Writes a file of the checked-out repository. */
  write(path: string, content: string): void {
    const file = join(this.folder, 'sources', 'repo', path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  }

  async freshDatabase(): Promise<string> {
    this.counter += 1;
    const name = `spec_${this.counter}`;
    await this.pg.createDatabase(name);
    return name;
  }

  start(database: string, work: Record<string, unknown>, options: StepOptions = {}): StartedStep {
    this.counter += 1;
    const id = `spec-${process.pid}-${this.counter}`;
    const secretsDir = join(this.folder, 'secrets', id);
    mkdirSync(secretsDir, { recursive: true });
    writeFileSync(join(secretsDir, 'db-password'), options.password ?? this.pg.password);
    if (options.usernameSecret !== undefined) writeFileSync(join(secretsDir, 'db-username'), options.usernameSecret);
    const user = options.usernameSecret === undefined ? { username: 'postgres' } : { usernameSlot: 'db-username' };
    const full = {
      kind: 'liquibase.update',
      target: { url: options.url ?? this.pg.jdbcUrl(database), ...user, passwordSlot: 'db-password' },
      changelog: { source: 'repo', path: 'changelog.sql' },
      ...work,
    };
    const startEngine = (): EngineProcess =>
      EngineProcess.start(this.home, { heapMb: 128, warmUp: options.warmUp ?? false });
    const engine = startEngine();
    const run = new StepRun(
      {
        stepExecutionId: id,
        timeoutMs: options.timeoutMs ?? 240_000,
        workJson: JSON.stringify(full),
        sourcesDir: join(this.folder, 'sources'),
        secretsDir,
      },
      {
        engine,
        startEngine,
        tracing: this.tracing,
        allowShellCommands: false,
        databaseCertsDir: '/etc/ssl/certs/dbops',
        recoveryMs: options.recoveryMs ?? 120_000,
      },
    );
    const lines: string[] = [];
    const result = (async () => {
      let finished = '';
      await engine.ready; // the time limit counts from here
      void run.execute(undefined);
      for await (const event of run.journal.events.follow(0)) {
        if (event.logJson) lines.push(JSON.parse(event.logJson).out);
        finished = event.finishedJson ?? finished;
      }
      await engine.kill();
      return stepResult.parse(JSON.parse(finished));
    })();
    return { run, id, engine, result, log: () => lines };
  }

  /** Waits until the step is inside its slow statement, `pg_sleep`. */
  async sleeping(step: StartedStep): Promise<void> {
    await waitFor(() => this.isSleeping(step), { timeoutMs: 120_000, what: 'the slow statement' });
  }

  async isSleeping(step: StartedStep): Promise<boolean> {
    return (await this.sessionsOf(step, `and query like '%pg_sleep%' and state = 'active'`)) > 0;
  }

  /** Runs a step under a time limit of a few seconds that is over when it has got as far as `probe` says: a slow machine gets a longer one. */
  async overrun(
    start: (timeoutMs: number) => StartedStep | Promise<StartedStep>,
    probe: (step: StartedStep) => boolean | Promise<boolean>,
  ): Promise<StartedStep> {
    for (const timeoutMs of [4_000, 16_000, 64_000]) {
      const step = await start(timeoutMs);
      let isOver = false;
      void step.result.finally(() => (isOver = true)).catch(() => undefined);
      const isThere = await waitFor(async () => ((await probe(step)) ? 'there' : isOver && 'too late'), {
        timeoutMs: 240_000,
        what: 'the step to get so far, or its end',
      });
      await step.result;
      if (isThere === 'there') return step;
    }
    throw new Error('the step was over each time before it got so far');
  }

  async sessionsOf({ id }: StartedStep, filter = ''): Promise<number> {
    return (
      await this.pg.query('postgres', `select 1 from pg_stat_activity where application_name = $1 ${filter}`, [
        `sluice-${id}`,
      ])
    ).length;
  }
}
