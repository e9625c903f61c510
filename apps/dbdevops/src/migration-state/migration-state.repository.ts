import type { DeploymentStatus, MigrationStateIn } from '@sluice/dbdevops-api';
import type { ProjectScope } from '@sluice/kernel';
import type { EntityManager } from 'typeorm';
import { containing } from '../database/list.js';

export interface StatePage {
  /** 0-based. */
  readonly page: number;
  readonly limit: number;
  readonly search_term?: string | undefined;
}

/** State of one changeset on one instance, as short as it can travel: the place of the instance in the list, then its columns. */
export type StateCell = readonly [
  place: number, status: DeploymentStatus, updatedSeconds: number | null, error: string | null, pipeline: string, planExecutionId: string, stageExecutionId: string, tag: string | null,
];

export interface ChangesetAcrossInstances {
  readonly fqn: string;
  readonly id: string;
  readonly author: string;
  readonly file: string;
  readonly isSynced: boolean;
  /** Milliseconds since the epoch. */
  readonly updatedAt: number;
  /** In no order; instances without a cell have not got the changeset. */
  readonly cells: readonly StateCell[];
}

export interface ChangesetOnInstance {
  readonly fqn: string;
  readonly id: string;
  readonly author: string;
  readonly file: string;
  readonly status: DeploymentStatus;
  readonly deployedAt: number | null;
  readonly pipeline: string;
  readonly planExecutionId: string;
  readonly stageExecutionId: string;
  readonly tag: string | null;
  readonly label: string | null;
  readonly comment: string | null;
}

type InstanceFilter = MigrationStateIn['instanceFilter'];

const SORT_COLUMN = { name: 'name', updated: 'updated_at', created: 'created_at', identifier: 'identifier' } as const;
const IN_PROJECT = 'account_id = $1 AND org_id = $2 AND project_id = $3';
/** A changeset counts as the schema's while any instance knows it. */
const MATCHING = `c.schema_id = $4 AND c.${IN_PROJECT.replaceAll(' AND ', ' AND c.')}
  AND ($5::text IS NULL OR c.change_id ILIKE $5 OR c.author ILIKE $5 OR c.file ILIKE $5)`;
const KNOWN = 'EXISTS (SELECT 1 FROM changeset_deployments k WHERE k.changeset_id = c.id)';

/** Reads of migration state. Pages by changeset; the cells of a page are gathered in the database. */
export class MigrationStateRepository {
  constructor(private readonly manager: EntityManager) {}

  /** The instances to show, in the order asked for. */
  async instances(scope: ProjectScope, schemaId: string, filter: InstanceFilter): Promise<{ id: string; identifier: string; name: string }[]> {
    const direction = filter?.order === 'DESC' ? 'DESC' : 'ASC';
    return this.manager.query(
      `SELECT id, identifier, name FROM db_instances WHERE schema_id = $4 AND ${IN_PROJECT} AND ($5::text[] IS NULL OR identifier = ANY($5))
       ORDER BY ${SORT_COLUMN[filter?.sort ?? 'identifier']} ${direction}, id`,
      [scope.accountId, scope.orgId, scope.projectId, schemaId, filter?.instances ?? null],
    );
  }

  /** One page of changesets, newest first, each with its state on the given instances. */
  async acrossInstances(scope: ProjectScope, schemaId: string, instanceIds: readonly string[], request: StatePage): Promise<{ items: ChangesetAcrossInstances[]; total: number }> {
    const values = [scope.accountId, scope.orgId, scope.projectId, schemaId, containing(request.search_term) ?? null];
    const [count] = await this.manager.query<{ total: number }[]>(`SELECT count(*)::int AS total FROM changesets c WHERE ${MATCHING} AND ${KNOWN}`, values);
    const items = await this.manager.query<ChangesetAcrossInstances[]>(
      `WITH page AS MATERIALIZED (
         SELECT c.id, c.fqn, c.change_id, c.author, c.file FROM changesets c WHERE ${MATCHING} AND ${KNOWN} ORDER BY c.id DESC LIMIT $7 OFFSET $8
       ), total AS (
         SELECT count(*) AS instances FROM db_instances WHERE schema_id = $4
       )
       SELECT p.fqn, p.change_id AS id, p.author, p.file, s.deployed = total.instances AS "isSynced", s.updated_at::float8 AS "updatedAt", s.cells
       FROM page p CROSS JOIN total CROSS JOIN LATERAL (
         SELECT count(*) FILTER (WHERE d.status = 'Successfully_Deployed') AS deployed, max(d.updated_at) AS updated_at,
                coalesce(json_agg(json_build_array(i.place - 1, d.status, d.updated_at / 1000, d.error, d.pipeline, d.plan_execution_id, d.stage_execution_id, d.tag))
                         FILTER (WHERE i.place IS NOT NULL), '[]'::json) AS cells
         FROM changeset_deployments d LEFT JOIN unnest($6::uuid[]) WITH ORDINALITY AS i(id, place) ON i.id = d.instance_id
         WHERE d.changeset_id = p.id
       ) s
       ORDER BY p.id DESC`,
      [...values, instanceIds, request.limit, request.page * request.limit],
    );
    return { items, total: count?.total ?? 0 };
  }

  /** One page of the changesets an instance knows, newest first. */
  async onInstance(scope: ProjectScope, schemaId: string, instanceId: string, request: StatePage): Promise<{ items: ChangesetOnInstance[]; total: number }> {
    const values = [scope.accountId, scope.orgId, scope.projectId, schemaId, containing(request.search_term) ?? null, instanceId];
    const source = `FROM changesets c JOIN changeset_deployments d ON d.changeset_id = c.id AND d.instance_id = $6 WHERE ${MATCHING}`;
    const [count] = await this.manager.query<{ total: number }[]>(`SELECT count(*)::int AS total ${source}`, values);
    const items = await this.manager.query<ChangesetOnInstance[]>(
      `SELECT c.fqn, c.change_id AS id, c.author, c.file, d.status, d.deployed_at::float8 AS "deployedAt", d.pipeline, d.plan_execution_id AS "planExecutionId",
              d.stage_execution_id AS "stageExecutionId", d.tag, d.label, d.comment
       ${source} ORDER BY c.id DESC LIMIT $7 OFFSET $8`,
      [...values, request.limit, request.page * request.limit],
    );
    return { items, total: count?.total ?? 0 };
  }

  /** Which of the given changeset ids the schema knows, whatever their file or author. */
  async knownIds(scope: ProjectScope, schemaId: string, ids: readonly string[]): Promise<ReadonlySet<string>> {
    const rows = await this.manager.query<{ id: string }[]>(
      `SELECT DISTINCT c.change_id AS id FROM changesets c WHERE ${MATCHING} AND c.change_id = ANY($6::text[]) AND ${KNOWN}`,
      [scope.accountId, scope.orgId, scope.projectId, schemaId, null, ids],
    );
    return new Set(rows.map((row) => row.id));
  }

  /** Does the instance know a changeset of this FQN? */
  async knows(scope: ProjectScope, instanceId: string, fqn: string): Promise<boolean> {
    const rows = await this.manager.query<unknown[]>(
      `SELECT 1 FROM changesets c JOIN changeset_deployments d ON d.changeset_id = c.id
       WHERE d.${IN_PROJECT.replaceAll(' AND ', ' AND d.')} AND d.instance_id = $4 AND c.fqn_key = md5($5)::uuid`,
      [scope.accountId, scope.orgId, scope.projectId, instanceId, fqn],
    );
    return rows.length > 0;
  }
}
