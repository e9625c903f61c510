import type { AuditActor, AuditEventRecord } from '@sluice/api-conventions';
import type { ChainedEvent } from './chain.js';

/** A row of `audit_events` as the driver gives it. */
export interface AuditRow {
  readonly account_id: string;
  readonly position: string;
  readonly prev_hash: string;
  readonly hash: string;
  readonly recorded_at: Date;
  readonly module: string;
  readonly event_id: string;
  readonly at: Date;
  readonly org_id: string | null;
  readonly project_id: string | null;
  readonly action: string;
  readonly resource_type: string;
  readonly resource_identifier: string;
  readonly resource_name: string | null;
  readonly actor: AuditActor;
  readonly origin: AuditEventRecord['origin'];
  readonly request_method: string | null;
  readonly correlation_id: string;
  readonly details: Record<string, unknown>;
  readonly before: unknown;
  readonly after: unknown;
  readonly changes: string[];
}

/** The event a row holds, exactly as it was hashed. */
export function eventOfRow(row: AuditRow): ChainedEvent {
  return {
    position: Number(row.position),
    prevHash: row.prev_hash,
    hash: row.hash,
    recordedAt: row.recorded_at.getTime(),
    module: row.module,
    eventId: row.event_id,
    at: row.at.getTime(),
    accountId: row.account_id,
    orgId: row.org_id,
    projectId: row.project_id,
    action: row.action,
    resourceType: row.resource_type,
    identifier: row.resource_identifier,
    name: row.resource_name,
    actor: row.actor,
    origin: row.origin,
    requestMethod: row.request_method,
    correlationId: row.correlation_id,
    details: row.details,
    before: row.before,
    after: row.after,
    changes: row.changes,
  };
}
