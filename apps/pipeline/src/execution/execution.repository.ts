import { Inject, Injectable } from '@nestjs/common';
import type { ProjectScope } from '@sluice/kernel';
import {
  planOutline,
  type NodeState,
  type PlanOutline,
  type ResourceHoldUp,
  type Status,
} from '@sluice/pipeline-engine';
import { DataSource, type EntityManager } from 'typeorm';
import { projectColumns } from '@sluice/persistence';
import type { Sort } from '../database/list-query.js';
import { InstanceLocks } from '../run/instance-lock.js';
import { ExecutionEntity, ExecutionNodeEntity } from './execution.entity.js';
import {
  ExecutionQuery,
  searchTextOf,
  type Cursor,
  type ExecutionFilter,
  type ExecutionSortColumn,
} from './execution-query.js';
import { filedUnder, filingTerms } from './filed-under.js';
import { readRecentRuns, type RecentRuns } from './recent-runs.js';

export type Execution = Readonly<Omit<ExecutionEntity, 'status' | 'outline' | 'searchText' | 'filedUnder'>> & {
  readonly status: Status;
};

/** An execution without its texts, as lists show it; of its plan there may be the outline alone. */
export type ListedExecution = Omit<Execution, 'plan' | 'yaml' | 'inputYaml' | 'inputTemplateYaml'> & {
  readonly plan: PlanOutline;
};

export type NewExecution = Omit<
  Execution,
  | 'endedAt'
  | 'failureMessage'
  | 'interruptId'
  | 'interruptedAt'
  | 'interruptedBy'
  | 'isStarted'
  | 'isRetried'
  | 'accountId'
  | 'orgId'
  | 'projectId'
>;

/** Columns of a {@link ListedExecution}, read without the detour over entities: a page may hold a thousand. */
const LISTED = `account_id AS "accountId", org_id AS "orgId", project_id AS "projectId", plan_execution_id AS "planExecutionId", pipeline_identifier AS "pipelineIdentifier", name, run_sequence AS "runSequence", status,
  outline AS plan, input_set_ids AS "inputSetIds", caller, correlation_id AS "correlationId", traceparent, notes, retry_of AS "retryOf", root_execution_id AS "rootExecutionId", is_retried AS "isRetried", rerun_of AS "rerunOf",
  chosen_stages AS "chosenStages", tags, module_type AS "moduleType", taken_over AS "takenOver", created_at::float8 AS "createdAt", valid_until::float8 AS "validUntil", ended_at::float8 AS "endedAt",
  failure_message AS "failureMessage", interrupt_id AS "interruptId", interrupted_at::float8 AS "interruptedAt", interrupted_by AS "interruptedBy", is_started AS "isStarted"`;

const MAX_RETRIES = 1_000;

/** Executions as people read them. Writes while they run are {@link ExecutionRecord}'s. */
@Injectable()
export class ExecutionRepository {
  constructor(@Inject(DataSource) private readonly dataSource: DataSource) {}

  async insert(
    manager: EntityManager,
    scope: ProjectScope,
    execution: NewExecution,
    states: ReadonlyMap<string, NodeState>,
  ): Promise<void> {
    const { plan, caller, takenOver, inputSetIds, chosenStages, tags, ...rest } = execution;
    await manager
      .getRepository(ExecutionEntity)
      .insert({
        ...projectColumns(scope),
        ...rest,
        plan: plan as never,
        outline: planOutline(plan) as never,
        filedUnder: Object.values(filingTerms(filedUnder(plan) ?? {})).flat(),
        searchText: searchTextOf(execution),
        caller: caller as never,
        takenOver: [...takenOver],
        inputSetIds: [...inputSetIds],
        chosenStages: chosenStages && [...chosenStages],
        tags: { ...tags },
      });
    await manager.query(
      `INSERT INTO execution_nodes (plan_execution_id, node_id, status, state) SELECT $1, v.node_id, v.status, v.state::jsonb FROM unnest($2::text[], $3::text[], $4::text[]) AS v(node_id, status, state)`,
      [
        execution.planExecutionId,
        [...states.keys()],
        [...states.values()].map((state) => state.status),
        [...states.values()].map((state) => JSON.stringify(state)),
      ],
    );
  }

  async markStarted(planExecutionId: string): Promise<void> {
    await this.dataSource.getRepository(ExecutionEntity).update({ planExecutionId }, { isStarted: true });
  }

  async find(scope: ProjectScope, planExecutionId: string): Promise<Execution | undefined> {
    const row = await this.dataSource
      .getRepository(ExecutionEntity)
      .findOneBy({ ...projectColumns(scope), planExecutionId });
    return row ? (row as Execution) : undefined;
  }

  /** Marks an execution as interrupted, once. @returns the interrupt that is in force, or undefined when the execution has ended */
  async interrupt(
    scope: ProjectScope,
    planExecutionId: string,
    interrupt: { readonly id: string; readonly at: number; readonly by: string },
  ): Promise<string | undefined> {
    return interruptExecution(this.dataSource.manager, scope, planExecutionId, interrupt);
  }

  async list(
    scope: ProjectScope,
    filter: ExecutionFilter,
    sort: readonly Sort<ExecutionSortColumn>[],
    page: number,
    size: number,
  ): Promise<{ rows: ListedExecution[]; total: number }> {
    const { ids, total } = await new ExecutionQuery(scope, filter).page(this.dataSource, sort, page, size);
    return { rows: await this.listed(scope, ids), total };
  }

  /** The part of the list, newest first, behind a row. */
  async listBehind(
    scope: ProjectScope,
    filter: ExecutionFilter,
    after: Cursor | undefined,
    size: number,
  ): Promise<ListedExecution[]> {
    return this.listed(scope, await new ExecutionQuery(scope, filter).behind(this.dataSource, after, size));
  }

  private async listed(scope: ProjectScope, ids: readonly string[]): Promise<ListedExecution[]> {
    if (ids.length === 0) return [];
    const rows = await this.dataSource.query<ListedExecution[]>(
      `SELECT ${LISTED} FROM executions WHERE account_id = $1 AND org_id = $2 AND project_id = $3 AND plan_execution_id = ANY($4)`,
      [...place(scope), ids],
    );
    const byId = new Map(rows.map((row) => [row.planExecutionId, row]));
    return ids.flatMap((id) => byId.get(id) ?? []);
  }

  /** An execution and everything that was retried from it, newest first. */
  async retries(scope: ProjectScope, rootExecutionId: string): Promise<ListedExecution[]> {
    return this.dataSource.query<ListedExecution[]>(
      `SELECT ${LISTED} FROM executions WHERE account_id = $1 AND org_id = $2 AND project_id = $3 AND (plan_execution_id = $4 OR root_execution_id = $4)
       ORDER BY created_at DESC, plan_execution_id DESC LIMIT ${MAX_RETRIES}`,
      [...place(scope), rootExecutionId],
    );
  }

  /** Which of these pipelines are still stored. */
  async storedPipelines(scope: ProjectScope, identifiers: readonly string[]): Promise<ReadonlySet<string>> {
    const rows = await this.dataSource.query<{ identifier: string }[]>(
      'SELECT identifier FROM pipelines WHERE account_id = $1 AND org_id = $2 AND project_id = $3 AND identifier = ANY($4)',
      [...place(scope), [...new Set(identifiers)]],
    );
    return new Set(rows.map(({ identifier }) => identifier));
  }

  /** Says of an execution that it has been retried, in the transaction that stores the retry. */
  async markRetried(manager: EntityManager, planExecutionId: string): Promise<void> {
    await manager.getRepository(ExecutionEntity).update({ planExecutionId }, { isRetried: true });
  }

  /** The execution a node belongs to. @returns undefined when there is none in the project */
  async findByNode(scope: ProjectScope, nodeId: string): Promise<Execution | undefined> {
    const nodes = await this.dataSource
      .getRepository(ExecutionNodeEntity)
      .find({ select: { planExecutionId: true }, where: { nodeId }, take: 2 });
    for (const { planExecutionId } of nodes) {
      const execution = await this.find(scope, planExecutionId);
      if (execution) return execution;
    }
    return undefined;
  }

  /** Node states by execution, of the given nodes only (node ids are unique across executions), or of all. */
  async states(
    planExecutionIds: readonly string[],
    nodeIds?: readonly string[],
  ): Promise<ReadonlyMap<string, Record<string, NodeState>>> {
    const rows = await this.dataSource.query<{ plan_execution_id: string; node_id: string; state: NodeState }[]>(
      `SELECT plan_execution_id, node_id, state FROM execution_nodes WHERE plan_execution_id = ANY($1)${nodeIds ? ' AND node_id = ANY($2)' : ''}`,
      nodeIds ? [planExecutionIds, nodeIds] : [planExecutionIds],
    );
    const states = new Map<string, Record<string, NodeState>>(planExecutionIds.map((id) => [id, {}]));
    for (const row of rows) (states.get(row.plan_execution_id) ?? {})[row.node_id] = row.state;
    return states;
  }

  /** What stands before each of these steps that waits for its database instance, by task id, as it is now. */
  holdUps(
    scope: ProjectScope,
    states: Readonly<Record<string, NodeState>>,
  ): Promise<ReadonlyMap<string, ResourceHoldUp>> {
    const waiting = Object.values(states).flatMap(({ status, taskId }) =>
      status === 'ResourceWaiting' && taskId !== null ? [taskId] : [],
    );
    return new InstanceLocks(this.dataSource.manager).holdUps(scope, waiting);
  }

  /** @param now end of the week that is counted @param newest how many runs of each pipeline are told of */
  recentRuns(
    scope: ProjectScope,
    pipelineIdentifiers: readonly string[],
    now: number,
    newest: number,
  ): Promise<ReadonlyMap<string, RecentRuns>> {
    return readRecentRuns(this.dataSource, scope, pipelineIdentifiers, now, newest);
  }
}

function place(scope: ProjectScope): [accountId: string, orgId: string, projectId: string] {
  return [scope.accountId, scope.orgId, scope.projectId];
}

/** Marks an execution as interrupted, once, in the transaction of `manager`. @returns as {@link ExecutionRepository.interrupt} */
export async function interruptExecution(
  manager: EntityManager,
  scope: ProjectScope,
  planExecutionId: string,
  interrupt: { readonly id: string; readonly at: number; readonly by: string },
): Promise<string | undefined> {
  const where = [...place(scope), planExecutionId];
  await manager.query(
    `UPDATE executions SET interrupt_id = $5, interrupted_at = $6, interrupted_by = $7, status = 'Discontinuing'
     WHERE account_id = $1 AND org_id = $2 AND project_id = $3 AND plan_execution_id = $4 AND ended_at IS NULL AND interrupt_id IS NULL`,
    [...where, interrupt.id, interrupt.at, interrupt.by],
  );
  const [row] = await manager.query<{ interrupt_id: string | null }[]>(
    'SELECT interrupt_id FROM executions WHERE account_id = $1 AND org_id = $2 AND project_id = $3 AND plan_execution_id = $4',
    where,
  );
  return row?.interrupt_id ?? undefined;
}
