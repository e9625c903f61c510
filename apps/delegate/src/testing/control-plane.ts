import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { taskResult, type TaskPayload, type TaskResult } from '@sluice/delegate-protocol';
import {
  DELEGATE_ADMIN_SERVICE,
  DELEGATE_TASKS_SERVICE,
  type DelegateAdminMethods,
  type DelegateRecord,
  type DelegateTasksMethods,
  type SubmitRequest,
  type TaskEnded,
  type TaskEvent,
} from '@sluice/delegate-rpc';
import { ServiceClient } from '@sluice/grpc';
import { newId, pause, waitFor } from '@sluice/kernel';
import { seal, sealingContext } from '@sluice/sealed-secrets';
import {
  freePort,
  startPostgres,
  testIdentities,
  testUser,
  type TestIdentities,
  type TestPostgres,
} from '@sluice/testing';

const serviceMain = fileURLToPath(new URL('../../../delegate-service/dist/main.js', import.meta.url));
const ACCOUNT = 'A1';
/** Longer than a process stands still. */
const UNARY = { timeoutMs: 60_000 } as const;

/** The built delegate service in a process of its own, and this spec in the place of pipeline and NG manager: it submits, hears events, seals secrets. */
export class ControlPlane {
  readonly events: TaskEvent[] = [];
  /** Values by expression; missing ones are answered with an error. */
  readonly secrets = new Map<string, string>();
  readonly folder = mkdtempSync(join(tmpdir(), 'sluice-delegate-'));
  private tasks!: ServiceClient<DelegateTasksMethods>;
  private admin!: ServiceClient<DelegateAdminMethods>;
  private child: ChildProcess | undefined;
  private over: Readonly<Record<string, string>> = {};
  private isKnown = false;
  private readonly end = new AbortController();

  private constructor(
    readonly postgres: TestPostgres,
    private readonly identities: TestIdentities,
    private readonly ports: { readonly http: number; readonly grpc: number },
    private readonly settings: Readonly<Record<string, string>>,
  ) {}

  static async start(settings: Readonly<Record<string, string>> = {}): Promise<ControlPlane> {
    const made = new ControlPlane(
      await startPostgres(),
      testIdentities(),
      { http: await freePort(), grpc: await freePort() },
      settings,
    );
    await made.postgres.createDatabase('delegate_service');
    writeFileSync(join(made.folder, 'database-url'), made.postgres.url('delegate_service'), { mode: 0o600 });
    await made.up();
    const address = `127.0.0.1:${made.ports.grpc}`;
    made.tasks = new ServiceClient({
      service: DELEGATE_TASKS_SERVICE,
      address,
      target: 'delegate-service',
      identity: await made.identities.of('pipeline'),
    });
    made.admin = new ServiceClient({
      service: DELEGATE_ADMIN_SERVICE,
      address,
      target: 'delegate-service',
      identity: await made.identities.of('ng-manager'),
    });
    const issued = await made.admin.unary(testUser(ACCOUNT), 'PutToken', {
      scope: { accountId: ACCOUNT, orgId: '', projectId: '' },
      name: 'spec',
      value: '',
      revokeAfterMs: 0,
      createdBy: 'spec',
    });
    writeFileSync(made.tokenFile, issued.value, { mode: 0o600 });
    made.isKnown = true;
    void made.follow();
    return made;
  }

  /** For `DELEGATE_SERVICE_URL`. */
  get url(): string {
    return `ws://127.0.0.1:${this.ports.http}`;
  }

  get tokenFile(): string {
    return join(this.folder, 'delegate-token');
  }

  /** Starts the service, unless it runs. One that runs with other settings than `over` is replaced. */
  async up(over: Readonly<Record<string, string>> = {}): Promise<void> {
    const isRunning = this.child && this.child.exitCode === null && this.child.signalCode === null;
    if (isRunning && isDeepStrictEqual(over, this.over)) return;
    await this.kill();
    this.over = over;
    const output = openSync(join(this.folder, 'delegate-service.log'), 'a');
    const child = spawn(process.execPath, [serviceMain], {
      stdio: ['ignore', output, output],
      env: {
        PATH: process.env['PATH'],
        DELEGATE_SERVICE_PORT: String(this.ports.http),
        DELEGATE_SERVICE_GRPC_PORT: String(this.ports.grpc),
        DELEGATE_SERVICE_DATABASE_URL_FILE: join(this.folder, 'database-url'),
        DELEGATE_SERVICE_SERVICE_KEY_FILE: this.identities.keyFile('delegate-service'),
        SERVICE_KEYS_DIR: this.identities.keysDir,
        ...this.settings,
        ...over,
      },
    });
    closeSync(output);
    this.child = child;
    await waitFor(
      async () => {
        if (child.exitCode !== null)
          throw new Error(
            `the delegate service did not start (is it built? node tools/build.mjs): ${this.log().slice(-2000)}`,
          );
        return fetch(`http://127.0.0.1:${this.ports.http}/health/ready`).then(
          ({ ok }) => ok,
          () => false,
        );
      },
      { timeoutMs: 240_000, what: 'the delegate service' },
    );
    // A client waits a while after each connection that was refused.
    if (this.isKnown)
      await waitFor(
        () =>
          this.delegates().then(
            () => true,
            () => false,
          ),
        { timeoutMs: 240_000, what: 'the delegate service to be reached' },
      );
  }

  /** Ends the service, by default without warning. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const { child } = this;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await ended;
  }

  async stop(): Promise<void> {
    this.end.abort();
    this.tasks.close();
    this.admin.close();
    await this.kill('SIGTERM');
    await this.postgres.stop();
    this.identities.stop();
    // A pod whose delegate was killed may write for a moment longer.
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }

  log(): string {
    return readFileSync(join(this.folder, 'delegate-service.log'), 'utf8');
  }

  async submit(payload: TaskPayload, over: Partial<SubmitRequest> = {}): Promise<string> {
    const taskId = newId();
    const request: SubmitRequest = {
      taskId,
      scope: { accountId: ACCOUNT, orgId: 'default', projectId: 'shop' },
      payloadJson: JSON.stringify(payload),
      selectors: [],
      boundDelegateId: '',
      queueTimeoutMs: 120_000,
      runTimeoutMs: 120_000,
      description: 'spec',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      ...over,
    };
    await this.tasks.unary(testUser(ACCOUNT), 'Submit', request, UNARY);
    return request.taskId;
  }

  async abort(taskId: string): Promise<void> {
    await this.tasks.unary(testUser(ACCOUNT), 'Abort', { taskId, accountId: ACCOUNT }, UNARY);
  }

  async delegates(): Promise<DelegateRecord[]> {
    return (
      await this.admin.unary(
        testUser(ACCOUNT),
        'ListDelegates',
        { scope: { accountId: ACCOUNT, orgId: '', projectId: '' }, all: true },
        UNARY,
      )
    ).delegates;
  }

  /** Id of the delegate that is connected, and the only one that is: the row of a process that has just died counts as connected until its end was noticed. */
  async connectedId(): Promise<string> {
    return waitFor(
      async () => {
        const [one, ...others] = (await this.delegates()).filter(({ connected }) => connected);
        return others.length === 0 && one?.id;
      },
      { timeoutMs: 240_000, what: 'one delegate to be connected, and no other' },
    );
  }

  /** Waits until no delegate is connected, so that the next delegate to connect is another process. */
  async untilAlone(): Promise<void> {
    await waitFor(async () => !(await this.delegates()).some(({ connected }) => connected), {
      timeoutMs: 240_000,
      what: 'no delegate to be connected',
    });
  }

  async revokeToken(): Promise<void> {
    await this.admin.unary(testUser(ACCOUNT), 'RevokeToken', {
      scope: { accountId: ACCOUNT, orgId: '', projectId: '' },
      name: 'spec',
    });
  }

  /** How the task ended. */
  async ended(
    taskId: string,
    timeoutMs = 120_000,
    accept: (ended: TaskEnded) => boolean = () => true,
  ): Promise<TaskEnded> {
    return waitFor(
      () => this.events.find((event) => event.taskId === taskId && event.ended && accept(event.ended))?.ended,
      { timeoutMs, intervalMs: 5, what: `the end of task ${taskId}` },
    );
  }

  /** The result of a task that completed. */
  async result(taskId: string, timeoutMs = 120_000): Promise<TaskResult['outcome']> {
    const ended = await this.ended(taskId, timeoutMs);
    if (ended.outcome !== 'completed') throw new Error(`task ended ${ended.outcome}: ${ended.reason}`);
    return taskResult.parse(JSON.parse(ended.resultJson)).outcome;
  }

  async acquired(taskId: string, timeoutMs = 120_000): Promise<{ delegateId: string; epoch: number }> {
    return waitFor(() => this.events.find((event) => event.taskId === taskId && event.acquired)?.acquired, {
      timeoutMs,
      intervalMs: 5,
      what: `somebody to acquire ${taskId}`,
    });
  }

  private async follow(): Promise<void> {
    const seen = new Set<number>();
    const caller = { ...testUser(ACCOUNT), signal: this.end.signal };
    while (!this.end.signal.aborted) {
      try {
        for await (const event of this.tasks.stream(caller, 'Events', {})) {
          if (!seen.has(event.seq)) this.events.push(event);
          seen.add(event.seq);
          if (event.secretsWanted) await this.answer(event);
          await this.tasks.unary(caller, 'Acknowledge', { seqs: [event.seq] });
        }
      } catch {
        await pause(100);
      }
    }
  }

  private async answer({ taskId, secretsWanted }: TaskEvent): Promise<void> {
    if (!secretsWanted) return;
    const { epoch, publicKey, expressions } = secretsWanted;
    const missing = expressions.find((expression) => !this.secrets.has(expression));
    const entries = await Promise.all(
      expressions.map(
        async (expression) =>
          [
            expression,
            await seal(publicKey, this.secrets.get(expression) ?? '', sealingContext(taskId, epoch, expression)),
          ] as const,
      ),
    );
    await this.tasks.unary(testUser(ACCOUNT), 'ProvideSecrets', {
      taskId,
      epoch,
      sealed: missing ? {} : Object.fromEntries(entries),
      error: missing ? `${missing} does not exist` : '',
    });
  }
}
