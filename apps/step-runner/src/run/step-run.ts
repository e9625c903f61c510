import { AppError, messageOf, pause } from '@sluice/kernel';
import {
  stepWork,
  type ChangesetOutcome,
  type FailureType,
  type StepResult,
  type StepWork,
} from '@sluice/delegate-protocol';
import {
  engineConnection,
  parseJdbcUrl,
  requireFilesBelow,
  type EngineConnection,
  type JdbcUrl,
} from '@sluice/db-migration';
import { SecretMasker } from '@sluice/secret-masking';
import type { Tracing } from '@sluice/telemetry';
import { STOPPED_BECAUSE, type RunRequest, type StopReason } from '@sluice/runner-rpc';
import { noSession, type DatabaseSession } from '../database/database-session.js';
import { EngineSession } from '../database/engine-session.js';
import { PostgresSession } from '../database/postgres-session.js';
import type { EngineProcess } from '../engine/engine-process.js';
import type { EngineFinished, EngineProgress, EngineRunCommand } from '../engine/engine-protocol.js';
import { findChangelog } from './changelog-file.js';
import { readSecrets, secretOf } from './step-secrets.js';
import { StepJournal } from './step-journal.js';

/** Until the second connection joins in cancelling: the engine itself mostly needs a tenth of it. */
const SECOND_WAY_AFTER_MS = 1_000;
const TIMEOUT_GRACE_MS = 10_000;
const RECOVERY_PAUSE_MS = 1_000;

export interface StepRunOptions {
  readonly engine: EngineProcess;
  /** Another engine, for tidying up after this one where only Java has the database's driver. */
  readonly startEngine: () => EngineProcess;
  readonly tracing: Tracing;
  readonly allowShellCommands: boolean;
  /** Absolute path of the folder whose files the URL of a database may name. */
  readonly databaseCertsDir: string;
  /** Milliseconds for reaching the database again after its session was lost. */
  readonly recoveryMs: number;
  readonly allowInMemory?: boolean;
}

type ChangesetId = Pick<ChangesetOutcome, 'id' | 'author' | 'file'>;

interface Plan {
  readonly work: StepWork;
  readonly url: JdbcUrl;
  readonly command: EngineRunCommand;
  readonly session: DatabaseSession;
}

/** The one run of this process: prepares the engine's command, relays what it tells, and stops it when asked to. */
export class StepRun {
  readonly journal = new StepJournal();
  private readonly outcomes: ChangesetOutcome[] = [];
  private readonly startedAt = Date.now();
  private plan: Plan | undefined;
  private sessionId: string | undefined;
  private hasConnected = false;
  private underWay: ChangesetId | undefined;
  private stopping: StopReason | 'timeout' | undefined;
  private stopped: Promise<void> = Promise.resolve();
  /** When the engine is ended by force, once it is stopping. */
  private graceUntil = Infinity;
  private isOver = false;

  constructor(
    private readonly request: RunRequest,
    private readonly options: StepRunOptions,
  ) {}

  /** Runs to the end; never rejects: whatever happens becomes the finished event. */
  async execute(traceparent: string | undefined): Promise<void> {
    const limit = setTimeout(() => this.stop('timeout', TIMEOUT_GRACE_MS), this.request.timeoutMs);
    try {
      const plan = await this.prepare();
      this.plan = plan;
      const finished = await this.options.tracing.run(
        `liquibase ${plan.command.action}`,
        {
          kind: 'client',
          parent: traceparent,
          hop: { from: 'step-runner', to: 'database', protocol: 'sql' },
          attributes: {
            'db.system': plan.url.product,
            'server.address': plan.url.hosts[0]?.host ?? '',
            'server.port': plan.url.hosts[0]?.port ?? 0,
            'db.namespace': plan.url.database,
          },
        },
        () => this.runEngine(plan),
      );
      // The engine frees the lock while it winds down, unless the cancelling hit just that statement.
      if (this.stopping) await this.releaseLock(plan.session);
      this.finish(this.resultOf(plan, finished));
    } catch (cause) {
      this.finish(await this.resultOfCrash(cause));
    } finally {
      clearTimeout(limit);
    }
  }

  /** Cancels the statement, waits for the engine to wind down, and ends it by force after `graceMs`. Returns at once. A second stop may only shorten the wait. */
  stop(reason: StopReason | 'timeout', graceMs: number): void {
    if (this.isOver) return;
    this.graceUntil = Math.min(this.graceUntil, Date.now() + graceMs);
    if (this.stopping) return;
    this.stopping = reason;
    this.stopped = this.wind();
  }

  private async wind(): Promise<void> {
    const { engine } = this.options;
    const ended = engine.exited.then(() => true);
    const endedWithin = (ms: number): Promise<boolean> => Promise.race([ended, pause(ms).then(() => false)]);
    engine.cancel();
    if (this.plan === undefined) return void (await engine.kill()); // nothing has been sent to the database yet
    while (Date.now() < this.graceUntil) {
      if (await endedWithin(Math.min(SECOND_WAY_AFTER_MS, this.graceUntil - Date.now()))) return;
      await this.plan.session.cancelStatement().catch(() => undefined);
    }
    if (!(await endedWithin(0))) await engine.kill();
  }

  private async prepare(): Promise<Plan> {
    const secrets = await readSecrets(this.request.secretsDir).catch((cause: unknown) => {
      this.journal.useMasker(new SecretMasker([]));
      throw cause;
    });
    this.journal.useMasker(new SecretMasker(secrets.values()));
    const parsed = stepWork.safeParse(JSON.parse(this.request.workJson));
    if (!parsed.success)
      throw new AppError(
        'NOT_IMPLEMENTED',
        `this step container cannot do that work: ${parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ')}`,
      );
    const work = parsed.data;
    if (work.kind === 'liquibase.rollback' && (work.tag === undefined) === (work.changeSetCount === undefined)) {
      throw new AppError('INVALID_REQUEST', 'a rollback needs exactly one of tag and changeSetCount');
    }
    const url = parseJdbcUrl(work.target.url, { allowInMemory: this.options.allowInMemory ?? false });
    await requireFilesBelow(url, this.options.databaseCertsDir);
    const changelog = await findChangelog(this.request.sourcesDir, work.changelog);
    const username =
      work.target.usernameSlot === undefined ? work.target.username : secretOf(secrets, work.target.usernameSlot);
    const password = work.target.passwordSlot === undefined ? undefined : secretOf(secrets, work.target.passwordSlot);
    this.journal.watch([
      ...(password === undefined ? [] : [{ what: 'password of the database user', value: password }]),
      ...(username === undefined || work.target.usernameSlot === undefined
        ? []
        : [{ what: 'user name of the database', value: username }]),
    ]);
    const sessionName = `sluice-${this.request.stepExecutionId}`.slice(0, 63);
    const connection = engineConnection({ url, username, password, sessionName });
    return {
      work,
      url,
      command: {
        action: work.kind === 'liquibase.update' ? 'update' : 'rollback',
        ...connection,
        server: url.server,
        root: changelog.root,
        changelog: changelog.path,
        searchPath: work.changelog.searchPath ?? [],
        filePrefix: work.changelog.filePrefix ?? '',
        contexts: work.contexts,
        labels: work.labels,
        settings: work.settings ?? {},
        parameters: work.substituteProperties,
        tag: work.tag,
        count: work.kind === 'liquibase.rollback' ? work.changeSetCount : undefined,
        preStartTag: `pre-start-${this.request.stepExecutionId}`,
        allowShellCommands: this.options.allowShellCommands,
        lockOwner: this.options.engine.lockOwner,
        sessionName,
        recoveryMs: this.options.recoveryMs,
      },
      session: this.sessionOf(url, connection, { username, password, sessionName }),
    };
  }

  private sessionOf(
    url: JdbcUrl,
    connection: EngineConnection,
    login: { username?: string | undefined; password?: string | undefined; sessionName: string },
  ): DatabaseSession {
    const { engine, startEngine } = this.options;
    const { lockOwner } = engine;
    switch (url.product) {
      case 'postgresql':
        return new PostgresSession({ url, ...login, lockOwner });
      case 'mariadb':
        return new EngineSession({
          connection,
          server: url.server,
          lockOwner,
          sessionName: login.sessionName,
          startEngine,
          sessionId: () => this.sessionId,
        });
      case 'h2':
        return noSession;
    }
  }

  private async runEngine(plan: Plan): Promise<EngineFinished> {
    this.journal.log(
      'INFO',
      `${plan.command.action === 'update' ? 'Updating' : 'Rolling back'} ${plan.url.server} with changelog ${plan.command.changelog}`,
    );
    return this.options.engine.run(plan.command, (event) => this.tell(event));
  }

  private tell(event: EngineProgress): void {
    switch (event.type) {
      case 'log':
        return this.journal.log(event.level, event.message, event.at);
      case 'connected':
        this.sessionId = event.session;
        this.hasConnected = true;
        return this.journal.log('INFO', `Connected to ${event.product} ${event.version}`, event.at);
      case 'began':
        this.underWay = { id: event.id, author: event.author, file: event.file };
        return;
      case 'changeset': {
        this.underWay = undefined;
        const { type: _type, reason, ...outcome } = event;
        this.outcomes.push(this.journal.changeset(outcome));
        if (outcome.status === 'skipped')
          this.journal.log(
            'INFO',
            `Skipped changeset ${outcome.file}::${outcome.id}::${outcome.author}${reason ? `: ${reason}` : ''}`,
            event.at,
          );
      }
    }
  }

  private resultOf(plan: Plan, finished: EngineFinished): StepResult {
    const applied = this.outcomes.filter(({ status }) => status === 'applied');
    const changeSets = JSON.stringify(applied);
    return {
      ...this.statusOf(finished),
      changesets: this.outcomes,
      history: finished.history,
      reachedDatabase: this.hasConnected,
      pending: finished.pending,
      outputs:
        plan.work.kind === 'liquibase.update'
          ? { preStartTag: finished.preStartTag ?? '', changeSets, ChangeSets: changeSets }
          : {},
      startedAt: this.startedAt,
      endedAt: Date.now(),
    };
  }

  private statusOf(finished: EngineFinished): Pick<StepResult, 'status' | 'error'> {
    if (finished.status === 'succeeded') return { status: 'succeeded' };
    // A failure that came before the cancelling took effect is still that failure.
    if (finished.status === 'failed' || !this.stopping)
      return {
        status: 'failed',
        error: finished.error ?? { message: 'the change engine failed without a reason', failureType: 'Unknown' },
      };
    const changeset = finished.error?.changeset;
    return {
      status: this.stopping === 'timeout' ? 'failed' : 'aborted',
      error: { ...this.stopError(changeset), ...(changeset ? { changeset } : {}) },
    };
  }

  private stopError(changeset?: ChangesetId): { message: string; failureType: FailureType } {
    const where = changeset
      ? ` while ${nameOf(changeset)} was running; its statement was cancelled${this.leftover()}`
      : '';
    if (this.stopping === undefined || this.stopping === 'timeout')
      return {
        message: `the step did not finish within ${this.request.timeoutMs / 1000} s and was stopped${where}`,
        failureType: 'Timeout',
      };
    const { message, failureType } = STOPPED_BECAUSE[this.stopping];
    return { message: `${message}${where}`, failureType };
  }

  /** What a changeset that ended in its middle may have left. */
  private leftover(): string {
    return this.plan?.url.product === 'mariadb'
      ? '. DDL statements commit by themselves on this database: what the changeset had done by then stays, without a row in DATABASECHANGELOG; compare it with the database before it runs again'
      : '';
  }

  /** The engine left no result: the database is put in order from outside, as far as it can be reached. */
  private async resultOfCrash(cause: unknown): Promise<StepResult> {
    await this.stopped;
    if (this.plan) await this.tidy(this.plan.session);
    const changeset = this.underWay;
    const error = this.stopping
      ? this.stopError(changeset)
      : {
          message: `${messageOf(cause)}${changeset ? ` while ${nameOf(changeset)} was running${this.leftover()}` : ''}`,
          failureType: 'Unknown' as const,
        };
    return {
      status: this.stopping === undefined || this.stopping === 'timeout' ? 'failed' : 'aborted',
      error: { ...error, ...(changeset ? { changeset } : {}) },
      changesets: this.outcomes,
      history: null,
      reachedDatabase: this.hasConnected,
      pending: null,
      outputs: {},
      startedAt: this.startedAt,
      endedAt: Date.now(),
    };
  }

  /** With patience: what ended the engine may have ended the database too. A stopped step has less time than one that goes on. */
  private async tidy(session: DatabaseSession): Promise<void> {
    const startedAt = Date.now();
    const isOver = (): boolean =>
      Date.now() - startedAt >=
      (this.stopping ? Math.min(TIMEOUT_GRACE_MS, this.options.recoveryMs) : this.options.recoveryMs);
    for (;;) {
      const failure = await this.tryToTidy(session);
      if (failure === undefined) return;
      if (isOver()) return this.lockStays(failure);
      await pause(RECOVERY_PAUSE_MS);
    }
  }

  /** The session first: what it is still executing must not meet the next holder of the lock. @returns the failure, if any */
  private async tryToTidy(session: DatabaseSession): Promise<unknown> {
    try {
      await session.terminate();
      if (await session.releaseOwnLock())
        this.journal.log('WARN', 'Released the change log lock that the ended engine still held');
      return undefined;
    } catch (cause) {
      return cause;
    }
  }

  private async releaseLock(session: DatabaseSession): Promise<void> {
    try {
      if (await session.releaseOwnLock())
        this.journal.log('WARN', 'Released the change log lock that the stopped engine still held');
    } catch (cause) {
      this.lockStays(cause);
    }
  }

  private lockStays(cause: unknown): void {
    const byHand = `UPDATE DATABASECHANGELOGLOCK SET LOCKED = FALSE, LOCKEDBY = NULL, LOCKGRANTED = NULL WHERE LOCKEDBY LIKE '%#${this.options.engine.lockOwner} %'`;
    const next = 'if it is still held, the next run frees it as soon as the database shows that this session is gone';
    this.journal.log(
      'WARN',
      `the change log lock could not be checked: ${messageOf(cause)}; ${next}; by hand it is freed with: ${byHand}; also with: npm run sluice -- locks release, for the holder that locks list shows`,
    );
  }

  private finish(result: StepResult): void {
    this.isOver = true;
    if (result.error && result.changesets.length > 0)
      this.journal.log('INFO', `Until it ended, after ${summary(result)}`);
    if (result.error) this.journal.log('ERROR', result.error.message);
    else this.journal.log('INFO', `Done in ${summary(result)}`);
    this.journal.finish(result);
  }
}

function nameOf({ id, author, file }: ChangesetId): string {
  return `changeset ${id} by ${author} in ${file}`;
}

function summary({ changesets, pending, startedAt, endedAt }: StepResult): string {
  const count = (status: ChangesetOutcome['status']): number =>
    changesets.filter((changeset) => changeset.status === status).length;
  const parts = (['applied', 'rolledBack', 'markedRan', 'skipped', 'failed'] as const).flatMap((status) =>
    count(status) > 0 ? [`${count(status)} ${WORDS[status]}`] : [],
  );
  return `${((endedAt - startedAt) / 1000).toFixed(2)} s: ${parts.join(', ') || 'nothing to do'}${pending ? `; ${pending.length} pending` : ''}`;
}

const WORDS = {
  applied: 'applied',
  rolledBack: 'rolled back',
  markedRan: 'marked as ran',
  skipped: 'skipped',
  failed: 'failed',
} as const;
