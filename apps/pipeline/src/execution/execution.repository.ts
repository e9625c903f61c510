import { Inject, Injectable } from '@nestjs/common';
import type { ProjectScope } from '@sluice/kernel';
import type { NodeState, Status } from '@sluice/pipeline-engine';
import { DataSource, type EntityManager } from 'typeorm';
import { containing, projectColumns } from '../database/columns.js';
import { ExecutionEntity } from './execution.entity.js';

export type Execution = Readonly<Omit<ExecutionEntity, 'status'>> & { readonly status: Status };
export type NewExecution = Omit<Execution, 'endedAt' | 'failureMessage' | 'interruptId' | 'interruptedAt' | 'interruptedBy' | 'isStarted' | 'accountId' | 'orgId' | 'projectId'>;

export interface ExecutionFilter {
  readonly pipelineIdentifier?: string | undefined;
  readonly statuses?: readonly string[] | undefined;
  readonly searchTerm?: string | undefined;
  readonly pipelineName?: string | undefined;
  /** Only those a user started. */
  readonly callerId?: string | undefined;
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

/** The last week of a pipeline, for its summary: counts per day, oldest first, and the newest run. */
export interface RecentRuns {
  readonly deployments: number[];
  readonly errors: number[];
  readonly last: { readonly planExecutionId: string; readonly status: string; readonly createdAt: number } | null;
}

const DAY_MS = 86_400_000;

/** Executions as people read them. Writes while they run are {@link ExecutionRecord}'s. */
@Injectable()
export class ExecutionRepository {
  constructor(@Inject(DataSource) private readonly dataSource: DataSource) {}

  async insert(manager: EntityManager, scope: ProjectScope, execution: NewExecution, states: ReadonlyMap<string, NodeState>): Promise<void> {
    const { plan, caller, takenOver, inputSetIds, ...rest } = execution;
    await manager.getRepository(ExecutionEntity).insert({ ...projectColumns(scope), ...rest, plan: plan as never, caller: caller as never, takenOver: [...takenOver], inputSetIds: [...inputSetIds] });
    await manager.query(
      `INSERT INTO execution_nodes (plan_execution_id, node_id, status, state) SELECT $1, v.node_id, v.status, v.state::jsonb FROM unnest($2::text[], $3::text[], $4::text[]) AS v(node_id, status, state)`,
      [execution.planExecutionId, [...states.keys()], [...states.values()].map((state) => state.status), [...states.values()].map((state) => JSON.stringify(state))],
    );
  }

  async markStarted(planExecutionId: string): Promise<void> {
    await this.dataSource.getRepository(ExecutionEntity).update({ planExecutionId }, { isStarted: true });
  }

  async find(scope: ProjectScope, planExecutionId: string): Promise<Execution | undefined> {
    const row = await this.dataSource.getRepository(ExecutionEntity).findOneBy({ ...projectColumns(scope), planExecutionId });
    return row ? (row as Execution) : undefined;
  }

  /** Marks an execution as interrupted, once. @returns the interrupt that is in force, or undefined when the execution has ended */
  async interrupt(scope: ProjectScope, planExecutionId: string, interrupt: { readonly id: string; readonly at: number; readonly by: string }): Promise<string | undefined> {
    await this.dataSource.query(
      `UPDATE executions SET interrupt_id = $5, interrupted_at = $6, interrupted_by = $7, status = 'Discontinuing'
       WHERE account_id = $1 AND org_id = $2 AND project_id = $3 AND plan_execution_id = $4 AND ended_at IS NULL AND interrupt_id IS NULL`,
      [scope.accountId, scope.orgId, scope.projectId, planExecutionId, interrupt.id, interrupt.at, interrupt.by],
    );
    const execution = await this.find(scope, planExecutionId);
    return execution?.interruptId ?? undefined;
  }

  async list(scope: ProjectScope, filter: ExecutionFilter, page: number, size: number): Promise<{ rows: Execution[]; total: number }> {
    const query = this.dataSource.getRepository(ExecutionEntity).createQueryBuilder('e').where({ ...projectColumns(scope) });
    if (filter.pipelineIdentifier) query.andWhere('e.pipelineIdentifier = :pipeline', { pipeline: filter.pipelineIdentifier });
    if (filter.statuses && filter.statuses.length > 0) query.andWhere('e.status IN (:...statuses)', { statuses: filter.statuses });
    if (filter.searchTerm) query.andWhere('(e.name ILIKE :term OR e.pipelineIdentifier ILIKE :term OR e.planExecutionId = :exact)', { term: containing(filter.searchTerm), exact: filter.searchTerm });
    if (filter.pipelineName) query.andWhere('e.name ILIKE :name', { name: containing(filter.pipelineName) });
    if (filter.callerId) query.andWhere(`e.caller #>> '{principal,id}' = :callerId`, { callerId: filter.callerId });
    if (filter.from !== undefined) query.andWhere('e.createdAt >= :from', { from: filter.from });
    if (filter.to !== undefined) query.andWhere('e.createdAt <= :to', { to: filter.to });
    const [rows, total] = await query.orderBy('e.createdAt', 'DESC').addOrderBy('e.planExecutionId', 'DESC').skip(page * size).take(size).getManyAndCount();
    return { rows: rows as Execution[], total };
  }

  /** Node states by execution, of the given nodes only (node ids are unique across executions), or of all. */
  async states(planExecutionIds: readonly string[], nodeIds?: readonly string[]): Promise<ReadonlyMap<string, Record<string, NodeState>>> {
    const rows = await this.dataSource.query<{ plan_execution_id: string; node_id: string; state: NodeState }[]>(
      `SELECT plan_execution_id, node_id, state FROM execution_nodes WHERE plan_execution_id = ANY($1)${nodeIds ? ' AND node_id = ANY($2)' : ''}`,
      nodeIds ? [planExecutionIds, nodeIds] : [planExecutionIds],
    );
    const states = new Map<string, Record<string, NodeState>>(planExecutionIds.map((id) => [id, {}]));
    for (const row of rows) (states.get(row.plan_execution_id) ?? {})[row.node_id] = row.state;
    return states;
  }

  /** @param now end of the week that is counted */
  async recentRuns(scope: ProjectScope, pipelineIdentifiers: readonly string[], now: number): Promise<ReadonlyMap<string, RecentRuns>> {
    const key = [scope.accountId, scope.orgId, scope.projectId, pipelineIdentifiers];
    const days = await this.dataSource.query<{ pipeline_identifier: string; day: number; runs: number; errors: number }[]>(
      `SELECT pipeline_identifier, floor(($6::bigint - created_at) / ${DAY_MS})::int AS day, count(*)::int AS runs, count(*) FILTER (WHERE status IN ('Failed', 'Errored', 'Expired'))::int AS errors
       FROM executions WHERE account_id = $1 AND org_id = $2 AND project_id = $3 AND pipeline_identifier = ANY($4) AND created_at > $5 GROUP BY 1, 2`,
      [...key, now - 7 * DAY_MS, now],
    );
    const last = await this.dataSource.query<{ pipeline_identifier: string; plan_execution_id: string; status: string; created_at: string }[]>(
      `SELECT p.id AS pipeline_identifier, e.plan_execution_id, e.status, e.created_at FROM unnest($4::text[]) AS p(id)
       CROSS JOIN LATERAL (SELECT plan_execution_id, status, created_at FROM executions WHERE account_id = $1 AND org_id = $2 AND project_id = $3 AND pipeline_identifier = p.id ORDER BY created_at DESC LIMIT 1) e`,
      key,
    );
    return new Map(pipelineIdentifiers.map((identifier) => {
      const counts = days.filter((row) => row.pipeline_identifier === identifier && row.day >= 0 && row.day < 7);
      const perDay = (pick: (row: { runs: number; errors: number }) => number): number[] => Array.from({ length: 7 }, (_, index) => counts.filter((row) => row.day === 6 - index).reduce((sum, row) => sum + pick(row), 0));
      const newest = last.find((row) => row.pipeline_identifier === identifier);
      return [identifier, { deployments: perDay((row) => row.runs), errors: perDay((row) => row.errors), last: newest ? { planExecutionId: newest.plan_execution_id, status: newest.status, createdAt: Number(newest.created_at) } : null }];
    }));
  }
}

