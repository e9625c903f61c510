import { Injectable } from '@nestjs/common';
import type { DeadLetterRecord, TaskEndOutcome } from '@sluice/delegate-rpc';
import { storableText } from '@sluice/kernel';
import { DataSource } from 'typeorm';
import { rpcScope, type ScopeRow } from '../database.js';
import { NotificationBus } from '../notification/notification-bus.js';
import { tellEvents } from './task-event.repository.js';

const EVENT_COLUMNS = 'consumer, task_id, account_id, org_id, project_id, type, epoch, body, traceparent';

interface DeadLetterRow extends ScopeRow {
  readonly id: string;
  readonly consumer: string;
  readonly task_id: string;
  readonly type: DeadLetterRecord['event'];
  readonly outcome: TaskEndOutcome | null;
  readonly reason: string;
  readonly attempts: number;
  readonly event_at: number;
  readonly set_aside_at: number;
}

/** Events no service could handle. Their tasks and results are kept as long as they are. */
@Injectable()
export class DeadLetterRepository {
  constructor(
    private readonly database: DataSource,
    private readonly bus: NotificationBus,
  ) {}

  /** Takes an event of this consumer out of the outbox, in one statement. @returns false when it is not there any more */
  async setAside(consumer: string, seq: number, reason: string, attempts: number): Promise<boolean> {
    const rows = await this.database.query<{ id: string }[]>(
      `WITH taken AS (DELETE FROM task_events WHERE consumer = $1 AND seq = $2 RETURNING ${EVENT_COLUMNS}, created_at),
       kept AS (INSERT INTO task_dead_letters (${EVENT_COLUMNS}, created_at, reason, attempts) SELECT ${EVENT_COLUMNS}, created_at, $3, $4 FROM taken RETURNING id)
       SELECT id FROM kept`,
      [consumer, seq, storableText(reason), attempts],
    );
    return rows.length > 0;
  }

  /** Newest first. */
  async list(accountId: string, page: number, size: number): Promise<readonly DeadLetterRecord[]> {
    const rows = await this.database.query<DeadLetterRow[]>(
      `SELECT id, consumer, task_id, account_id, org_id, project_id, type, body->>'outcome' AS outcome, reason, attempts,
         extract(epoch FROM created_at)::float8 * 1000 AS event_at, extract(epoch FROM set_aside_at)::float8 * 1000 AS set_aside_at
       FROM task_dead_letters WHERE account_id = $1 ORDER BY id DESC LIMIT $2 OFFSET $3::bigint`,
      [accountId, size, page * size],
    );
    return rows.map((row) => ({
      id: Number(row.id),
      scope: rpcScope(row),
      consumer: row.consumer,
      taskId: row.task_id,
      event: row.type,
      outcome: row.outcome ?? '',
      reason: row.reason,
      attempts: row.attempts,
      eventAtMs: Math.round(row.event_at),
      setAsideAtMs: Math.round(row.set_aside_at),
    }));
  }

  async count(accountId: string): Promise<number> {
    const [row] = await this.database.query<{ count: number }[]>(
      `SELECT count(*)::int AS count FROM task_dead_letters WHERE account_id = $1`,
      [accountId],
    );
    return row?.count ?? 0;
  }

  async countByConsumer(): Promise<ReadonlyMap<string, number>> {
    const rows = await this.database.query<{ consumer: string; count: number }[]>(
      `SELECT consumer, count(*)::int AS count FROM task_dead_letters GROUP BY consumer`,
    );
    return new Map(rows.map(({ consumer, count }) => [consumer, count]));
  }

  /** Puts the event back into the outbox, as a new one, in one statement. @returns its consumer; undefined when the account has no such dead letter */
  async redrive(accountId: string, id: number): Promise<string | undefined> {
    const [row] = await this.database.query<{ consumer: string }[]>(
      `WITH taken AS (DELETE FROM task_dead_letters WHERE account_id = $1 AND id = $2 RETURNING ${EVENT_COLUMNS}),
       event AS (INSERT INTO task_events (${EVENT_COLUMNS}) SELECT ${EVENT_COLUMNS} FROM taken RETURNING consumer)
       SELECT consumer, ${tellEvents('$3')} FROM event`,
      [accountId, id, this.bus.wrap({ type: 'events', consumer: '*' })],
    );
    return row?.consumer;
  }

  /** Forgets what was set aside longer ago, at most a few thousand at a time. */
  async prune(retentionHours: number): Promise<void> {
    await this.database.query(
      `DELETE FROM task_dead_letters WHERE id IN (SELECT id FROM task_dead_letters WHERE set_aside_at < now() - $1::float8 * interval '1 hour' LIMIT 5000)`,
      [retentionHours],
    );
  }
}
