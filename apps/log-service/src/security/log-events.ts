import type { IncomingHttpHeaders } from 'node:http';
import { accountScope, scopeOf, type Scope } from '@sluice/kernel';
import { ownerOfLog } from '@sluice/log-api';
import {
  denialNoted,
  noted,
  type EventContext,
  type SecurityEntry,
  type SecurityReporter,
} from '@sluice/security-events';
import type { LogCaller, LogScope, LogWriter } from '../access/log-access.js';
import type { BlobPlace } from '../blob/blob.service.js';

/** What opens logs without the right being asked for again. */
export type Issued = 'token' | 'downloadLink' | 'uploadLink' | 'archiveLink';

/** Security events of the log service: who was refused, what was given out that opens logs, and logs that were written over or by hand. */
export class LogEvents {
  constructor(private readonly reporter: Pick<SecurityReporter, 'note'>) {}

  /** @param route id of the route, or its path where it has none */
  denied(caller: LogCaller, route: string, reason: string, correlationId: string): void {
    this.reporter.note(
      denialNoted({
        ctx: { ...contextOf(caller), correlationId },
        route,
        scope: accountScope(accountOf(caller)),
        reason,
      }),
    );
  }

  /** One for a caller, kind and place. @param place key or prefix of what it opens; absent for all logs of the account */
  issued(caller: LogCaller, what: Issued, place?: string): void {
    const scope = scopeOfPlace(accountOf(caller), place, {});
    const entry = {
      kind: 'logTokenIssued',
      outcome: 'allowed',
      scope,
      resourceType: what === 'token' ? 'logToken' : 'logLink',
      identifier: place ?? accountOf(caller),
      details: { what },
    } as const;
    this.reporter.note(noted(contextOf(caller), entry, [what, place ?? null]));
  }

  /** A log was stored with an API key: pods store theirs at the end of each step, and that is none. */
  uploaded(log: BlobPlace): void {
    if (!log.writer.startsWith('pod:')) this.note('logUploaded', 'allowed', log, {});
  }

  /** @param earlier who stored the log before */
  overwritten(outcome: SecurityEntry['outcome'], log: BlobPlace, earlier: string | undefined): void {
    this.note('logOverwritten', outcome, log, { earlierWriter: earlier ?? 'unknown' });
  }

  private note(
    kind: 'logUploaded' | 'logOverwritten',
    outcome: SecurityEntry['outcome'],
    { key, scope, writer }: BlobPlace,
    details: Readonly<Record<string, unknown>>,
  ): void {
    const accountId = ownerOfLog(key)?.accountId;
    if (accountId === undefined) return;
    const ctx: EventContext = { principal: { type: 'service', id: writer, name: nameOf(writer) }, correlationId: '' };
    this.reporter.note(
      noted(
        ctx,
        { kind, outcome, scope: scopeOfPlace(accountId, key, scope), resourceType: 'log', identifier: key, details },
        [key],
      ),
    );
  }
}

/** Who asked with these headers, for the time of the request. */
export class CallersOfRequests {
  private readonly callers = new WeakMap<IncomingHttpHeaders, LogCaller>();

  remember(headers: IncomingHttpHeaders, caller: LogCaller): LogCaller {
    this.callers.set(headers, caller);
    return caller;
  }

  of(headers: IncomingHttpHeaders): LogCaller | undefined {
    return this.callers.get(headers);
  }
}

function contextOf(caller: LogCaller): EventContext {
  if (caller.kind === 'service')
    return {
      principal: caller.identity.principal,
      correlationId: '',
      ...(caller.identity.origin ? { origin: caller.identity.origin } : {}),
    };
  const { keyId, keyPrefix } = caller.claims;
  const writer = keyId === undefined ? (`pod:${keyPrefix}` as const) : (`key:${keyId}` as const);
  return { principal: { type: 'service', id: writer, name: nameOf(writer) }, correlationId: '' };
}

function accountOf(caller: LogCaller): string {
  return caller.kind === 'service' ? caller.identity.accountId : caller.claims.accountId;
}

function nameOf(writer: LogWriter): string {
  return writer.startsWith('pod:')
    ? `pod below ${writer.slice('pod:'.length)}`
    : `log token of API key ${writer.slice('key:'.length)}`;
}

function scopeOfPlace(accountId: string, place: string | undefined, stored: LogScope): Scope {
  const owner = place === undefined ? undefined : ownerOfLog(place);
  return scopeOf({ accountId, orgId: owner?.orgId ?? stored.orgId, projectId: owner?.projectId ?? stored.projectId });
}
