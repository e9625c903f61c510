import { Controller, Inject } from '@nestjs/common';
import { Call, Route, type RouteCall } from '@sluice/http';
import {
  addApprovalActivity,
  getApproval,
  listApprovals,
  type ApprovalInstance,
  type ApprovalRow,
} from '@sluice/pipeline-api';
import { projectOfPath } from '../database/request-scope.js';
import type { Approval } from './approval.js';
import { ApprovalService } from './approval.service.js';

@Controller()
export class ApprovalController {
  constructor(@Inject(ApprovalService) private readonly approvals: ApprovalService) {}

  @Route(listApprovals)
  async list(@Call() { ctx, params, query }: RouteCall<typeof listApprovals>): Promise<ApprovalRow[]> {
    const filter = {
      status: query.approval_status,
      type: query.approval_type,
      nodeExecutionId: query.node_execution_id,
    };
    return (await this.approvals.list(projectOfPath(ctx, params), params.executionId, filter)).map(rowView);
  }

  @Route(getApproval)
  async get(@Call() { ctx, params, query }: RouteCall<typeof getApproval>): Promise<ApprovalInstance> {
    return approvalView(await this.approvals.get(ctx, query, params.approvalInstanceId));
  }

  @Route(addApprovalActivity)
  async addActivity(
    @Call() { ctx, params, query, body }: RouteCall<typeof addApprovalActivity>,
  ): Promise<ApprovalInstance> {
    return approvalView(
      await this.approvals.hear(ctx, query, params.approvalInstanceId, {
        action: body.action,
        comments: body.comments ?? '',
        inputs: body.approverInputs ?? [],
      }),
    );
  }
}

function approvalView(approval: Approval): ApprovalInstance {
  const { approvers, inputs } = approval;
  return {
    id: approval.id,
    type: approval.type,
    status: approval.status,
    deadline: approval.deadline,
    createdAt: approval.createdAt,
    lastModifiedAt: approval.updatedAt,
    errorMessage: approval.errorMessage,
    version: approval.version,
    planExecutionId: approval.planExecutionId,
    nodeExecutionId: approval.nodeExecutionId,
    details: {
      approvalMessage: approval.message,
      includePipelineExecutionHistory: approval.showsHistory,
      approvers: {
        ...approvers,
        userGroups: [...approvers.userGroups],
        serviceAccounts: [...approvers.serviceAccounts],
        disallowedUserEmails: [...approvers.disallowedUserEmails],
      },
      approvalActivities: [...approval.activities],
      approverInputs: inputs.map((input) => ({
        ...input,
        allowedValues: [...input.allowedValues],
        selectOneFrom: [...input.selectOneFrom],
        selectManyFrom: [...input.selectManyFrom],
      })),
    },
  };
}

function rowView(approval: Approval): ApprovalRow {
  return {
    ...approvalView(approval),
    approvalMessage: approval.message,
    approval_message: approval.message,
    created_at: approval.createdAt,
    updated_at: approval.updatedAt,
    error_message: approval.errorMessage,
    execution_id: approval.planExecutionId,
    node_execution_id: approval.nodeExecutionId,
  };
}
