import { Injectable } from '@nestjs/common';
import { auditEventOf } from '@sluice/audit-outbox';
import type { AuditEventRecord } from '@sluice/api-conventions';
import { AppError } from '@sluice/kernel';
import { UnitOfWork } from '../persistence/unit-of-work.js';
import { OWN_MODULE, type AuditContext, type AuditEntry } from './audit.repository.js';

/** By then a call has been answered or has timed out. */
const LEFT_AFTER_MS = 60_000;
const ONE_ROUND = 50;

/**
 * Changes that another service makes in its own database. The event is kept beside the trail before the change is asked for and goes into the trail when
 * the change is known to be made; what a crash or a lost answer leaves open is looked up. So there is no such change without its event, and no
 * event without its change.
 */
@Injectable()
export class OutsideChanges {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** @param change asks for it @throws what `change` throws; the event is dropped when that says that nothing was done */
  async run<T>(ctx: AuditContext, entry: AuditEntry, change: () => Promise<T>): Promise<T> {
    const event = auditEventOf(ctx, entry);
    await this.unitOfWork.run((stores) => stores.outsideChanges.open(event));
    try {
      const result = await change();
      await this.settle(event, true);
      return result;
    } catch (cause) {
      if (cause instanceof AppError && cause.httpStatus < 500) await this.settle(event, false);
      throw cause;
    }
  }

  /** Settles what was left open. @param isMade asks the other service; a rejection leaves the change open */
  async settleLeftOpen(isMade: (event: AuditEventRecord) => Promise<boolean>, ageMs = LEFT_AFTER_MS): Promise<void> {
    for (const event of await this.unitOfWork.read.outsideChanges.leftOpen(ageMs, ONE_ROUND))
      await this.settle(event, await isMade(event));
  }

  private async settle(event: AuditEventRecord, isMade: boolean): Promise<void> {
    await this.unitOfWork.run(async (stores) => {
      const isMine = await stores.outsideChanges.close(event);
      if (isMine && isMade) await stores.audit.appendReceived([event], OWN_MODULE);
    });
  }
}
