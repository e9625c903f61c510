import { Inject, Injectable } from '@nestjs/common';
import { toNgPage, type NgPage, type NotedSecurityEvent } from '@sluice/api-conventions';
import type { DeniedRequest } from '@sluice/http';
import { AppError, messageOf, type RequestContext, type Scope } from '@sluice/kernel';
import type { SecurityEvent, SecurityEventFilter, SignedIn } from '@sluice/ng-manager-api';
import { SecurityReporter, denialNoted, signInNoted } from '@sluice/security-events';
import type { Logger } from '@sluice/telemetry';
import { visibleTo } from '../access/permission.js';
import { LOGGER } from '../delegate/task-events.js';
import { UnitOfWork } from '../persistence/unit-of-work.js';
import { MOST_COUNTED, type StoredSecurityEvent } from './security-event.repository.js';

export const SECURITY_EVENT_RETENTION_DAYS = Symbol('SecurityEventRetentionDays');

/** Rights that were used, or lacking, beside the audit trail: kept for some time, and not part of its chain. */
@Injectable()
export class SecurityEvents {
  private readonly reporter: SecurityReporter;

  constructor(
    private readonly unitOfWork: UnitOfWork,
    @Inject(LOGGER) private readonly log: Logger,
    @Inject(SECURITY_EVENT_RETENTION_DAYS) private readonly retentionDays: number,
  ) {
    this.reporter = new SecurityReporter({ log, deliver: (events) => this.receive(events) });
  }

  /**
   * A request was refused for want of a right. One row for a principal, permission and minute, and one write at a time however many come: who sends
   * requests in a loop fills neither the table nor the connections. Never fails.
   */
  denied({ ctx, route, scope, permission, reason }: DeniedRequest): void {
    if (ctx.accountId !== '') this.reporter.note(denialNoted({ ctx, route: route.id, scope, permission, reason }));
  }

  /** The first use of a key from an address, as far back as events are kept. Never fails: who has signed in has signed in. */
  async signedIn(
    { accountId, principal, keyId }: SignedIn,
    from: { readonly clientAddress: string; readonly userAgent?: string | undefined },
  ): Promise<void> {
    const event = signInNoted(principal, { accountId, keyId }, from);
    try {
      if (await this.unitOfWork.read.securityEvents.isKnown(accountId, event.alike)) return;
      await this.unitOfWork.run((stores) => stores.securityEvents.add(event));
    } catch (cause) {
      this.log.error(
        { accountId, keyId, error: messageOf(cause) },
        'a sign-in from a new address is not among the security events',
      );
    }
  }

  /** Adds events that were handed over, each once however often it comes; of sign-ins the first of a key and address. */
  async receive(events: readonly NotedSecurityEvent[]): Promise<void> {
    await this.unitOfWork.run(async ({ securityEvents }) => {
      for (const noted of await securityEvents.receive(events)) {
        if (noted.event.kind === 'signIn' && (await securityEvents.isKnown(noted.event.accountId, noted.alike)))
          continue;
        await securityEvents.add(noted);
      }
    });
  }

  /** Events inside `scope` that the caller may see, newest first. @throws AppError INVALID_REQUEST beyond what is counted */
  async list(
    ctx: RequestContext,
    scope: Scope,
    { kind, startTime, endTime }: SecurityEventFilter,
    { index, size }: { readonly index: number; readonly size: number },
  ): Promise<NgPage<SecurityEvent>> {
    if (index > 0 && index * size >= MOST_COUNTED) {
      throw new AppError(
        'INVALID_REQUEST',
        `pageIndex ${index} is beyond the first ${MOST_COUNTED} events; narrow the scope, kind or time`,
        { fields: [{ field: 'pageIndex', error: 'is too large' }] },
      );
    }
    const { securityEvents } = this.unitOfWork.read;
    const search = { visible: visibleTo(ctx, 'audit.view'), scope, kind, from: startTime, until: endTime };
    const [events, total] = await Promise.all([
      securityEvents.page(ctx.accountId, search, { offset: index * size, limit: size }),
      securityEvents.count(ctx.accountId, search),
    ]);
    return toNgPage(events.map(presented), total, index, size);
  }

  /** Removes what is older than events are kept. @returns how many; there may be more */
  async prune(): Promise<number> {
    return this.unitOfWork.run((stores) => stores.securityEvents.prune(this.retentionDays));
  }

  /** Waits until what was noted is written. */
  async stop(): Promise<void> {
    await this.reporter.stop();
  }
}

function presented({
  eventId,
  at,
  lastAt,
  kind,
  outcome,
  orgId,
  projectId,
  resourceType,
  identifier: resource,
  actor,
  origin,
  correlationId,
  count,
  details,
}: StoredSecurityEvent): SecurityEvent {
  return {
    eventId,
    kind,
    outcome,
    orgIdentifier: orgId,
    projectIdentifier: projectId,
    resourceType,
    identifier: resource,
    actor,
    origin,
    correlationId,
    count,
    occurredAt: at,
    lastOccurredAt: lastAt,
    details,
  };
}
