import { Injectable } from '@nestjs/common';
import { toNgPage, type NgPage } from '@sluice/api-conventions';
import type { DeadLetterRecord } from '@sluice/delegate-rpc';
import { accountScope, type RequestContext } from '@sluice/kernel';
import type { DeadLetter } from '@sluice/ng-manager-api';
import { UnitOfWork } from '../persistence/unit-of-work.js';
import { DelegateServiceClient } from './delegate-service-client.js';

/** Task events nobody could handle, for the administrators of an account. The delegate service keeps them. */
@Injectable()
export class DeadLetterService {
  constructor(
    private readonly delegates: DelegateServiceClient,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  /** Newest first. @param pageIndex from 0 @param pageSize 1 to 100 */
  async list(ctx: RequestContext, pageIndex: number, pageSize: number): Promise<NgPage<DeadLetter>> {
    const { letters, total } = await this.delegates.admin.unary(ctx, 'ListDeadLetters', {
      accountId: ctx.accountId,
      page: pageIndex,
      size: pageSize,
    });
    return toNgPage(letters.map(presented), total, pageIndex, pageSize);
  }

  /** Has the event handled again; the audit trail says who asked for it. @throws AppError RESOURCE_NOT_FOUND */
  async redrive(ctx: RequestContext, id: number): Promise<void> {
    await this.delegates.admin.unary(ctx, 'RedriveDeadLetter', { accountId: ctx.accountId, id });
    await this.unitOfWork.run((stores) =>
      stores.audit.append(ctx, {
        action: 'update',
        resourceType: 'deadLetter',
        identifier: String(id),
        scope: accountScope(ctx.accountId),
        details: { sentAgain: true },
      }),
    );
  }
}

function presented({
  id,
  scope,
  consumer,
  taskId,
  event,
  outcome,
  reason,
  attempts,
  eventAtMs,
  setAsideAtMs,
}: DeadLetterRecord): DeadLetter {
  return {
    id,
    orgIdentifier: scope.orgId || null,
    projectIdentifier: scope.projectId || null,
    service: consumer,
    taskId,
    event,
    outcome: outcome === '' ? null : outcome,
    reason,
    attempts,
    occurredAt: eventAtMs,
    setAsideAt: setAsideAtMs,
  };
}
