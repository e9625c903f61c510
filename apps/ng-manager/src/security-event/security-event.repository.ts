import type { NotedSecurityEvent, SecurityEventRecord } from '@sluice/api-conventions';
import type { Scope } from '@sluice/kernel';
import type { EntityManager } from 'typeorm';
import type { Visible } from '../access/permission.js';
import { insideOf, seenBy } from '../audit/audit-reads.js';

/** Which of an account's events are wanted. */
export interface SecurityEventSearch {
  readonly visible: Visible;
  readonly scope: Scope;
  readonly kind: SecurityEventRecord['kind'] | undefined;
  /** When the first of them happened, milliseconds since the epoch: not before `from`, and before `until`. */
  readonly from: number | undefined;
  readonly until: number | undefined;
}

/** What is stored: `at` is the first of the minute, `lastAt` the latest. Milliseconds since the epoch. */
export interface StoredSecurityEvent extends SecurityEventRecord {
  readonly lastAt: number;
}

/** Totals are counted up to here: a client pages through the newest, or narrows the search. */
export const MOST_COUNTED = 10_000;
const ONE_ROUND = 5_000;

/** Security events, those that are alike as one row a minute. */
export class SecurityEventRepository {
  constructor(private readonly manager: EntityManager) {}

  /** Adds an event, or counts it to the one of its minute that is like it. */
  async add({ event, alike }: NotedSecurityEvent): Promise<void> {
    const { accountId, orgId, projectId, at } = event;
    await this.manager.query(
      `INSERT INTO security_events AS s (account_id, alike, minute, event_id, at, last_at, count, kind, outcome, org_id, project_id, resource_type, identifier, actor, origin, correlation_id, details)
       VALUES ($1, $2, date_trunc('minute', $3::timestamptz), $4, $3, $3, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
       ON CONFLICT (account_id, alike, minute) DO UPDATE SET count = s.count + excluded.count, last_at = greatest(s.last_at, excluded.last_at)`,
      [
        accountId,
        alike,
        new Date(at),
        event.eventId,
        event.count,
        event.kind,
        event.outcome,
        orgId,
        projectId,
        event.resourceType,
        event.identifier,
        JSON.stringify(event.actor),
        event.origin && JSON.stringify(event.origin),
        event.correlationId,
        JSON.stringify(event.details),
      ],
    );
  }

  /** Of events that were handed over, those that were not before. Their order stays. */
  async receive(events: readonly NotedSecurityEvent[]): Promise<readonly NotedSecurityEvent[]> {
    const inOrder = [...events].sort((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1));
    const rows = await this.manager.query<{ account_id: string; event_id: string }[]>(
      `INSERT INTO security_event_receipts (account_id, event_id) SELECT * FROM unnest($1::text[], $2::text[])
       ON CONFLICT DO NOTHING RETURNING account_id, event_id`,
      [inOrder.map(({ event }) => event.accountId), inOrder.map(({ event }) => event.eventId)],
    );
    const unknown = new Set(rows.map(({ account_id: accountId, event_id: eventId }) => `${accountId} ${eventId}`));
    return events.filter((event) => unknown.has(keyOf(event)));
  }

  async isKnown(accountId: string, alike: string): Promise<boolean> {
    const rows = await this.manager.query<unknown[]>(
      'SELECT 1 FROM security_events WHERE account_id = $1 AND alike = $2 LIMIT 1',
      [accountId, alike],
    );
    return rows.length > 0;
  }

  /** Newest first. */
  async page(
    accountId: string,
    search: SecurityEventSearch,
    { offset, limit }: { readonly offset: number; readonly limit: number },
  ): Promise<StoredSecurityEvent[]> {
    const { where, values, value } = whereOf(accountId, search);
    const rows = await this.manager.query<EventRow[]>(
      `SELECT * FROM security_events WHERE ${where} ORDER BY at DESC, event_id DESC LIMIT ${value(limit)} OFFSET ${value(offset)}`,
      values,
    );
    return rows.map(eventOfRow);
  }

  /** How many there are, at most {@link MOST_COUNTED}. */
  async count(accountId: string, search: SecurityEventSearch): Promise<number> {
    const { where, values, value } = whereOf(accountId, search);
    const [row] = await this.manager.query<{ count: number }[]>(
      `SELECT count(*)::int AS count FROM (SELECT 1 FROM security_events WHERE ${where} LIMIT ${value(MOST_COUNTED)}) AS counted`,
      values,
    );
    return row?.count ?? 0;
  }

  /** Removes those of the oldest that are over, a bounded number at once, and receipts as old. @returns how many */
  async prune(retentionDays: number): Promise<number> {
    const [, removed] = await this.manager.query<[unknown, number]>(
      `DELETE FROM security_events WHERE (account_id, alike, minute) IN (
         SELECT account_id, alike, minute FROM security_events WHERE at < now() - $1::float8 * interval '1 day' ORDER BY at LIMIT $2 FOR UPDATE SKIP LOCKED)`,
      [retentionDays, ONE_ROUND],
    );
    const [, forgotten] = await this.manager.query<[unknown, number]>(
      `DELETE FROM security_event_receipts WHERE (account_id, event_id) IN (
         SELECT account_id, event_id FROM security_event_receipts WHERE received_at < now() - $1::float8 * interval '1 day' ORDER BY received_at LIMIT $2 FOR UPDATE SKIP LOCKED)`,
      [retentionDays, ONE_ROUND],
    );
    return removed + forgotten;
  }
}

function keyOf({ event }: NotedSecurityEvent): string {
  return `${event.accountId} ${event.eventId}`;
}

function whereOf(
  accountId: string,
  { visible, scope, kind, from, until }: SecurityEventSearch,
): { where: string; values: unknown[]; value: (of: unknown) => string } {
  const values: unknown[] = [];
  const value = (of: unknown): string => `$${values.push(of)}`;
  const conditions = [`account_id = ${value(accountId)}`, seenBy(visible, value), insideOf(scope, value)];
  if (kind !== undefined) conditions.push(`kind = ${value(kind)}`);
  if (from !== undefined) conditions.push(`at >= ${value(new Date(from))}`);
  if (until !== undefined) conditions.push(`at < ${value(new Date(until))}`);
  return { where: conditions.join(' AND '), values, value };
}

interface EventRow {
  readonly account_id: string;
  readonly event_id: string;
  readonly at: Date;
  readonly last_at: Date;
  readonly count: number;
  readonly kind: SecurityEventRecord['kind'];
  readonly outcome: SecurityEventRecord['outcome'];
  readonly org_id: string | null;
  readonly project_id: string | null;
  readonly resource_type: string;
  readonly identifier: string;
  readonly actor: SecurityEventRecord['actor'];
  readonly origin: SecurityEventRecord['origin'];
  readonly correlation_id: string;
  readonly details: SecurityEventRecord['details'];
}

function eventOfRow(row: EventRow): StoredSecurityEvent {
  const { kind, outcome, identifier, actor, origin, count, details } = row;
  return {
    eventId: row.event_id,
    at: row.at.getTime(),
    lastAt: row.last_at.getTime(),
    kind,
    outcome,
    accountId: row.account_id,
    orgId: row.org_id,
    projectId: row.project_id,
    resourceType: row.resource_type,
    identifier,
    actor,
    origin,
    correlationId: row.correlation_id,
    count,
    details,
  };
}
