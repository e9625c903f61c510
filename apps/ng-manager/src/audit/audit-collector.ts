import { Inject, Injectable } from '@nestjs/common';
import { AuditShipper } from '@sluice/audit-outbox';
import { messageOf, newUuid, pause } from '@sluice/kernel';
import type { Logger } from '@sluice/telemetry';
import { DbDevopsClient } from '../dbdevops/dbdevops-client.js';
import { LOGGER } from '../delegate/task-events.js';
import { AuditService } from './audit.service.js';
import { RefusedSignIns } from './refused-sign-ins.js';

const POLL_MS = 5_000;
const CLOSE_WINDOWS_MS = 10_000;
const DBDEVOPS_MODULE = 'DBOPS';

/**
 * What comes into the trail later than the request that caused it: events of dbdevops, which calls nobody, so they are fetched from it; and minutes of
 * refused sign-ins that are over.
 */
@Injectable()
export class AuditCollector {
  private readonly stopping = new AbortController();
  private readonly shipper: AuditShipper;
  private closing: Promise<void> = Promise.resolve();

  constructor(
    dbdevops: DbDevopsClient,
    audit: AuditService,
    private readonly refused: RefusedSignIns,
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
    this.closing = this.closeWindows();
  }

  async stop(): Promise<void> {
    this.stopping.abort(new Error('stopping'));
    await Promise.all([this.shipper.stop(), this.closing]);
  }

  private async closeWindows(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      try {
        while ((await this.refused.closeEnded()) > 0 && !signal.aborted);
      } catch (cause) {
        this.log.warn({ error: messageOf(cause) }, 'refused sign-ins cannot be moved to the audit trail; retrying');
      }
      await pause(CLOSE_WINDOWS_MS, signal).catch(() => undefined);
    }
  }
}
