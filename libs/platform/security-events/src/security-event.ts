import type { SecurityEventKind, SecurityEventRecord } from '@sluice/api-conventions';
import { newUuid, scopeColumns, type Scope } from '@sluice/kernel';
import { redact, safeText, type Json } from './redaction.js';
import { actorOf, originOf, type EventContext } from './who.js';

/** What a service says of a right that was used, or was lacking. Everything else is added, redacted and bounded by {@link securityEventOf}. */
export interface SecurityEntry {
  readonly kind: SecurityEventKind;
  readonly outcome: 'allowed' | 'refused';
  readonly scope: Scope;
  /** camelCase noun: `connector`, `delegate`, `route`. */
  readonly resourceType: string;
  readonly identifier: string;
  readonly details?: Readonly<Record<string, unknown>> | undefined;
  /** When it happened, milliseconds since the epoch; now when absent. */
  readonly at?: number | undefined;
  /** How many alike it stands for; one when absent. */
  readonly count?: number | undefined;
}

/** A security event, ready to be stored. Pure but for the id and the clock. */
export function securityEventOf(
  ctx: EventContext,
  { kind, outcome, scope, resourceType, identifier, details, at, count }: SecurityEntry,
): SecurityEventRecord {
  return {
    eventId: newUuid(),
    at: at ?? Date.now(),
    kind,
    outcome,
    ...scopeColumns(scope),
    resourceType,
    identifier: safeText(identifier).slice(0, 1024),
    actor: actorOf(ctx.principal),
    origin: originOf(ctx.origin),
    correlationId: ctx.correlationId,
    count: count ?? 1,
    details: redact(details ?? {}) as { [key: string]: Json },
  };
}
