import { Injectable } from '@nestjs/common';
import type { NotedSecurityEvent, SecurityEventRecord } from '@sluice/api-conventions';
import { DataSource, type EntityManager } from 'typeorm';

/** Events handed over, oldest first. */
export interface HandedOver {
  readonly events: readonly NotedSecurityEvent[];
  readonly hasMore: boolean;
}

/** Security events on their way to NG manager, which fetches them: removed once it has them. */
@Injectable()
export class SecurityOutbox {
  constructor(private readonly database: DataSource) {}

  /** Adds events, or counts them to the ones of their minute that are like them and not yet handed over. @param manager of the transaction of what they tell of */
  async add(manager: EntityManager, events: readonly NotedSecurityEvent[]): Promise<void> {
    for (const { event, alike } of events) {
      await manager.query(
        `INSERT INTO security_outbox AS o (event_id, account_id, alike, minute, event, count) VALUES ($1, $2, $3, date_trunc('minute', $4::timestamptz), $5, $6)
         ON CONFLICT (account_id, alike, minute) WHERE NOT is_handed_over DO UPDATE SET count = o.count + excluded.count`,
        [event.eventId, event.accountId, alike, new Date(event.at), JSON.stringify(event), event.count],
      );
    }
  }

  /** As {@link add}, for what belongs to no transaction. */
  async addAlone(events: readonly NotedSecurityEvent[]): Promise<void> {
    await this.database.transaction((manager) => this.add(manager, events));
  }

  /** The oldest events. Safe to repeat, and in several processes: they are given again, unchanged, until they are acknowledged. */
  async handOver(limit: number): Promise<HandedOver> {
    const rows = await this.database.query<{ event: SecurityEventRecord; count: number; alike: string }[]>(
      `WITH oldest AS (SELECT position FROM security_outbox ORDER BY position LIMIT $1 FOR UPDATE),
         given AS (UPDATE security_outbox o SET is_handed_over = true FROM oldest WHERE o.position = oldest.position RETURNING o.position, o.event, o.count, o.alike)
       SELECT event, count, alike FROM given ORDER BY position`,
      [limit],
    );
    return {
      events: rows.map(({ event, count, alike }) => ({ event: { ...event, count }, alike })),
      hasMore: rows.length === limit,
    };
  }

  async acknowledge(eventIds: readonly string[]): Promise<void> {
    await this.database.query('DELETE FROM security_outbox WHERE is_handed_over AND event_id = ANY($1::uuid[])', [
      eventIds,
    ]);
  }
}
