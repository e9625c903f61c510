import type { AuditEventRecord } from '@sluice/api-conventions';
import { newUuid, scopeColumns, type Scope } from '@sluice/kernel';
import {
  actorOf,
  originOf,
  redact,
  safeText,
  shownStates,
  type EventContext,
  type Json,
  type ShownStates,
} from '@sluice/security-events';

/** What a service says happened. Everything else is added, redacted and bounded by {@link auditEventOf}. */
export interface AuditEntry<Action extends string = string> {
  readonly action: Action;
  /** camelCase noun: `connector`, `inputSet`. */
  readonly resourceType: string;
  readonly identifier: string;
  readonly scope: Scope;
  /** Name shown for the resource; taken from `after` or `before` when absent. */
  readonly name?: string | undefined;
  /** The stored entity before and after; secrets are taken out, whatever is given. Leave out what there was not. */
  readonly before?: unknown;
  readonly after?: unknown;
  /** What {@link shownStates} gave of them, where that was worked out elsewhere: then `before` and `after` are left out, and the name is given. */
  readonly states?: ShownStates | undefined;
  /** Facts about the change that are not in the entity itself; redacted too. */
  readonly details?: Readonly<Record<string, unknown>> | undefined;
  /** When it happened, milliseconds since the epoch; now when absent. */
  readonly at?: number | undefined;
}

/** Who did it, and from where. */
export type AuditContext = EventContext;

/** Everything an event holds, ready to be stored. Pure but for the id and the clock. */
export function auditEventOf(ctx: AuditContext, entry: AuditEntry): AuditEventRecord {
  const { action, resourceType, identifier, scope, before, after, details } = entry;
  const states = entry.states ?? shownStates(resourceType, before, after);
  const name = entry.name ?? nameIn(after) ?? nameIn(before);
  return {
    eventId: newUuid(),
    at: entry.at ?? Date.now(),
    ...scopeColumns(scope),
    action,
    resourceType,
    identifier: safeText(identifier).slice(0, 1024),
    name: name === undefined ? null : safeText(name).slice(0, 256),
    actor: actorOf(ctx.principal),
    origin: originOf(ctx.origin),
    requestMethod: ctx.requestMethod ?? null,
    correlationId: ctx.correlationId,
    details: redact(details ?? {}) as { [key: string]: Json },
    before: states.before,
    after: states.after,
    changes: [...states.changes],
  };
}

/** `name` of an entity or of the one thing wrapped in its response shape. */
function nameIn(snapshot: unknown): string | undefined {
  if (typeof snapshot !== 'object' || snapshot === null) return undefined;
  const name: unknown = Reflect.get(snapshot, 'name');
  return typeof name === 'string' && name !== '' ? name : undefined;
}
