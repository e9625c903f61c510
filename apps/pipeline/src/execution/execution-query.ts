import type { ProjectScope } from '@sluice/kernel';
import type { DataSource } from 'typeorm';
import { containing } from '@sluice/persistence';
import { filingTerms, type FiledUnder } from './filed-under.js';
import { tagsWanted, type Sort, type TagFilter } from '../database/list-query.js';

export interface ExecutionFilter {
  readonly pipelineIdentifier?: string | undefined;
  readonly statuses?: readonly string[] | undefined;
  readonly searchTerm?: string | undefined;
  readonly pipelineName?: string | undefined;
  /** Only those a user started. */
  readonly callerId?: string | undefined;
  readonly tags?: readonly TagFilter[] | undefined;
  /** Of each kind that names something, one must be among what the stages are filed under. */
  readonly filedUnder?: Partial<FiledUnder> | undefined;
  /** Milliseconds since the epoch, inclusive. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

/** The row behind which the next part of a list begins. */
export interface Cursor {
  readonly createdAt: number;
  readonly planExecutionId: string;
}

/** What a search looks at: the names of an execution in small letters, short enough for an index. */
export function searchTextOf({
  name,
  pipelineIdentifier,
}: {
  readonly name: string;
  readonly pipelineIdentifier: string;
}): string {
  return `${name.slice(0, 128)}\n${pipelineIdentifier.slice(0, 128)}`.toLowerCase();
}

/** Columns a list may be sorted by. */
export type ExecutionSortColumn =
  | 'created_at'
  | 'ended_at'
  | 'name'
  | 'status'
  | 'run_sequence'
  | 'pipeline_identifier';

/**
 * Ids of executions in the order of a list. Rows are read by these ids afterwards, so that neither sorting nor skipping ever touches plans
 * and YAML; without a search the order comes from an index.
 */
export class ExecutionQuery {
  private readonly parameters: unknown[];
  private readonly conditions = ['account_id = $1', 'org_id = $2', 'project_id = $3'];

  constructor(scope: ProjectScope, filter: ExecutionFilter) {
    this.parameters = [scope.accountId, scope.orgId, scope.projectId];
    const { pipelineIdentifier, statuses, searchTerm, pipelineName, callerId, from, to } = filter;
    if (pipelineIdentifier) this.add((value) => `pipeline_identifier = ${value}`, pipelineIdentifier);
    if (statuses && statuses.length > 0) this.add((value) => `status = ANY(${value})`, statuses);
    // In small letters on both sides, and from the index: what is compared for every row must be cheap.
    if (searchTerm)
      this.add(
        (value) => `(search_text LIKE ${value} OR plan_execution_id = ${this.parameter(searchTerm)})`,
        containing(searchTerm.toLowerCase()),
      );
    if (pipelineName) this.add((value) => `name ILIKE ${value}`, containing(pipelineName));
    if (callerId) this.add((value) => `caller #>> '{principal,id}' = ${value}`, callerId);
    if (from !== undefined) this.add((value) => `created_at >= ${value}`, from);
    if (to !== undefined) this.add((value) => `created_at <= ${value}`, to);
    for (const terms of Object.values(filingTerms(filter.filedUnder ?? {})))
      if (terms.length > 0) this.add((value) => `(filed_under <> '{}' AND filed_under && ${value}::text[])`, terms);
    const { keys, pairs } = tagsWanted(filter.tags ?? []);
    if (keys.length > 0) this.add((value) => `tags ?& ${value}`, keys);
    if (Object.keys(pairs).length > 0) this.add((value) => `tags @> ${value}`, JSON.stringify(pairs));
  }

  /** One page and how many there are in all. */
  async page(
    dataSource: DataSource,
    sort: readonly Sort<ExecutionSortColumn>[],
    page: number,
    size: number,
  ): Promise<{ ids: string[]; total: number }> {
    const order = sort.map(
      ({ column, direction }) => `${column} ${direction} NULLS ${direction === 'ASC' ? 'LAST' : 'FIRST'}`,
    );
    const last = sort.at(-1)?.direction ?? 'DESC';
    const [rows, [count]] = await Promise.all([
      dataSource.query<{ plan_execution_id: string }[]>(
        `SELECT plan_execution_id FROM executions WHERE ${this.where} ORDER BY ${order.join(', ')}, plan_execution_id ${last} LIMIT ${size} OFFSET ${page * size}`,
        this.parameters,
      ),
      dataSource.query<{ total: number }[]>(
        `SELECT count(*)::int AS total FROM executions WHERE ${this.where}`,
        this.parameters,
      ),
    ]);
    return { ids: rows.map((row) => row.plan_execution_id), total: count?.total ?? 0 };
  }

  /** The newest executions behind `after`. */
  async behind(dataSource: DataSource, after: Cursor | undefined, size: number): Promise<string[]> {
    if (after) {
      const [at, id] = [this.parameter(after.createdAt), this.parameter(after.planExecutionId)];
      this.conditions.push(`created_at <= ${at}`, `(created_at, plan_execution_id) < (${at}::bigint, ${id}::text)`);
    }
    const rows = await dataSource.query<{ plan_execution_id: string }[]>(
      `SELECT plan_execution_id FROM executions WHERE ${this.where} ORDER BY created_at DESC, plan_execution_id DESC LIMIT ${size}`,
      this.parameters,
    );
    return rows.map((row) => row.plan_execution_id);
  }

  private get where(): string {
    return this.conditions.join(' AND ');
  }

  private add(condition: (placeholder: string) => string, value: unknown): void {
    this.conditions.push(condition(this.parameter(value)));
  }

  private parameter(value: unknown): string {
    this.parameters.push(value);
    return `$${this.parameters.length}`;
  }
}
