import { defineRoute, projectParams } from '@sluice/api-conventions';
import { z } from 'zod';

export const APPROVAL_STATUSES = ['WAITING', 'APPROVED', 'REJECTED', 'FAILED', 'ABORTED', 'EXPIRED'] as const;
export const approvalStatus = z.enum(APPROVAL_STATUSES);
export type ApprovalStatus = z.infer<typeof approvalStatus>;

export const APPROVAL_TYPES = ['HarnessApproval', 'JiraApproval', 'CustomApproval', 'ServiceNowApproval'] as const;
export const approvalType = z.enum(APPROVAL_TYPES);
export type ApprovalType = z.infer<typeof approvalType>;

export const APPROVAL_ACTIONS = ['APPROVE', 'REJECT'] as const;

const approvers = z.object({
  userGroups: z.array(z.string()),
  serviceAccounts: z.array(z.string()),
  disallowedUserEmails: z.array(z.string()),
  minimumCount: z.number().int(),
  disallowPipelineExecutor: z.boolean(),
});

const approverInput = z.object({
  name: z.string(),
  value: z.string().nullable(),
  defaultValue: z.string().nullable(),
  required: z.boolean(),
  description: z.string().nullable(),
  regex: z.string().nullable(),
  allowedValues: z.array(z.string()),
  selectOneFrom: z.array(z.string()),
  selectManyFrom: z.array(z.string()),
});

const approvalActivity = z.object({
  user: z.object({ uuid: z.string(), name: z.string(), email: z.string().nullable() }),
  action: z.enum(APPROVAL_ACTIONS),
  comments: z.string(),
  approvedAt: z.number().int(),
});

export const approvalInstance = z.object({
  id: z.string(),
  type: approvalType,
  status: approvalStatus,
  /** Milliseconds, as all times here. */
  deadline: z.number().int(),
  createdAt: z.number().int(),
  lastModifiedAt: z.number().int(),
  errorMessage: z.string().nullable(),
  version: z.number().int(),
  planExecutionId: z.string(),
  nodeExecutionId: z.string(),
  details: z.object({
    approvalMessage: z.string(),
    includePipelineExecutionHistory: z.boolean(),
    approvers,
    approvalActivities: z.array(approvalActivity),
    approverInputs: z.array(approverInput),
  }),
});
export type ApprovalInstance = z.infer<typeof approvalInstance>;

/** A row of the list: the instance, with what clients read there in both spellings. */
export const approvalRow = approvalInstance.extend({
  approvalMessage: z.string(),
  approval_message: z.string(),
  created_at: z.number().int(),
  updated_at: z.number().int(),
  error_message: z.string().nullable(),
  execution_id: z.string(),
  node_execution_id: z.string(),
});
export type ApprovalRow = z.infer<typeof approvalRow>;

/** Bare array, oldest first. ENTITY_NOT_FOUND for an execution there is not. */
export const listApprovals = defineRoute({
  style: 'bare',
  id: 'listApprovals',
  method: 'GET',
  path: '/pipeline/api/v1/orgs/:org/projects/:project/approvals/execution/:executionId',
  summary: 'Approvals an execution has asked for',
  access: { permission: 'pipeline.view' },
  params: z.object({ ...projectParams, executionId: z.string().min(1).max(128) }),
  query: z.object({
    approval_status: approvalStatus.optional(),
    approval_type: approvalType.optional(),
    node_execution_id: z.string().max(128).optional(),
  }),
  response: z.array(approvalRow),
});

const instanceParams = z.object({ approvalInstanceId: z.string().min(1).max(128) });
/** The instance alone says which project it is of; clients that name one must name that one. */
const instanceQuery = z.object({
  accountIdentifier: z.string().min(1),
  orgIdentifier: z.string().optional(),
  projectIdentifier: z.string().optional(),
});

export const getApproval = defineRoute({
  style: 'ng',
  id: 'getApproval',
  method: 'GET',
  path: '/pipeline/api/approvals/:approvalInstanceId',
  summary: 'An approval',
  access: { permission: 'pipeline.view', orInside: true },
  params: instanceParams,
  query: instanceQuery,
  response: approvalInstance,
});

/**
 * One user's say. Repeating it changes nothing. Errors: ENTITY_NOT_FOUND, ACCESS_DENIED (no approver, or the one who started the pipeline),
 * INVALID_REQUEST (ended, past its deadline, inputs).
 */
export const addApprovalActivity = defineRoute({
  style: 'ng',
  id: 'addApprovalActivity',
  method: 'POST',
  path: '/pipeline/api/approvals/:approvalInstanceId/harness/activity',
  summary: 'Approve or reject',
  access: { permission: 'pipeline.execute', orInside: true },
  params: instanceParams,
  query: instanceQuery,
  body: z.looseObject({
    action: z.enum(APPROVAL_ACTIONS),
    comments: z.string().max(4096, 'must be at most 4096 characters').nullish(),
    approverInputs: z
      .array(
        z.looseObject({
          name: z.string().max(128),
          value: z.string().max(4096, 'must be at most 4096 characters').nullish(),
        }),
      )
      .max(64)
      .nullish(),
  }),
  response: approvalInstance,
});
