import { AppError, type FieldError, type ProjectScope } from '@sluice/kernel';
import type { ApprovalStatus, ApprovalType } from '@sluice/pipeline-api';
import { matchPattern } from '@sluice/pipeline-engine';
import { inputFault, type ApproverInput, type MatchPattern } from './approver-input.js';

/** Who may approve. Groups are references; `_account_all_users` and its like are built in. */
export interface Approvers {
  readonly userGroups: readonly string[];
  /** Identifiers of service accounts; without any, none may. */
  readonly serviceAccounts: readonly string[];
  readonly disallowedUserEmails: readonly string[];
  readonly minimumCount: number;
  readonly disallowPipelineExecutor: boolean;
}

interface ApprovalUser {
  readonly uuid: string;
  readonly name: string;
  readonly email: string | null;
}

export interface ApprovalActivity {
  readonly user: ApprovalUser;
  readonly action: 'APPROVE' | 'REJECT';
  readonly comments: string;
  /** Milliseconds since the epoch. */
  readonly approvedAt: number;
}

/** An approval an execution waits for, or has waited for. */
export interface Approval {
  readonly scope: ProjectScope;
  readonly id: string;
  readonly planExecutionId: string;
  readonly nodeExecutionId: string;
  readonly type: ApprovalType;
  readonly status: ApprovalStatus;
  readonly message: string;
  readonly errorMessage: string | null;
  readonly deadline: number;
  readonly showsHistory: boolean;
  readonly approvers: Approvers;
  readonly inputs: readonly ApproverInput[];
  readonly activities: readonly ApprovalActivity[];
  readonly version: number;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** What one user says. */
export interface Say {
  readonly user: ApprovalUser;
  readonly action: 'APPROVE' | 'REJECT';
  readonly comments: string;
  readonly inputs: readonly { readonly name: string; readonly value?: string | null | undefined }[];
  readonly at: number;
}

/** What an activity changes. */
export type ApprovalChange = Pick<Approval, 'status' | 'inputs' | 'activities'>;

/**
 * What becomes of an approval when a user who may says something; undefined when they have said so before. Pure.
 * One rejection ends it; so does the last of the approvals it needs.
 * @param match a service gives what was worked out elsewhere ({@link patternsToMatch}): patterns must not run where requests are answered
 * @throws AppError INVALID_REQUEST when it has ended or its deadline has passed, or for inputs that will not do
 */
export function hear(approval: Approval, say: Say, match: MatchPattern = matchPattern): ApprovalChange | undefined {
  if (approval.type !== 'HarnessApproval')
    throw new AppError(
      'INVALID_REQUEST',
      `approval ${approval.id} is a ${approval.type}: it is decided in the system it asks, not here`,
    );
  if (approval.activities.some(({ user, action }) => user.uuid === say.user.uuid && action === say.action))
    return undefined;
  if (approval.status !== 'WAITING')
    throw new AppError(
      'INVALID_REQUEST',
      `approval ${approval.id} has ended already with status ${approval.status}; nothing can be added to it`,
    );
  if (say.at > approval.deadline)
    throw new AppError(
      'INVALID_REQUEST',
      `approval ${approval.id} was to be given by ${new Date(approval.deadline).toISOString()}; run the pipeline again to ask anew`,
    );
  const activities = [
    ...approval.activities,
    { user: say.user, action: say.action, comments: say.comments, approvedAt: say.at },
  ];
  if (say.action === 'REJECT') return { status: 'REJECTED', inputs: approval.inputs, activities };
  const inputs = filled(approval.inputs, say.inputs, match);
  const approvals = activities.filter(({ action }) => action === 'APPROVE').length;
  return { status: approvals >= approval.approvers.minimumCount ? 'APPROVED' : 'WAITING', inputs, activities };
}

/** A pattern of the approval, and the value it is held against. */
export interface PatternCheck {
  readonly pattern: string;
  readonly value: string;
}

/** What {@link hear} asks about patterns for this say. Pure. */
export function patternsToMatch(
  { status, inputs }: Approval,
  { action, inputs: given }: Pick<Say, 'action' | 'inputs'>,
): PatternCheck[] {
  if (status !== 'WAITING' || action === 'REJECT') return [];
  return inputs.flatMap((input) => {
    const value = valueOf(input, given);
    return input.regex && value ? [{ pattern: input.regex, value }] : [];
  });
}

function valueOf(input: ApproverInput, given: Say['inputs']): string | null {
  return given.findLast(({ name }) => name === input.name)?.value ?? input.value ?? input.defaultValue;
}

function filled(asked: readonly ApproverInput[], given: Say['inputs'], match: MatchPattern): ApproverInput[] {
  const faults: FieldError[] = given.flatMap(({ name }, index) =>
    asked.some((input) => input.name === name)
      ? []
      : [
          {
            field: `approverInputs[${index}].name`,
            error: `"${name}" is not asked for; use ${asked.map((input) => input.name).join(', ') || 'none'}`,
          },
        ],
  );
  const inputs = asked.map((input) => {
    const value = valueOf(input, given);
    const fault = inputFault(input, value, match);
    if (fault !== undefined) faults.push({ field: `approverInputs.${input.name}`, error: fault });
    return { ...input, value };
  });
  if (faults.length > 0)
    throw new AppError(
      'INVALID_REQUEST',
      `the inputs will not do: ${faults.map(({ field, error }) => `${field}: ${error}`).join('; ')}`,
      { fields: faults },
    );
  return inputs;
}
