import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DELEGATE_ADMIN_SERVICE,
  DELEGATE_TASKS_SERVICE,
  type DelegateAdminMethods,
  type DelegateTasksMethods,
  type SubmitRequest,
  type TaskEvent,
} from '@sluice/delegate-rpc';
import type { TaskPayload } from '@sluice/delegate-protocol';
import { ServiceClient } from '@sluice/grpc';
import { newId, waitFor } from '@sluice/kernel';
import { startPostgres, testIdentities, testUser, type TestIdentities, type TestPostgres } from '@sluice/testing';
import { bootstrap, type RunningDelegateService } from '../bootstrap.js';

/** A delegate service on its own database, with clients as pipeline and NG manager have them. */
export class ServiceUnderTest {
  service!: RunningDelegateService;
  tasks!: ServiceClient<DelegateTasksMethods>;
  admin!: ServiceClient<DelegateAdminMethods>;
  /** Each once, whatever the stream repeats. */
  readonly events: TaskEvent[] = [];
  /** Whether events are acknowledged when they have come, as pipeline does. */
  acknowledges = true;
  private readonly folder = mkdtempSync(join(tmpdir(), 'sluice-delegate-service-'));
  private stream = new AbortController();
  private ports: { http: string; grpc: string } = { http: '0', grpc: '0' };

  private constructor(
    readonly postgres: TestPostgres,
    readonly identities: TestIdentities,
    private readonly settings: Readonly<Record<string, string>>,
  ) {}

  static async start(settings: Readonly<Record<string, string>> = {}): Promise<ServiceUnderTest> {
    const made = new ServiceUnderTest(await startPostgres(), testIdentities(), settings);
    await made.postgres.createDatabase('delegate_service');
    writeFileSync(join(made.folder, 'database-url'), made.postgres.url('delegate_service'), { mode: 0o600 });
    await made.up();
    return made;
  }

  /** Starts (or starts again, on the same ports) and follows pipeline's events. */
  async up(): Promise<void> {
    this.service = await bootstrap(this.environment(this.ports));
    this.ports = { http: new URL(this.service.url).port, grpc: this.service.grpcAddress.split(':').at(-1) ?? '0' };
    const identity = await this.identities.of('pipeline');
    const address = this.service.grpcAddress;
    this.tasks = new ServiceClient<DelegateTasksMethods>({
      service: DELEGATE_TASKS_SERVICE,
      address,
      target: 'delegate-service',
      identity,
    });
    this.admin = new ServiceClient<DelegateAdminMethods>({
      service: DELEGATE_ADMIN_SERVICE,
      address,
      target: 'delegate-service',
      identity: await this.identities.of('ng-manager'),
    });
    this.follow();
  }

  /** A second replica on the same database. The caller closes it. */
  replica(): Promise<RunningDelegateService> {
    return bootstrap(this.environment({ http: '0', grpc: '0' }));
  }

  async down(): Promise<void> {
    this.stream.abort();
    this.tasks.close();
    this.admin.close();
    await this.service.close();
  }

  async stop(): Promise<void> {
    await this.down();
    await this.postgres.stop();
    this.identities.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** A token of the account, `<id>.<secret>`. */
  async token(
    accountId: string,
    name = `token-${newId()}`,
    place: { orgId?: string; projectId?: string } = {},
  ): Promise<string> {
    const record = await this.admin.unary(testUser(accountId), 'PutToken', {
      scope: { accountId, orgId: place.orgId ?? '', projectId: place.projectId ?? '' },
      name,
      value: '',
      revokeAfterMs: 0,
      createdBy: 'spec',
    });
    return record.value;
  }

  async submit(payload: TaskPayload, over: Partial<SubmitRequest> & { accountId?: string } = {}): Promise<string> {
    const { accountId = 'A1', ...rest } = over;
    const request: SubmitRequest = {
      taskId: newId(),
      scope: { accountId, orgId: 'default', projectId: 'shop' },
      payloadJson: JSON.stringify(payload),
      selectors: [],
      boundDelegateId: '',
      queueTimeoutMs: 60_000,
      runTimeoutMs: 60_000,
      description: 'spec',
      traceparent: '',
      ...rest,
    };
    await this.tasks.unary(testUser(accountId), 'Submit', request, { timeoutMs: 60_000 });
    return request.taskId;
  }

  /** The first event of this task and kind. */
  event(
    taskId: string,
    kind: TaskEvent['event'],
    timeoutMs = 120_000,
    accept: (event: TaskEvent) => boolean = () => true,
  ): Promise<TaskEvent> {
    return waitFor(
      () => this.events.find((event) => event.taskId === taskId && event.event === kind && accept(event)),
      { timeoutMs, intervalMs: 5, what: `event ${kind} of ${taskId}` },
    );
  }

  /** Numbers of the events that a stream brings which opens now, up to the event `last`. */
  async readUpTo(last: number): Promise<number[]> {
    const seen: number[] = [];
    for await (const { seq } of this.tasks.stream(
      { ...testUser('A1'), signal: AbortSignal.timeout(120_000) },
      'Events',
      {},
    )) {
      seen.push(seq);
      if (seq === last) return seen;
    }
    throw new Error(`the stream ended before event ${last}`);
  }

  private follow(): void {
    this.stream = new AbortController();
    const { signal } = this.stream;
    const read = async (): Promise<void> => {
      for await (const event of this.tasks.stream({ ...testUser('A1'), signal }, 'Events', {})) {
        if (!this.events.some(({ seq }) => seq === event.seq)) this.events.push(event);
        if (this.acknowledges)
          void this.tasks.unary(testUser('A1'), 'Acknowledge', { seqs: [event.seq] }).catch(() => undefined);
      }
    };
    void read().catch(() => undefined);
  }

  private environment(ports: { http: string; grpc: string }): Record<string, string> {
    return {
      DELEGATE_SERVICE_PORT: ports.http,
      DELEGATE_SERVICE_GRPC_PORT: ports.grpc,
      DELEGATE_SERVICE_DATABASE_URL_FILE: join(this.folder, 'database-url'),
      DELEGATE_SERVICE_SERVICE_KEY_FILE: this.identities.keyFile('delegate-service'),
      SERVICE_KEYS_DIR: this.identities.keysDir,
      LOG_LEVEL: process.env['LOG_LEVEL'] ?? 'silent',
      ...this.settings,
    };
  }
}
