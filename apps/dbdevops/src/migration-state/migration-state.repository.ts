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

/** State of one changeset on one instance. */
export interface StateCell {
  /** Index of the instance in the list that was asked for. */
  readonly place: number;
  readonly status: DeploymentStatus;
  /** Milliseconds since the epoch. */
  readonly updatedAt: number;
  readonly pipeline: string;
  readonly planExecutionId: string;
  readonly stageExecutionId: string;
  readonly tag: string;
  readonly error: string;
}

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

interface ChangesetKey {
  readonly key: string;
  readonly fqn: string;
  readonly id: string;
  readonly author: string;
  readonly file: string;
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
    const page = await this.manager.query<ChangesetKey[]>(
      `SELECT c.id::text AS key, c.fqn, c.change_id AS id, c.author, c.file FROM changesets c WHERE ${MATCHING} AND ${KNOWN} ORDER BY c.id DESC LIMIT $6 OFFSET $7`,
      [...values, request.limit, request.page * request.limit],
    );
    const keys = page.map(({ key }) => key);
    const [cells, summaries] = [await this.cells(keys, instanceIds), await this.summaries(keys, schemaId)];
    const items = page.map(({ key, ...changeset }) => ({ ...changeset, isSynced: false, updatedAt: 0, ...summaries.get(key), cells: cells.get(key) ?? [] }));
    return { items, total: count?.total ?? 0 };
  }

  /** Cells travel as text, one row per changeset: rows or JSON of their own cost the driver several times as much. */
  private async cells(keys: readonly string[], instanceIds: readonly string[]): Promise<ReadonlyMap<string, StateCell[]>> {
    const rows = await this.manager.query<{ key: string; cells: string }[]>(
      `SELECT d.changeset_id::text AS key,
              string_agg(concat_ws(chr(31), i.place - 1, d.status, d.updated_at, d.pipeline, d.plan_execution_id, d.stage_execution_id, coalesce(d.tag, ''),
                                   translate(coalesce(d.error, ''), chr(30) || chr(31), '')), chr(30)) AS cells
       FROM changeset_deployments d JOIN unnest($2::uuid[]) WITH ORDINALITY AS i(id, place) ON i.id = d.instance_id
       WHERE d.changeset_id = ANY($1::bigint[]) GROUP BY d.changeset_id`,
      [keys, instanceIds],
    );
    return new Map(rows.map((row) => [row.key, row.cells.split('\u001e').map(cellOf)]));
  }

  private async summaries(keys: readonly string[], schemaId: string): Promise<ReadonlyMap<string, { isSynced: boolean; updatedAt: number }>> {
    const rows = await this.manager.query<{ key: string; isSynced: boolean; updatedAt: number }[]>(
      `SELECT d.changeset_id::text AS key, max(d.updated_at)::float8 AS "updatedAt",
              count(*) FILTER (WHERE d.status = 'Successfully_Deployed') = (SELECT count(*) FROM db_instances WHERE schema_id = $2) AS "isSynced"
       FROM changeset_deployments d WHERE d.changeset_id = ANY($1::bigint[]) GROUP BY d.changeset_id`,
      [keys, schemaId],
    );
    return new Map(rows.map(({ key, ...summary }) => [key, summary]));
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

function cellOf(text: string): StateCell {
  const [place, status, updatedAt, pipeline = '', planExecutionId = '', stageExecutionId = '', tag = '', error = ''] = text.split('\u001f');
  return { place: Number(place), status: status as DeploymentStatus, updatedAt: Number(updatedAt), pipeline, planExecutionId, stageExecutionId, tag, error };
}
