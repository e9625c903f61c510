import { Inject, Injectable } from '@nestjs/common';
import { projectScope, type ProjectScope } from '@sluice/kernel';
import type { ApprovalStatus, ApprovalType } from '@sluice/pipeline-api';
import { DataSource, type EntityManager } from 'typeorm';
import { projectColumns } from '@sluice/persistence';
import { ApprovalInstanceEntity } from './approval.entity.js';
import type { Approval, ApprovalChange } from './approval.js';

export type NewApproval = Pick<
  Approval,
  | 'id'
  | 'planExecutionId'
  | 'nodeExecutionId'
  | 'type'
  | 'message'
  | 'deadline'
  | 'showsHistory'
  | 'approvers'
  | 'inputs'
>;

export interface ApprovalFilter {
  readonly status?: ApprovalStatus | undefined;
  readonly type?: ApprovalType | undefined;
  readonly nodeExecutionId?: string | undefined;
}

@Injectable()
export class ApprovalRepository {
  constructor(@Inject(DataSource) private readonly dataSource: DataSource) {}

  /** Begins to wait. Safe to repeat: an approval of that id that is there already stays as it is. */
  async insert(scope: ProjectScope, approval: NewApproval, at: number): Promise<void> {
    const { inputs, ...rest } = approval;
    await this.dataSource
      .createQueryBuilder()
      .insert()
      .into(ApprovalInstanceEntity)
      .values({
        ...projectColumns(scope),
        ...rest,
        inputs: [...inputs],
        status: 'WAITING',
        errorMessage: null,
        activities: [],
        version: 1,
        createdAt: at,
        updatedAt: at,
      })
      .orIgnore()
      .execute();
  }

  /** Wherever in the account it is: the caller checks the rights at the scope it tells. */
  async find(accountId: string, id: string): Promise<Approval | undefined> {
    return found(await this.dataSource.getRepository(ApprovalInstanceEntity).findOneBy({ accountId, id }));
  }

  /** Of one execution, oldest first. */
  async list(scope: ProjectScope, planExecutionId: string, filter: ApprovalFilter): Promise<Approval[]> {
    const { status, type, nodeExecutionId } = filter;
    const where = {
      ...projectColumns(scope),
      planExecutionId,
      ...(status ? { status } : {}),
      ...(type ? { type } : {}),
      ...(nodeExecutionId ? { nodeExecutionId } : {}),
    };
    return (
      await this.dataSource
        .getRepository(ApprovalInstanceEntity)
        .find({ where, order: { createdAt: 'ASC', id: 'ASC' }, take: 1_000 })
    ).map(toApproval);
  }

  /**
   * Changes an approval that nobody else changes meanwhile, inside the caller's transaction.
   * @param decide gets it as it is; undefined leaves it so @returns as it was and is, the same twice when it was left; undefined when there is none
   */
  async change(
    manager: EntityManager,
    scope: ProjectScope,
    id: string,
    at: number,
    decide: (approval: Approval) => ApprovalChange | undefined,
  ): Promise<{ readonly before: Approval; readonly after: Approval } | undefined> {
    const before = await locked(manager, scope, id);
    const change = before && decide(before);
    if (!before || !change) return before && { before, after: before };
    await manager
      .getRepository(ApprovalInstanceEntity)
      .update(
        { ...projectColumns(scope), id },
        {
          status: change.status,
          inputs: [...change.inputs],
          activities: [...change.activities],
          version: before.version + 1,
          updatedAt: at,
        },
      );
    return { before, after: { ...before, ...change, version: before.version + 1, updatedAt: at } };
  }
}

async function locked(manager: EntityManager, scope: ProjectScope, id: string): Promise<Approval | undefined> {
  return found(
    await manager
      .getRepository(ApprovalInstanceEntity)
      .findOne({ where: { ...projectColumns(scope), id }, lock: { mode: 'pessimistic_write' } }),
  );
}

function found(row: ApprovalInstanceEntity | null): Approval | undefined {
  return row ? toApproval(row) : undefined;
}

function toApproval({ accountId, orgId, projectId, ...rest }: ApprovalInstanceEntity): Approval {
  return { scope: projectScope(accountId, orgId, projectId), ...rest };
}
