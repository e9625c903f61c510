import { createHash } from 'node:crypto';
import { identifier, type NotedSecurityEvent } from '@sluice/api-conventions';
import { accountScope, scopeColumns, type Principal, type Scope } from '@sluice/kernel';
import { securityEventOf, type SecurityEntry } from './security-event.js';
import type { EventContext } from './who.js';

const LONGEST_REASON = 1_024;

/** @param what besides kind, outcome and principal: what must be the same for two events to be alike */
export function noted(ctx: EventContext, entry: SecurityEntry, what: readonly (string | null)[]): NotedSecurityEvent {
  return {
    event: securityEventOf(ctx, entry),
    alike: hashOf([entry.kind, entry.outcome, ctx.principal.type, ctx.principal.id, ...what]),
  };
}

export function hashOf(parts: readonly (string | null)[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

/** A request of somebody who is known that was refused for want of a right. */
export interface Denial {
  readonly ctx: EventContext;
  /** What was asked for: the id of a route, never an address a client may choose. */
  readonly route: string;
  /** Where they asked; their account when they asked for another one. */
  readonly scope: Scope;
  /** What the route takes; undefined when they have that and lack a further right. */
  readonly permission?: string | undefined;
  readonly reason: string;
}

/** One for a principal and permission, or route. */
export function denialNoted({ ctx, route, scope, permission, reason }: Denial): NotedSecurityEvent {
  const details = { permission: permission ?? null, reason: reason.slice(0, LONGEST_REASON) };
  return noted(
    ctx,
    {
      kind: 'accessDenied',
      outcome: 'refused',
      scope: plainScope(scope),
      resourceType: 'route',
      identifier: route,
      details,
    },
    [permission ?? `route ${route}`],
  );
}

/** A key was used from an address. One for a principal, key and address. */
export function signInNoted(
  principal: Principal,
  key: { readonly accountId: string; readonly keyId: string },
  from: { readonly clientAddress: string; readonly userAgent?: string | undefined },
): NotedSecurityEvent {
  const { accountId, keyId } = key;
  const { clientAddress, userAgent } = from;
  const ctx: EventContext = { principal, correlationId: '', origin: { clientAddress, userAgent, keyId } };
  return noted(
    ctx,
    { kind: 'signIn', outcome: 'allowed', scope: accountScope(accountId), resourceType: 'token', identifier: keyId },
    [keyId, clientAddress],
  );
}

/** A request may name a place that can be none; the event is one of the account then. */
function plainScope(scope: Scope): Scope {
  const { orgId, projectId } = scopeColumns(scope);
  return [orgId, projectId].every((id) => id === null || identifier.safeParse(id).success)
    ? scope
    : accountScope(scope.accountId);
}
