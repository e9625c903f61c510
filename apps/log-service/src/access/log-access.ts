import { isAllowed } from '@sluice/api-conventions';
import { AppError, formatScope, scopeOf } from '@sluice/kernel';
import { isBelow, ownerOfLog, type LogOwner, type LogTokenClaims } from '@sluice/log-api';
import type { CallIdentity, ServiceName } from '@sluice/service-identity';

/** Where the pipeline of a log lives, when its key does not say so. */
export interface LogScope {
  readonly orgId?: string | undefined;
  readonly projectId?: string | undefined;
}

/** Who asks: one of our services on behalf of the user whose grants the call carries, or the holder of a log token. */
export type LogCaller =
  | { readonly kind: 'service'; readonly service: ServiceName; readonly identity: CallIdentity }
  | { readonly kind: 'token'; readonly claims: LogTokenClaims };

/** The owner a key or prefix names, which the caller's account must be. @throws AppError INVALID_REQUEST, ACCESS_DENIED */
export function ownerFor(caller: LogCaller, keyOrPrefix: string, accountID: string | undefined): LogOwner {
  const owner = ownerOfLog(keyOrPrefix);
  if (!owner) throw new AppError('INVALID_REQUEST', `"${keyOrPrefix}" is not a log key`);
  const own = caller.kind === 'service' ? caller.identity.accountId : caller.claims.accountId;
  if (owner.accountId !== own || (accountID !== undefined && accountID !== own)) {
    throw new AppError('ACCESS_DENIED', `the caller belongs to account ${own}, the log or accountID to another`);
  }
  return owner;
}

/** May the caller read a log? Rights follow the key and the scope the log was opened with; what has no scope needs the right on the account. Pure. */
export function mayRead(caller: LogCaller, key: string, stored: LogScope): boolean {
  const owner = ownerOfLog(key);
  if (!owner) return false;
  if (caller.kind === 'token')
    return (
      caller.claims.accountId === owner.accountId &&
      caller.claims.rights.includes('read') &&
      isCovered(caller.claims, key)
    );
  if (caller.identity.accountId !== owner.accountId) return false;
  return isAllowed(caller.identity.accountId, caller.identity.grants, 'log.view', readScope(owner, stored));
}

/** @throws AppError ACCESS_DENIED naming the missing right */
export function assertMayRead(caller: LogCaller, key: string, stored: LogScope): void {
  if (mayRead(caller, key, stored)) return;
  const owner = ownerOfLog(key);
  if (caller.kind === 'token' || !owner) throw new AppError('ACCESS_DENIED', 'the log token may not read this log');
  throw new AppError(
    'ACCESS_DENIED',
    `${caller.identity.principal.name} lacks log.view in ${formatScope(readScope(owner, stored))}`,
  );
}

/** Lines are written with a log token only; the name of a calling service gives no right. Answers the writer. @throws AppError ACCESS_DENIED */
export function assertMayWrite(caller: LogCaller, keyOrPrefix: string): LogWriter {
  if (caller.kind === 'service') {
    throw new AppError(
      'ACCESS_DENIED',
      'logs are written with a log token in X-Harness-Token; ask GET /log-service/token for one',
    );
  }
  if (caller.claims.rights.includes('write') && isCovered(caller.claims, withoutSlash(keyOrPrefix)))
    return writerOf(caller.claims);
  throw new AppError('ACCESS_DENIED', `the log token may write below ${caller.claims.keyPrefix} only`);
}

/**
 * Who writes a log: the pod of a step group, or an API key by its log token. Kept with every log, because nobody else may add to it or store it
 * again. A pod's run is named by its token, so it comes before what a key wrote at the same place.
 */
export type LogWriter = `pod:${string}` | `key:${string}`;

function writerOf({ keyId, keyPrefix, accountId }: LogTokenClaims): LogWriter {
  return keyId !== undefined || keyPrefix === accountId ? `key:${keyId ?? ''}` : `pod:${keyPrefix}`;
}

/** What the writers whose logs `writer` replaces begin with; empty when it replaces none. */
export function writerThatGivesWay(writer: LogWriter): 'key:' | '' {
  return writer.startsWith('pod:') ? 'key:' : '';
}

/** May `writer` store a log that `earlier` stored before? What was stored before writers were kept stays as it is. Pure. */
export function mayStoreAgain(writer: LogWriter, earlier: string | undefined): boolean {
  if (earlier === undefined) return false;
  const givesWay = writerThatGivesWay(writer);
  return earlier === writer || (givesWay !== '' && earlier.startsWith(givesWay));
}

/** A token for a whole account covers keys of both layouts, of which one does not begin with the account. */
function isCovered({ accountId, keyPrefix }: LogTokenClaims, key: string): boolean {
  return keyPrefix === accountId ? ownerOfLog(key)?.accountId === accountId : isBelow(key, keyPrefix);
}

/** The scope a log opened by this caller gets. */
export function scopeOfWriter(caller: LogCaller, owner: LogOwner): LogScope {
  if (owner.orgId) return { orgId: owner.orgId, projectId: owner.projectId };
  return caller.kind === 'token' ? (caller.claims.scope ?? {}) : {};
}

function readScope(owner: LogOwner, stored: LogScope) {
  return scopeOf({
    accountId: owner.accountId,
    orgId: owner.orgId ?? stored.orgId,
    projectId: owner.projectId ?? stored.projectId,
  });
}

function withoutSlash(prefix: string): string {
  return prefix.endsWith('/') ? prefix.slice(0, -1) : prefix;
}
