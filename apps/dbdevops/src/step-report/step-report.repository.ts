import type { ProjectScope } from '@sluice/kernel';
import type { EntityManager } from 'typeorm';
import {
  fqnOf,
  keyOf,
  type ChangesetName,
  type ChangesetState,
  type InstanceChange,
  type StepReport,
} from './changeset-state.js';

/** Which instance a report is about. */
export interface ReportedInstance {
  readonly scope: ProjectScope;
  readonly schemaId: string;
  readonly instanceId: string;
}

export interface EarlierRuns {
  readonly hasRun: boolean;
  readonly hasDeployed: boolean;
  readonly deployed: readonly string[];
  readonly preStartTag: string | null;
}

/** Changesets one statement handles: each statement ends within the time limit of statements on a slow machine, too. */
const BATCH = 2_000;

/**
 * Writes reports. Every statement handles thousands of changesets at once (`jsonb_to_recordset`), and none reads older reports, so that the cost depends on
 * the size of the changelog alone.
 */
export class StepReportRepository {
  constructor(private readonly manager: EntityManager) {}

  /** @returns the new row's id, or undefined when this step was reported before */
  async insertOnce({ scope, instanceId }: ReportedInstance, report: StepReport): Promise<string | undefined> {
    const { result } = report;
    const [row] = await this.manager.query<{ id: string }[]>(
      `INSERT INTO step_reports (account_id, org_id, project_id, instance_id, step_execution_id, is_late, command, pipeline, plan_execution_id,
                                 stage_execution_id, status, error, pre_start_tag, started_at, ended_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
       ON CONFLICT (account_id, step_execution_id, is_late) DO NOTHING RETURNING id::text`,
      [
        ...columnsOf(scope),
        instanceId,
        report.stepExecutionId,
        report.isLate,
        report.command,
        report.pipelineIdentifier,
        report.planExecutionId,
        report.stageExecutionId,
        result.status,
        result.error?.message ?? null,
        result.outputs['preStartTag'] ?? null,
        result.startedAt,
        result.endedAt,
      ],
    );
    return row?.id;
  }

  /** Every state known of an instance, by the key of its changeset. */
  async states({ scope, instanceId }: ReportedInstance): Promise<ReadonlyMap<string, ChangesetState>> {
    const rows = await this.manager.query<ChangesetState[]>(
      `SELECT c.change_id AS id, c.author, c.file, d.status, d.deployed_at::float8 AS "deployedAt", d.updated_at::float8 AS "updatedAt",
              d.order_executed::float8 AS "orderExecuted", d.tag, d.label, d.comment, d.error, d.pipeline, d.plan_execution_id AS "planExecutionId",
              d.stage_execution_id AS "stageExecutionId"
       FROM changeset_deployments d JOIN changesets c ON c.id = d.changeset_id
       WHERE d.instance_id = $4 AND d.account_id = $1 AND d.org_id = $2 AND d.project_id = $3`,
      [...columnsOf(scope), instanceId],
    );
    return new Map(rows.map((row) => [keyOf(row), row]));
  }

  /** Makes changesets known to the schema, in the order given. One writer per schema at a time, so that ids rise in that order. */
  async addChangesets({ scope, schemaId }: ReportedInstance, changesets: readonly ChangesetName[]): Promise<void> {
    const missing: object[] = [];
    for (const batch of batchesOf(changesets)) {
      const names = batch.map((one, place) => ({
        place,
        key: keyOf(one),
        fqn: fqnOf(one),
        file: one.file,
        change_id: one.id,
        author: one.author,
      }));
      const unknown = await this.manager.query<{ place: number }[]>(
        `SELECT n.place FROM jsonb_to_recordset($2::jsonb) AS n(place int, key text)
         WHERE NOT EXISTS (SELECT 1 FROM changesets c WHERE c.schema_id = $1 AND c.fqn_key = md5(n.key)::uuid) ORDER BY n.place`,
        [schemaId, JSON.stringify(names.map(({ place, key }) => ({ place, key })))],
      );
      missing.push(...unknown.flatMap(({ place }) => names[place] ?? []));
    }
    if (missing.length === 0) return;
    await this.manager.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [schemaId]);
    for (const batch of batchesOf(missing)) {
      await this.manager.query(
        `INSERT INTO changesets (account_id, org_id, project_id, schema_id, fqn_key, fqn, file, change_id, author)
         SELECT $1, $2, $3, $4, md5(n.key)::uuid, n.fqn, n.file, n.change_id, n.author
         FROM jsonb_to_recordset($5::jsonb) AS n(place int, key text, fqn text, file text, change_id text, author text)
         WHERE EXISTS (SELECT 1 FROM db_schemas s WHERE s.id = $4 AND s.account_id = $1 AND s.org_id = $2 AND s.project_id = $3)
         ORDER BY n.place
         ON CONFLICT (schema_id, fqn_key) DO NOTHING`,
        [...columnsOf(scope), schemaId, JSON.stringify(batch.map((name, place) => ({ ...name, place })))],
      );
    }
  }

  /** Writes the states of an instance. Their changesets must be known. */
  async saveStates(
    { scope, schemaId, instanceId }: ReportedInstance,
    states: readonly ChangesetState[],
  ): Promise<void> {
    for (const batch of batchesOf(states)) {
      await this.manager.query(
        `INSERT INTO changeset_deployments (account_id, org_id, project_id, changeset_id, instance_id, status, deployed_at, updated_at, order_executed, tag,
                                            label, comment, error, pipeline, plan_execution_id, stage_execution_id)
         SELECT $1, $2, $3, c.id, $5, n.status, n.deployed_at, n.updated_at, n.order_executed, n.tag, n.label, n.comment, n.error, n.pipeline,
                n.plan_execution_id, n.stage_execution_id
         FROM jsonb_to_recordset($6::jsonb) AS n(key text, status text, deployed_at bigint, updated_at bigint, order_executed bigint, tag text, label text,
                                                 comment text, error text, pipeline text, plan_execution_id text, stage_execution_id text)
         ${ITS_CHANGESET}
         ON CONFLICT (changeset_id, instance_id) DO UPDATE SET
           status = excluded.status, deployed_at = excluded.deployed_at, updated_at = excluded.updated_at, order_executed = excluded.order_executed,
           tag = excluded.tag, label = excluded.label, comment = excluded.comment, error = excluded.error, pipeline = excluded.pipeline,
           plan_execution_id = excluded.plan_execution_id, stage_execution_id = excluded.stage_execution_id`,
        [...columnsOf(scope), schemaId, instanceId, JSON.stringify(batch.map(stateRow))],
      );
    }
  }

  async forgetStates({ scope, schemaId, instanceId }: ReportedInstance, keys: readonly string[]): Promise<void> {
    for (const batch of batchesOf(keys)) {
      await this.manager.query(
        `DELETE FROM changeset_deployments d USING changesets c
         WHERE c.id = d.changeset_id AND c.schema_id = $4 AND c.fqn_key IN (SELECT md5(key)::uuid FROM unnest($6::text[]) AS key)
           AND d.instance_id = $5 AND d.account_id = $1 AND d.org_id = $2 AND d.project_id = $3`,
        [...columnsOf(scope), schemaId, instanceId, batch],
      );
    }
  }

  /** Records what the step itself did, for the execution's own view. Changesets it only skipped are left out. */
  async saveOutcomes({ scope, schemaId }: ReportedInstance, reportId: string, report: StepReport): Promise<void> {
    for (const batch of batchesOf(outcomeRows(report))) {
      await this.manager.query(
        `INSERT INTO execution_changesets (account_id, org_id, project_id, step_report_id, changeset_id, status, ended_at, tag, label, comment, error)
         SELECT $1, $2, $3, $5, c.id, n.status, n.ended_at, n.tag, n.label, n.comment, n.error
         FROM jsonb_to_recordset($6::jsonb) AS n(key text, status text, ended_at bigint, tag text, label text, comment text, error text)
         ${ITS_CHANGESET}`,
        [...columnsOf(scope), schemaId, reportId, JSON.stringify(batch)],
      );
    }
  }

  /** Notes on the instance when it ran last, what its history says if this report is the newest to have read it, and since when its state is not known. */
  async touchInstance(
    { scope, instanceId }: ReportedInstance,
    endedAt: number,
    history: InstanceChange['history'],
    unknownSince: number | null,
  ): Promise<void> {
    await this.manager.query(
      `UPDATE db_instances SET last_run_at = greatest(last_run_at, $5::bigint), history_at = coalesce($6::bigint, history_at),
         last_applied_tag = CASE WHEN $6::bigint IS NULL THEN last_applied_tag ELSE $7 END,
         last_changeset_tag = CASE WHEN $6::bigint IS NULL THEN last_changeset_tag ELSE $8 END,
         unknown_since = $9::bigint
       WHERE id = $4 AND account_id = $1 AND org_id = $2 AND project_id = $3`,
      [
        ...columnsOf(scope),
        instanceId,
        endedAt,
        history?.at ?? null,
        history?.lastAppliedTag ?? null,
        history?.lastChangesetTag ?? '',
        unknownSince,
      ],
    );
  }

  /** What steps of one stage did on an instance so far. */
  async earlierRuns(
    scope: ProjectScope,
    instanceId: string,
    planExecutionId: string,
    stageExecutionId: string,
  ): Promise<EarlierRuns> {
    const [row] = await this.manager.query<EarlierRuns[]>(
      `WITH runs AS (
         SELECT id, started_at, pre_start_tag FROM step_reports
         WHERE instance_id = $4 AND plan_execution_id = $5 AND stage_execution_id = $6 AND account_id = $1 AND org_id = $2 AND project_id = $3
       ), deployed AS (
         SELECT DISTINCT c.id, c.fqn FROM runs JOIN step_reports r ON r.id = runs.id AND r.command = 'Update'
         JOIN execution_changesets e ON e.step_report_id = r.id AND e.status = 'SUCCESS' JOIN changesets c ON c.id = e.changeset_id
       )
       SELECT EXISTS (SELECT 1 FROM runs) AS "hasRun", EXISTS (SELECT 1 FROM deployed) AS "hasDeployed",
              coalesce((SELECT json_agg(fqn ORDER BY id) FROM deployed), '[]'::json) AS deployed,
              (SELECT pre_start_tag FROM runs WHERE pre_start_tag IS NOT NULL ORDER BY started_at LIMIT 1) AS "preStartTag"`,
      [...columnsOf(scope), instanceId, planExecutionId, stageExecutionId],
    );
    return row ?? { hasRun: false, hasDeployed: false, deployed: [], preStartTag: null };
  }
}

/**
 * The changeset of each row `n`, found by its key. Row by row: while a report fills the table, the planner takes it for empty, and a plain join would compare
 * every row with every changeset.
 */
const ITS_CHANGESET = `CROSS JOIN LATERAL (
  SELECT id FROM changesets WHERE schema_id = $4 AND fqn_key = md5(n.key)::uuid AND account_id = $1 AND org_id = $2 AND project_id = $3 LIMIT 1) AS c`;

function batchesOf<T>(all: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(all.length / BATCH) }, (_, at) => all.slice(at * BATCH, (at + 1) * BATCH));
}

function stateRow(state: ChangesetState): object {
  return {
    key: keyOf(state),
    status: state.status,
    deployed_at: state.deployedAt,
    updated_at: state.updatedAt,
    order_executed: state.orderExecuted,
    tag: state.tag,
    label: state.label,
    comment: state.comment,
    error: state.error,
    pipeline: state.pipeline,
    plan_execution_id: state.planExecutionId,
    stage_execution_id: state.stageExecutionId,
  };
}

const EXECUTION_STATUS = {
  applied: 'SUCCESS',
  markedRan: 'SUCCESS',
  rolledBack: 'SUCCESS',
  failed: 'FAILURE',
} as const;

function outcomeRows(report: StepReport): { key: string }[] {
  const tags = new Map((report.result.history ?? []).map((row) => [keyOf(row), row.tag]));
  const rows = new Map<string, { key: string }>();
  for (const outcome of report.result.changesets) {
    if (outcome.status === 'skipped') continue;
    const key = keyOf(outcome);
    const status =
      outcome.status === 'failed' && report.result.status === 'aborted'
        ? 'CANCELLED'
        : EXECUTION_STATUS[outcome.status];
    const row = {
      key,
      status,
      ended_at: outcome.at,
      tag: outcome.tag ?? tags.get(key) ?? null,
      label: outcome.labels || null,
      comment: outcome.comment || null,
      error: outcome.error ?? null,
    };
    rows.set(key, row);
  }
  return [...rows.values()];
}

function columnsOf(scope: ProjectScope): [string, string, string] {
  return [scope.accountId, scope.orgId, scope.projectId];
}
