import type { Command, DeployedStateOutput } from '@sluice/dbdevops-api';
import type { ProjectScope } from '@sluice/kernel';
import type { EntityManager } from 'typeorm';

/** The steps of one command in one stage execution. */
export interface ExecutionPlace {
  readonly pipeline: string;
  readonly planExecutionId: string;
  readonly stageExecutionId: string;
  readonly command: 'Update' | 'Rollback';
  /** Milliseconds since the epoch; what ended earlier is not the execution's own. */
  readonly since: number;
}

export interface DeployedChangeset {
  readonly status: DeployedStateOutput['status'];
  readonly fqn: string;
  readonly id: string;
  readonly author: string;
  readonly file: string;
  readonly command: Command;
  readonly pipeline: string;
  readonly planExecutionId: string;
  readonly stageExecutionId: string;
  readonly isOwn: boolean;
  /** Milliseconds since the epoch. */
  readonly at: number | null;
  readonly tag: string | null;
  readonly label: string | null;
  readonly comment: string | null;
}

/**
 * `own`: what the execution did, its last word on each changeset. `others`: what was in the database before it ended. An execution that has not
 * reported yet has no own rows.
 */
const STATE = `
  WITH runs AS (
    SELECT id, ended_at FROM step_reports
    WHERE account_id = $1 AND org_id = $2 AND project_id = $3 AND instance_id = $4 AND pipeline = $5 AND plan_execution_id = $6
      AND stage_execution_id = $7 AND command = $8
  ), own AS (
    SELECT DISTINCT ON (e.changeset_id) e.changeset_id, e.status, $8::text AS command, $5::text AS pipeline, $6::text AS plan_execution_id,
           $7::text AS stage_execution_id, true AS is_own, e.ended_at AS at, e.tag, e.label, e.comment
    FROM runs JOIN execution_changesets e ON e.step_report_id = runs.id
    WHERE e.ended_at >= $9::bigint
    ORDER BY e.changeset_id, e.ended_at DESC
  ), others AS (
    SELECT d.changeset_id, 'SUCCESS' AS status, 'Update' AS command, d.pipeline, d.plan_execution_id, d.stage_execution_id, false AS is_own,
           d.deployed_at AS at, d.tag, d.label, d.comment
    FROM changeset_deployments d
    WHERE d.account_id = $1 AND d.org_id = $2 AND d.project_id = $3 AND d.instance_id = $4 AND d.status = 'Successfully_Deployed'
      AND d.deployed_at <= coalesce((SELECT max(ended_at) FROM runs), d.deployed_at) AND d.changeset_id NOT IN (SELECT changeset_id FROM own)
  ), state AS (SELECT * FROM own UNION ALL SELECT * FROM others)`;

export class DeployedStateRepository {
  constructor(private readonly manager: EntityManager) {}

  /** One page: the execution's own changesets first, then the others, newest first. */
  async page(
    scope: ProjectScope,
    instanceId: string,
    place: ExecutionPlace,
    page: number,
    limit: number,
  ): Promise<{ items: DeployedChangeset[]; total: number }> {
    const values = [
      scope.accountId,
      scope.orgId,
      scope.projectId,
      instanceId,
      place.pipeline,
      place.planExecutionId,
      place.stageExecutionId,
      place.command,
      place.since,
    ];
    const [count] = await this.manager.query<{ total: number }[]>(
      `${STATE} SELECT count(*)::int AS total FROM state`,
      values,
    );
    const items = await this.manager.query<DeployedChangeset[]>(
      `${STATE}
       SELECT s.status, c.fqn, c.change_id AS id, c.author, c.file, s.command, s.pipeline, s.plan_execution_id AS "planExecutionId",
              s.stage_execution_id AS "stageExecutionId", s.is_own AS "isOwn", s.at::float8 AS at, s.tag, s.label, s.comment
       FROM state s JOIN changesets c ON c.id = s.changeset_id
       ORDER BY s.is_own DESC, s.at DESC, c.id DESC LIMIT $10 OFFSET $11`,
      [...values, limit, page * limit],
    );
    return { items, total: count?.total ?? 0 };
  }
}
