import { createHash } from 'node:crypto';
import type { SecurityEventRecord } from '@sluice/api-conventions';
import { securityEventOf, type AuditContext, type SecurityEntry } from '@sluice/audit-outbox';
import { scopeColumns, type ScopedRef } from '@sluice/kernel';

/** A security event, and the hash of what makes others like it: those of one minute are one row with their number. */
export interface NotedEvent {
  readonly event: SecurityEventRecord;
  readonly alike: string;
}

/** @param what besides kind, outcome and principal: what must be the same for two events to be alike */
export function noted(ctx: AuditContext, entry: SecurityEntry, what: readonly (string | null)[]): NotedEvent {
  const { type, id } = ctx.principal;
  return { event: securityEventOf(ctx, entry), alike: createHash('sha256').update(JSON.stringify([entry.kind, entry.outcome, type, id, ...what])).digest('hex') };
}

/** Somebody had a connector, or a secret, tested. @param uses references to the secrets whose values that takes */
export function testNoted(ctx: AuditContext, kind: 'connectorTest' | 'secretTest', outcome: SecurityEntry['outcome'], { scope, identifier }: ScopedRef, uses: readonly string[]): NotedEvent {
  const { orgId, projectId } = scopeColumns(scope);
  const resourceType = kind === 'connectorTest' ? 'connector' : 'secret';
  return noted(ctx, { kind, outcome, scope, resourceType, identifier, details: { uses } }, [orgId, projectId, identifier]);
}
