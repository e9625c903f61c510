import type { AuditEventRecord } from '@sluice/api-conventions';
import type { EntityManager } from 'typeorm';
import { auditEventOf, type AuditContext, type AuditEntry } from './audit-entry.js';
import { AuditOutboxEntity } from './outbox.entity.js';

/** Events handed over, in the order in which they are to be added, and what to say when they are there. */
export interface ClaimedEvents<Event = AuditEventRecord> {
  readonly events: readonly Event[];
  /** More are waiting behind these. */
  readonly hasMore: boolean;
}

/**
 * Records events in the transaction of the change they tell of: both are committed, or neither.
 * @param manager of that transaction @throws Error outside a transaction, where an event could outlive its change
 */
export async function recordAuditEvent(
  manager: EntityManager,
  ctx: AuditContext,
  ...entries: readonly AuditEntry[]
): Promise<void> {
  if (entries.length === 0) return;
  if (manager.queryRunner?.isTransactionActive !== true)
    throw new Error('audit events are recorded in the transaction of their change');
  const rows = entries.map((entry) => auditEventOf(ctx, entry));
  await manager
    .createQueryBuilder()
    .insert()
    .into(AuditOutboxEntity)
    .values(rows.map((event) => ({ accountId: event.accountId, eventId: event.eventId, event: event as never })))
    .updateEntity(false)
    .execute();
}

/**
 * Takes the oldest events for `holder`, for as long as the lease lasts. One holder at a time; a second call of the same holder gives the same events
 * again. @returns undefined while somebody else holds the lease
 */
export async function claimAuditEvents(
  manager: EntityManager,
  holder: string,
  options: { readonly limit: number; readonly leaseMs: number },
): Promise<ClaimedEvents | undefined> {
  const [, taken] = await manager.query<[unknown[], number]>(
    `UPDATE audit_outbox_lease SET holder = $1, leased_until = clock_timestamp() + make_interval(secs => $2::float8 / 1000)
     WHERE id = (SELECT id FROM audit_outbox_lease WHERE id = 1 AND (holder = $1 OR leased_until < clock_timestamp()) FOR UPDATE SKIP LOCKED)`,
    [holder, options.leaseMs],
  );
  if (taken === 0) return undefined;
  const rows = await manager.query<{ event: AuditEventRecord }[]>(
    'SELECT event FROM audit_outbox ORDER BY position LIMIT $1',
    [options.limit + 1],
  );
  return { events: rows.slice(0, options.limit).map(({ event }) => event), hasMore: rows.length > options.limit };
}

/** The audit trail has these: they are not handed over again. Safe to repeat, by anybody. */
export async function acknowledgeAuditEvents(manager: EntityManager, eventIds: readonly string[]): Promise<void> {
  await manager.query('DELETE FROM audit_outbox WHERE event_id = ANY($1::uuid[])', [eventIds]);
}

/** Lets somebody else go on at once. */
export async function releaseAuditLease(manager: EntityManager, holder: string): Promise<void> {
  await manager.query(
    `UPDATE audit_outbox_lease SET holder = NULL, leased_until = 'epoch' WHERE id = 1 AND holder = $1`,
    [holder],
  );
}
