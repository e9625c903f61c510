import {
  acknowledgeAuditEvents,
  AuditShipper,
  claimAuditEvents,
  recordAuditEvent,
  releaseAuditLease,
  type AuditContext,
  type AuditEntry,
} from '@sluice/audit-outbox';
import type { AuditEventRecord } from '@sluice/api-conventions';
import type { Logger } from '@sluice/telemetry';
import type { DataSource, EntityManager } from 'typeorm';

/** A transaction in which something is changed and told. */
export interface AuditedChange {
  readonly manager: EntityManager;
  readonly record: (ctx: AuditContext, ...entries: readonly AuditEntry[]) => Promise<void>;
}

export interface AuditTrailOptions {
  /** The same after every restart of this process, so that it goes on at once where a crash left it. */
  readonly holder: string;
  /** Adds events to the trail; resolves when they are committed there. */
  readonly deliver: (events: readonly AuditEventRecord[]) => Promise<void>;
  /** Longest time an event waits while nothing else happens, in milliseconds. */
  readonly pollMs: number;
}

const BATCH = { limit: 100, leaseMs: 60_000 } as const;

/** What this service tells the audit trail: stored with each change, handed to NG manager afterwards, in order, until it says that it has it. */
export class AuditTrail {
  private readonly shipper: AuditShipper;

  constructor(
    private readonly dataSource: DataSource,
    log: Logger,
    { holder, deliver, pollMs }: AuditTrailOptions,
  ) {
    const { manager } = dataSource;
    this.shipper = new AuditShipper({
      log,
      pollMs,
      route: {
        claim: () => claimAuditEvents(manager, holder, BATCH),
        deliver,
        acknowledge: (eventIds) => acknowledgeAuditEvents(manager, eventIds),
        release: () => releaseAuditLease(manager, holder),
      },
    });
  }

  /** Runs `work` in one transaction; what it records is committed with what it changes. */
  async run<T>(work: (change: AuditedChange) => Promise<T>): Promise<T> {
    let hasRecorded = false;
    const result = await this.dataSource.transaction((manager) =>
      work({
        manager,
        record: async (ctx, ...entries) => {
          hasRecorded = true;
          await recordAuditEvent(manager, ctx, ...entries);
        },
      }),
    );
    if (hasRecorded) this.shipper.nudge();
    return result;
  }

  start(): void {
    this.shipper.start();
  }

  async stop(): Promise<void> {
    await this.shipper.stop();
  }
}
