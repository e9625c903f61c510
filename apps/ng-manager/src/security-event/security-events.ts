import { Inject, Injectable } from '@nestjs/common';
import { identifier, toNgPage, type NgPage } from '@sluice/api-conventions';
import type { DeniedRequest } from '@sluice/http';
import { AppError, accountScope, messageOf, scopeColumns, type RequestContext, type Scope } from '@sluice/kernel';
import type { SecurityEvent, SecurityEventKind, SignedIn } from '@sluice/ng-manager-api';
import type { Logger } from '@sluice/telemetry';
import { visibleTo } from '../access/permission.js';
import { LOGGER } from '../delegate/task-events.js';
import { UnitOfWork } from '../persistence/unit-of-work.js';
import { noted, type NotedEvent } from './noted-event.js';
import { MOST_COUNTED, type StoredSecurityEvent } from './security-event.repository.js';

export const SECURITY_EVENT_RETENTION_DAYS = Symbol('SecurityEventRetentionDays');

/** Rights that were used, or lacking, beside the audit trail: kept for some time, and not part of its chain. */
@Injectable()
export class SecurityEvents {
  /** Denied requests that are to be written, by what is one row. */
  private readonly waiting = new Map<string, NotedEvent>();
  private writing: Promise<void> = Promise.resolve();
  private isWriting = false;

  constructor(
    private readonly unitOfWork: UnitOfWork,
    @Inject(LOGGER) private readonly log: Logger,
    @Inject(SECURITY_EVENT_RETENTION_DAYS) private readonly retentionDays: number,
  ) {}

  /**
   * A request was refused for want of a right. One row for a principal, permission and minute, and one write at a time however many come: who sends
   * requests in a loop fills neither the table nor the connections. Never fails.
   */
  denied({ ctx, route, scope, permission, reason }: DeniedRequest): void {
    if (ctx.accountId === '') return;
    const event = noted(ctx, { kind: 'accessDenied', outcome: 'refused', scope: plainScope(scope), resourceType: 'route', identifier: route.id, details: { permission: permission ?? null, reason: reason.slice(0, LONGEST_REASON) } }, [
      permission ?? `route ${route.id}`,
    ]);
    const key = `${event.event.accountId} ${event.alike} ${Math.floor(event.event.at / 60_000)}`;
    const before = this.waiting.get(key) ?? { ...event, event: { ...event.event, count: 0 } };
    this.waiting.set(key, { ...before, event: { ...before.event, count: before.event.count + 1 } });
    if (!this.isWriting) this.writing = this.write();
  }

  /** The first use of a key from an address, as far back as events are kept. Never fails: who has signed in has signed in. */
  async signedIn({ accountId, principal, keyId }: SignedIn, from: { readonly clientAddress: string; readonly userAgent?: string | undefined }): Promise<void> {
    const origin = { ...from, keyId };
    const event = noted({ principal, correlationId: '', origin }, { kind: 'signIn', outcome: 'allowed', scope: accountScope(accountId), resourceType: 'token', identifier: keyId }, [keyId, from.clientAddress]);
    try {
      if (await this.unitOfWork.read.securityEvents.isKnown(accountId, event.alike)) return;
      await this.unitOfWork.run((stores) => stores.securityEvents.add(event));
    } catch (cause) {
      this.log.error({ accountId, keyId, error: messageOf(cause) }, 'a sign-in from a new address is not among the security events');
    }
  }

  /** Events inside `scope` that the caller may see, newest first. @throws AppError INVALID_REQUEST beyond what is counted */
  async list(ctx: RequestContext, scope: Scope, kind: SecurityEventKind | undefined, { index, size }: { readonly index: number; readonly size: number }): Promise<NgPage<SecurityEvent>> {
    if (index > 0 && index * size >= MOST_COUNTED) {
      throw new AppError('INVALID_REQUEST', `pageIndex ${index} is beyond the first ${MOST_COUNTED} events; narrow the scope or kind`, { fields: [{ field: 'pageIndex', error: 'is too large' }] });
    }
    const { securityEvents } = this.unitOfWork.read;
    const search = { visible: visibleTo(ctx, 'audit.view'), scope, kind };
    const [events, total] = await Promise.all([securityEvents.page(ctx.accountId, search, { offset: index * size, limit: size }), securityEvents.count(ctx.accountId, search)]);
    return toNgPage(events.map(presented), total, index, size);
  }

  /** Removes what is older than events are kept. @returns how many; there may be more */
  async prune(): Promise<number> {
    return this.unitOfWork.run((stores) => stores.securityEvents.prune(this.retentionDays));
  }

  /** Waits until what was noted is written. */
  async stop(): Promise<void> {
    await this.writing;
  }

  private async write(): Promise<void> {
    this.isWriting = true;
    while (this.waiting.size > 0) {
      // In one order, so that two replicas never wait for each other.
      const events = [...this.waiting.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, event]) => event);
      this.waiting.clear();
      try {
        await this.unitOfWork.run(async (stores) => {
          for (const event of events) await stores.securityEvents.add(event);
        });
      } catch (cause) {
        this.log.error({ accountIds: [...new Set(events.map(({ event }) => event.accountId))], error: messageOf(cause) }, 'denied requests are not among the security events');
      }
    }
    this.isWriting = false;
  }
}

const LONGEST_REASON = 1_024;

/** A request may name a place that can be none; the event is one of the account then. */
function plainScope(scope: Scope): Scope {
  const { orgId, projectId } = scopeColumns(scope);
  return [orgId, projectId].every((id) => id === null || identifier.safeParse(id).success) ? scope : accountScope(scope.accountId);
}

function presented({ eventId, at, lastAt, kind, outcome, orgId, projectId, resourceType, identifier: resource, actor, origin, correlationId, count, details }: StoredSecurityEvent): SecurityEvent {
  return { eventId, kind, outcome, orgIdentifier: orgId, projectIdentifier: projectId, resourceType, identifier: resource, actor, origin, correlationId, count, occurredAt: at, lastOccurredAt: lastAt, details };
}
