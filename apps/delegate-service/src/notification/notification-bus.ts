import { Inject, Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { messageOf, backoffMs } from '@sluice/kernel';
import type { Logger } from '@sluice/telemetry';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { z } from 'zod';
import { CONFIG, LOG, REPLICA_ID, type DelegateServiceConfig } from '../config.js';

/**
 * What replicas tell each other. Never more than names: the facts are in the tables, and a lost notification only costs the time until
 * the next scan finds them.
 */
const notification = z.discriminatedUnion('type', [
  /** Offer this task to those of the delegates that are connected here. */
  z.object({ type: z.literal('offer'), taskId: z.string(), kind: z.string(), delegateIds: z.array(z.string()) }),
  z.object({ type: z.literal('abort'), taskId: z.string(), epoch: z.number(), delegateId: z.string() }),
  /** There are new events for this consumer. */
  z.object({ type: z.literal('events'), consumer: z.string() }),
  z.object({ type: z.literal('sealed'), deliveryId: z.string(), delegateId: z.string() }),
  z.object({ type: z.literal('tokenRevoked'), tokenId: z.string() }),
  /** A newer connection of this delegate exists. */
  z.object({ type: z.literal('replaced'), delegateId: z.string(), connectionId: z.string() }),
]);
export type Notification = z.infer<typeof notification>;
type Listener = (message: Notification) => void;

const CHANNEL = 'delegate_service';
const envelope = z.object({ from: z.string(), message: notification });

/**
 * Messages to all replicas, this one included, over PostgreSQL LISTEN/NOTIFY. Local listeners hear them at once, without the round
 * trip. While the listening session is down everything still works, at the pace of the scans.
 */
@Injectable()
export class NotificationBus implements OnModuleInit, OnModuleDestroy {
  private readonly listeners = new Set<Listener>();
  private session: pg.Client | undefined;
  private retry: NodeJS.Timeout | undefined;
  private isClosing = false;

  constructor(
    private readonly database: DataSource,
    @Inject(CONFIG) private readonly config: DelegateServiceConfig,
    @Inject(REPLICA_ID) private readonly replicaId: string,
    @Inject(LOG) private readonly log: Logger,
  ) {}

  async onModuleInit(): Promise<void> {
    await this.listen(0);
  }

  async onModuleDestroy(): Promise<void> {
    this.isClosing = true;
    clearTimeout(this.retry);
    await this.session?.end().catch(() => undefined);
  }

  subscribe(listener: Listener): void {
    this.listeners.add(listener);
  }

  /** Tells local listeners now, and the other replicas. Never fails: the facts are committed already. */
  async publish(message: Notification): Promise<void> {
    this.tellLocal(message);
    await this.database.query(`SELECT pg_notify('${CHANNEL}', $1)`, [this.wrap(message)]).catch((cause: unknown) => {
      this.log.warn({ type: message.type, error: messageOf(cause) }, 'other replicas could not be notified');
    });
  }

  /** Only local listeners; for what a statement has sent to the others itself. */
  tellLocal(message: Notification): void {
    for (const listener of this.listeners) listener(message);
  }

  /** Parameter of a `pg_notify('delegate_service', …)` inside a statement, so that it leaves with the commit. */
  wrap(message: Notification): string {
    return JSON.stringify({ from: this.replicaId, message });
  }

  private async listen(attempt: number): Promise<void> {
    const session = new pg.Client({
      connectionString: this.config.databaseUrl,
      application_name: 'sluice-delegate-service-listen',
      keepAlive: true,
      connectionTimeoutMillis: 10_000,
    });
    session.on('error', (cause) => this.log.warn({ error: cause.message }, 'the listening session broke'));
    session.on('end', () => this.listenAgain(session, 0));
    session.on('notification', ({ payload }) => this.hear(payload ?? ''));
    try {
      await session.connect();
      await session.query(`LISTEN ${CHANNEL}`);
      this.session = session;
    } catch (cause) {
      this.log.warn({ error: messageOf(cause) }, 'cannot listen for notifications; trying again');
      await session.end().catch(() => undefined);
      this.listenAgain(session, attempt + 1);
    }
  }

  private listenAgain(broken: pg.Client, attempt: number): void {
    if (this.isClosing || (this.session !== undefined && this.session !== broken)) return;
    this.session = undefined;
    clearTimeout(this.retry);
    this.retry = setTimeout(() => void this.listen(attempt), backoffMs(attempt, { baseMs: 200, maxMs: 10_000 }));
  }

  private hear(payload: string): void {
    const parsed = envelope.safeParse(safeJson(payload));
    if (parsed.success && parsed.data.from !== this.replicaId) this.tellLocal(parsed.data.message);
  }
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
