import { AppError, type Principal, type RequestContext } from '@sluice/kernel';
import type { Approval } from './approval.js';

/** Groups everybody is in who may act in the project at all. */
const ALL_USERS = [
  'account._account_all_users',
  '_account_all_users',
  'org._organization_all_users',
  '_organization_all_users',
  '_project_all_users',
];

/** Says of which of the groups, given as references from the approval's project, a user is a member. */
export interface ApproverGroups {
  membershipsOf(ctx: RequestContext, approval: Approval): Promise<readonly string[]>;
}

/** The built-in groups, and administrators of the account, who count as members of each. Groups that people make are not known here yet. */
export class BuiltInGroups implements ApproverGroups {
  async membershipsOf(ctx: RequestContext, { approvers }: Approval): Promise<readonly string[]> {
    if (isAccountAdmin(ctx)) return approvers.userGroups;
    return approvers.userGroups.filter((group) => ALL_USERS.includes(group));
  }
}

/**
 * @param executor who started the pipeline; undefined when its execution is gone
 * @throws AppError ACCESS_DENIED saying who may
 */
export function requireApprover(
  ctx: RequestContext,
  approval: Approval,
  executor: Principal | undefined,
  memberships: readonly string[],
): void {
  const { principal } = ctx;
  const { approvers } = approval;
  if (principal.type === 'service') throw denied(approval, 'a service cannot approve');
  if (approvers.disallowPipelineExecutor && executor && executor.id === principal.id)
    throw denied(approval, `${principal.name} started the pipeline, and whoever started it may not approve it`);
  if (approvers.disallowedUserEmails.some((email) => email.toLowerCase() === principal.email.toLowerCase()))
    throw denied(approval, `${principal.email} is excluded from approving`);
  if (principal.type === 'serviceAccount') {
    const isNamed = [principal.id, principal.name, principal.email].some((name) =>
      approvers.serviceAccounts.includes(name),
    );
    if (!isNamed) throw denied(approval, `service account ${principal.name} is not among its approvers`);
    return;
  }
  if (memberships.length === 0)
    throw denied(
      approval,
      `${principal.name} is in none of the groups ${approvers.userGroups.join(', ') || '(none named)'}`,
    );
}

function isAccountAdmin({ grants }: RequestContext): boolean {
  return grants.some((grant) => grant.role === 'account_admin' && !grant.orgId && !grant.projectId);
}

function denied(approval: Approval, reason: string): AppError {
  return new AppError('ACCESS_DENIED', `approval ${approval.id}: ${reason}; ask one of its approvers`);
}
