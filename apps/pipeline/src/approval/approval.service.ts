import { Inject, Injectable } from '@nestjs/common';
import { isAllowed, type Permission } from '@sluice/api-conventions';
import { AppError, formatScope, type ProjectScope, type RequestContext } from '@sluice/kernel';
import { AuditTrail } from '../audit/audit-trail.js';
import { Documents } from '../documents/documents.js';
import { ExecutionRepository } from '../execution/execution.repository.js';
import { hear, patternsToMatch, type Approval, type Say } from './approval.js';
import { ApprovalRepository, type ApprovalFilter } from './approval.repository.js';
import type { MatchPattern } from './approver-input.js';
import { BuiltInGroups, requireApprover, type ApproverGroups } from './approver.js';

/** Where a caller says an approval is. */
export interface ApprovalPlace {
  readonly orgIdentifier?: string | undefined;
  readonly projectIdentifier?: string | undefined;
}

/** Approvals as people see and decide them. */
@Injectable()
export class ApprovalService {
  constructor(
    @Inject(ApprovalRepository) private readonly approvals: ApprovalRepository,
    @Inject(ExecutionRepository) private readonly executions: ExecutionRepository,
    @Inject(BuiltInGroups) private readonly groups: ApproverGroups,
    @Inject(AuditTrail) private readonly audit: AuditTrail,
    @Inject(Documents) private readonly documents: Documents,
  ) {}

  /** @throws AppError ENTITY_NOT_FOUND (execution) */
  async list(scope: ProjectScope, planExecutionId: string, filter: ApprovalFilter): Promise<Approval[]> {
    if (!(await this.executions.find(scope, planExecutionId)))
      throw new AppError('ENTITY_NOT_FOUND', `there is no execution ${planExecutionId} in ${formatScope(scope)}`);
    return this.approvals.list(scope, planExecutionId, filter);
  }

  /** @throws AppError ENTITY_NOT_FOUND, also for one the caller may not see */
  get(ctx: RequestContext, place: ApprovalPlace, id: string): Promise<Approval> {
    return this.find(ctx, 'pipeline.view', place, id);
  }

  /** One user's say; repeating it changes nothing. @throws AppError ENTITY_NOT_FOUND, ACCESS_DENIED, INVALID_REQUEST */
  async hear(ctx: RequestContext, place: ApprovalPlace, id: string, say: Omit<Say, 'user' | 'at'>): Promise<Approval> {
    const approval = await this.find(ctx, 'pipeline.execute', place, id);
    const execution = await this.executions.find(approval.scope, approval.planExecutionId);
    requireApprover(ctx, approval, execution?.caller.principal, await this.groups.membershipsOf(ctx, approval));
    const { principal } = ctx;
    const at = Date.now();
    const user = { uuid: principal.id, name: principal.name, email: 'email' in principal ? principal.email : null };
    const match = await this.matchFor(approval, say);
    return this.audit.run(async ({ manager, record }) => {
      const heard = await this.approvals.change(manager, approval.scope, id, at, (current) =>
        hear(current, { ...say, user, at }, match),
      );
      if (!heard) throw noApproval(ctx, id);
      const { before, after } = heard;
      if (after.version === before.version) return after;
      const details = { planExecutionId: after.planExecutionId, comments: say.comments };
      await record(ctx, {
        action: say.action === 'APPROVE' ? 'approve' : 'reject',
        resourceType: 'approval',
        identifier: id,
        scope: after.scope,
        at,
        before: { status: before.status },
        after: { status: after.status, inputs: after.inputs },
        details,
      });
      return after;
    });
  }

  /** Patterns of the approval are tried in a thread, before the approval is locked. */
  private async matchFor(approval: Approval, say: Pick<Say, 'action' | 'inputs'>): Promise<MatchPattern> {
    const checks = patternsToMatch(approval, say);
    const results = checks.length > 0 ? await this.documents.match(approval.scope.accountId, checks) : [];
    const known = new Map(checks.map(({ pattern, value }, at) => [JSON.stringify([pattern, value]), results[at]]));
    // What is not known is a value that another approver stored a moment ago, and that was held against the pattern then.
    return (pattern, value) => known.get(JSON.stringify([pattern, value])) ?? 'match';
  }

  private async find(
    ctx: RequestContext,
    permission: Permission,
    { orgIdentifier, projectIdentifier }: ApprovalPlace,
    id: string,
  ): Promise<Approval> {
    const approval = await this.approvals.find(ctx.accountId, id);
    if (!approval) throw noApproval(ctx, id);
    const { scope } = approval;
    const isElsewhere =
      (orgIdentifier && orgIdentifier !== scope.orgId) || (projectIdentifier && projectIdentifier !== scope.projectId);
    if (isElsewhere || !isAllowed(ctx.accountId, ctx.grants, permission, scope)) throw noApproval(ctx, id);
    return approval;
  }
}

function noApproval(ctx: RequestContext, id: string): AppError {
  return new AppError('ENTITY_NOT_FOUND', `there is no approval ${id} for you in account ${ctx.accountId}`);
}
