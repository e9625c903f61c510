import { Inject, Injectable } from '@nestjs/common';
import { AuditShipper } from '@sluice/audit-outbox';
import { messageOf, newUuid, pause } from '@sluice/kernel';
import type { Logger } from '@sluice/telemetry';
import { DbDevopsClient } from '../dbdevops/dbdevops-client.js';
import { DelegateService } from '../delegate/delegate.service.js';
import { LOGGER } from '../delegate/task-events.js';
import { SecurityEvents } from '../security-event/security-events.js';
import { AuditService } from './audit.service.js';
import { OutsideChanges } from './outside-changes.js';
import { RefusedSignIns } from './refused-sign-ins.js';

const POLL_MS = 5_000;
const SWEEP_MS = 10_000;
const DBDEVOPS_MODULE = 'DBOPS';

/**
 * What comes into the trail later than the request that caused it: events of dbdevops, which calls nobody, so they are fetched from it; minutes of refused
 * sign-ins that are over; changes of other services whose answer was lost. Removes security events whose time is over.
 */
@Injectable()
export class AuditCollector {
  private readonly stopping = new AbortController();
  private readonly shipper: AuditShipper;
  private sweeping: Promise<void> = Promise.resolve();

  constructor(
    dbdevops: DbDevopsClient,
    audit: AuditService,
    private readonly refused: RefusedSignIns,
    private readonly outside: OutsideChanges,
    private readonly delegates: DelegateService,
    private readonly securityEvents: SecurityEvents,
    @Inject(LOGGER) private readonly log: Logger,
  ) {
    const holder = newUuid();
    dbdevops.onChange(() => this.shipper.nudge());
    this.shipper = new AuditShipper({
      log,
      pollMs: POLL_MS,
      route: {
        claim: () => dbdevops.claimAuditEvents(holder),
        deliver: (events) => audit.receive(events, DBDEVOPS_MODULE),
        acknowledge: (eventIds) => dbdevops.acknowledgeAuditEvents(holder, eventIds),
        release: () => dbdevops.acknowledgeAuditEvents(holder, [], true),
      },
    });
  }

  start(): void {
    this.shipper.start();
    this.sweeping = this.sweep();
  }

  async stop(): Promise<void> {
    this.stopping.abort(new Error('stopping'));
    await Promise.all([this.shipper.stop(), this.sweeping]);
  }

  private async sweep(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      await this.attempt('refused sign-ins cannot be moved to the audit trail', async () => {
        while ((await this.refused.closeEnded()) > 0 && !signal.aborted);
      });
      await this.attempt('changes of other services cannot be looked up', () =>
        this.outside.settleLeftOpen((event) => this.delegates.isMade(event)),
      );
      await this.attempt('security events whose time is over cannot be removed', async () => {
        while ((await this.securityEvents.prune()) > 0 && !signal.aborted);
      });
      await pause(SWEEP_MS, signal).catch(() => undefined);
    }
  }

  private async attempt(problem: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (cause) {
      this.log.warn({ error: messageOf(cause) }, `${problem}; retrying`);
    }
  }
}
