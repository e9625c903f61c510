import type { AuditEventRecord } from '@sluice/api-conventions';
import { auditEventOf, type AuditContext, type AuditEntry as Entry } from '@sluice/audit-outbox';
import type { EntityManager } from 'typeorm';
import { NO_EVENTS, chainEvent, type ChainHead, type ChainedEvent } from './chain.js';

/** Imperative, as the API shows it in capitals. Services of other databases send further ones. */
type AuditAction =
  | 'create'
  | 'update'
  | 'delete'
  | 'secretAccess'
  | 'revoke'
  | 'rotate'
  | 'unsuccessfulLogin'
  | 'restore';
export type AuditEntry = Entry<AuditAction>;
export type { AuditContext };

/** Module of what NG manager itself does. */
export const OWN_MODULE = 'CORE';

/**
 * Who did what, when, where, from where. Added in the transaction of the change itself, so there is no change without its event and no event without
 * its change. `before` and `after` may be whole rows: secrets are taken out here.
 */
export class AuditRepository {
  private readonly pending: { readonly event: AuditEventRecord; readonly module: string }[] = [];

  constructor(private readonly manager: EntityManager) {}

  /** Adds events when the transaction is about to commit: the account's chain is held only from then on, and always after every other row. */
  async append(ctx: AuditContext, ...entries: readonly AuditEntry[]): Promise<void> {
    if (this.manager.queryRunner?.isTransactionActive !== true)
      throw new Error('audit events are appended inside UnitOfWork.run');
    this.pending.push(...entries.map((entry) => ({ event: auditEventOf(ctx, entry), module: OWN_MODULE })));
  }

  /** As {@link append}, for events another service has recorded; those the trail has already are left out. */
  async appendReceived(events: readonly AuditEventRecord[], module: string): Promise<void> {
    if (this.manager.queryRunner?.isTransactionActive !== true)
      throw new Error('audit events are appended inside UnitOfWork.run');
    this.pending.push(
      ...events.map((event) => ({
        event: { ...event, before: event.before ?? null, after: event.after ?? null },
        module,
      })),
    );
  }

  /** Writes what was appended. Called by the unit of work, last. */
  async flush(): Promise<void> {
    const waiting = this.pending.splice(0);
    // In one order, so that two transactions about the same accounts never wait for each other.
    const accounts = [...new Set(waiting.map(({ event }) => event.accountId))].sort();
    for (const accountId of accounts)
      await this.write(
        accountId,
        waiting.filter(({ event }) => event.accountId === accountId),
      );
  }

  private async write(
    accountId: string,
    waiting: readonly { readonly event: AuditEventRecord; readonly module: string }[],
  ): Promise<void> {
    let head = await this.lockedHead(accountId);
    const known = await this.knownIds(
      accountId,
      waiting.filter(({ module }) => module !== OWN_MODULE).map(({ event }) => event.eventId),
    );
    const recordedAt = Date.now();
    const chained: ChainedEvent[] = [];
    for (const { event, module } of waiting) {
      if (known.has(event.eventId)) continue;
      known.add(event.eventId);
      const next = chainEvent(head, event, { module, recordedAt });
      chained.push(next);
      head = next;
    }
    if (chained.length > 0) await this.insert(accountId, chained, head);
  }

  /** The end of the account's chain, held until the transaction ends. */
  private async lockedHead(accountId: string): Promise<ChainHead> {
    const select = 'SELECT position::float8 AS position, hash FROM audit_chains WHERE account_id = $1 FOR UPDATE';
    const [head] = await this.manager.query<ChainHead[]>(select, [accountId]);
    if (head) return head;
    await this.manager.query(
      'INSERT INTO audit_chains (account_id, position, hash) VALUES ($1, 0, $2) ON CONFLICT DO NOTHING',
      [accountId, NO_EVENTS.hash],
    );
    const [made] = await this.manager.query<ChainHead[]>(select, [accountId]);
    return made ?? NO_EVENTS;
  }

  private async knownIds(accountId: string, eventIds: readonly string[]): Promise<Set<string>> {
    if (eventIds.length === 0) return new Set();
    const rows = await this.manager.query<{ event_id: string }[]>(
      'SELECT event_id FROM audit_events WHERE account_id = $1 AND event_id = ANY($2)',
      [accountId, eventIds],
    );
    return new Set(rows.map((row) => row.event_id));
  }

  /** Events and the new end of the chain in one statement. */
  private async insert(accountId: string, events: readonly ChainedEvent[], head: ChainHead): Promise<void> {
    const rows = events.map((event) => ({
      account_id: event.accountId,
      position: event.position,
      prev_hash: event.prevHash,
      hash: event.hash,
      recorded_at: new Date(event.recordedAt).toISOString(),
      module: event.module,
      event_id: event.eventId,
      at: new Date(event.at).toISOString(),
      org_id: event.orgId,
      project_id: event.projectId,
      action: event.action,
      resource_type: event.resourceType,
      resource_identifier: event.identifier,
      resource_name: event.name,
      actor: event.actor,
      origin: event.origin,
      request_method: event.requestMethod,
      correlation_id: event.correlationId,
      details: event.details,
      before: event.before,
      after: event.after,
      changes: event.changes,
    }));
    await this.manager.query(
      `WITH added AS (INSERT INTO audit_events (${COLUMNS}) SELECT ${COLUMNS} FROM jsonb_populate_recordset(NULL::audit_events, $1::jsonb) ORDER BY position)
       UPDATE audit_chains SET position = $3, hash = $4 WHERE account_id = $2`,
      [JSON.stringify(rows), accountId, head.position, head.hash],
    );
  }
}

const COLUMNS =
  'account_id, position, prev_hash, hash, recorded_at, module, event_id, at, org_id, project_id, action, resource_type, resource_identifier, resource_name, actor, origin, request_method, correlation_id, details, before, after, changes';
