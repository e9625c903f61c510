import type { DeploymentStatus, MigrationStateIn } from '@sluice/dbdevops-api';
import type { ProjectScope } from '@sluice/kernel';
import type { EntityManager } from 'typeorm';
import { containing } from '@sluice/persistence';

export interface StatePage {
  /** 0-based. */
  readonly page: number;
  readonly limit: number;
  readonly search_term?: string | undefined;
}

/** An instance as one column of a schema's state. */
export interface StateColumn {
  readonly id: string;
  readonly identifier: string;
  readonly name: string;
  /** Since when it is not known what the instance's database holds, in milliseconds since the epoch; null while that is known. */
  readonly unknownSince: number | null;
}

/** State of one changeset on one instance. */
export interface StateCell {
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
  /** By instance id; instances without a cell have not got the changeset. */
  readonly cells: ReadonlyMap<string, StateCell>;
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
/** Part a text of one cell, and cells from each other. */
const [UNIT, RECORD] = ['\u001f', '\u001e'] as const;
/** A changeset counts as the schema's while any instance knows it. */
const MATCHING = `c.schema_id = $4 AND c.${IN_PROJECT.replaceAll(' AND ', ' AND c.')}
  AND ($5::text IS NULL OR c.change_id ILIKE $5 OR c.author ILIKE $5 OR c.file ILIKE $5)`;
const KNOWN = 'EXISTS (SELECT 1 FROM changeset_deployments k WHERE k.changeset_id = c.id)';

/** Reads of migration state. Pages by changeset; the cells of a page are gathered in the database. */
export class MigrationStateRepository {
  constructor(private readonly manager: EntityManager) {}

  /** The instances to show, in the order asked for, and how many there are. Named ones are looked for by identifier. */
  async instances(
    scope: ProjectScope,
    schemaId: string,
    filter: InstanceFilter,
    { offset, limit }: { readonly offset: number; readonly limit: number },
  ): Promise<{ items: StateColumn[]; total: number }> {
    const direction = filter?.order === 'DESC' ? 'DESC' : 'ASC';
    const source = `FROM db_instances WHERE schema_id = $4 AND ${IN_PROJECT} AND ($5::text[] IS NULL OR identifier = ANY($5))`;
    const values = [scope.accountId, scope.orgId, scope.projectId, schemaId, filter?.instances ?? null];
    const [count] = await this.manager.query<{ total: number }[]>(`SELECT count(*)::int AS total ${source}`, values);
    const items = await this.manager.query<StateColumn[]>(
      `SELECT id, identifier, name, unknown_since::float8 AS "unknownSince" ${source} ORDER BY ${SORT_COLUMN[filter?.sort ?? 'identifier']} ${direction}, id LIMIT $6 OFFSET $7`,
      [...values, limit, offset],
    );
    return { items, total: count?.total ?? 0 };
  }

  /** The first of the given identifiers that no instance of the schema has. */
  async firstUnknown(
    scope: ProjectScope,
    schemaId: string,
    identifiers: readonly string[],
  ): Promise<string | undefined> {
    const [row] = await this.manager.query<{ identifier: string }[]>(
      `SELECT n.identifier FROM unnest($5::text[]) WITH ORDINALITY AS n(identifier, place)
       WHERE NOT EXISTS (SELECT 1 FROM db_instances i WHERE i.schema_id = $4 AND i.identifier = n.identifier AND i.${IN_PROJECT.replaceAll(' AND ', ' AND i.')})
       ORDER BY n.place LIMIT 1`,
      [scope.accountId, scope.orgId, scope.projectId, schemaId, identifiers],
    );
    return row?.identifier;
  }

  /** One page of changesets, newest first, each with its state on the given instances; `isSynced` and `updatedAt` are about all instances of the schema. */
  async acrossInstances(
    scope: ProjectScope,
    schemaId: string,
    instanceIds: readonly string[],
    request: StatePage,
  ): Promise<{ items: ChangesetAcrossInstances[]; total: number }> {
    const values = [
      scope.accountId,
      scope.orgId,
      scope.projectId,
      schemaId,
      request.search_term ? containing(request.search_term) : null,
    ];
    const [count] = await this.manager.query<{ total: number }[]>(
      `SELECT count(*)::int AS total FROM changesets c WHERE ${MATCHING} AND ${KNOWN}`,
      values,
    );
    const page = await this.manager.query<ChangesetKey[]>(
      `SELECT c.id::text AS key, c.fqn, c.change_id AS id, c.author, c.file FROM changesets c WHERE ${MATCHING} AND ${KNOWN} ORDER BY c.id DESC LIMIT $6 OFFSET $7`,
      [...values, request.limit, request.page * request.limit],
    );
    const keys = page.map(({ key }) => key);
    const states = await this.states(keys, schemaId, instanceIds);
    const items = page.map(({ key, ...changeset }) => ({ ...changeset, ...(states.get(key) ?? NO_STATE) }));
    return { items, total: count?.total ?? 0 };
  }

  /** Cells travel as text, one row per changeset: rows or JSON of their own cost the driver several times as much. Read from the index alone. */
  private async states(
    keys: readonly string[],
    schemaId: string,
    instanceIds: readonly string[],
  ): Promise<ReadonlyMap<string, ChangesetStates>> {
    if (keys.length === 0) return new Map();
    const rows = await this.manager.query<
      { key: string; updatedAt: number | null; isSynced: boolean; cells: string | null }[]
    >(
      `SELECT k.key::text AS key, s.updated_at::float8 AS "updatedAt", s.deployed = (SELECT count(*) FROM db_instances WHERE schema_id = $3) AS "isSynced", s.cells
       FROM unnest($1::bigint[]) AS k(key), LATERAL (
         SELECT max(d.updated_at) AS updated_at, count(*) FILTER (WHERE d.status = 'Successfully_Deployed') AS deployed,
                string_agg(concat_ws(chr(31), d.instance_id, d.status, d.updated_at, d.pipeline, d.plan_execution_id, d.stage_execution_id), chr(30))
                  FILTER (WHERE d.instance_id = ANY($2::uuid[])) AS cells
         FROM changeset_deployments d WHERE d.changeset_id = k.key) AS s`,
      [keys, instanceIds, schemaId],
    );
    const states = new Map(
      rows.map(({ key, updatedAt, isSynced, cells }) => [
        key,
        { isSynced, updatedAt: updatedAt ?? 0, cells: cellsOf(cells) },
      ]),
    );
    await this.addRemarks(states, instanceIds);
    return states;
  }

  /** Tags and errors, which few cells have and which are too long for an index. */
  private async addRemarks(
    states: ReadonlyMap<string, ChangesetStates>,
    instanceIds: readonly string[],
  ): Promise<void> {
    const rows = await this.manager.query<
      { key: string; instance: string; tag: string | null; error: string | null }[]
    >(
      `SELECT d.changeset_id::text AS key, d.instance_id AS instance, d.tag, d.error FROM changeset_deployments d
       WHERE d.changeset_id = ANY($1::bigint[]) AND (d.tag IS NOT NULL OR d.error IS NOT NULL) AND d.instance_id = ANY($2::uuid[])`,
      [[...states.keys()], instanceIds],
    );
    for (const { key, instance, tag, error } of rows) {
      const cells = states.get(key)?.cells;
      const cell = cells?.get(instance);
      if (cell) cells?.set(instance, { ...cell, tag: tag ?? '', error: error ?? '' });
    }
  }

  /** One page of the changesets an instance knows, newest first. */
  async onInstance(
    scope: ProjectScope,
    schemaId: string,
    instanceId: string,
    request: StatePage,
  ): Promise<{ items: ChangesetOnInstance[]; total: number }> {
    const values = [
      scope.accountId,
      scope.orgId,
      scope.projectId,
      schemaId,
      request.search_term ? containing(request.search_term) : null,
      instanceId,
    ];
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
       WHERE d.${IN_PROJECT.replaceAll(' AND ', ' AND d.')} AND d.instance_id = $4 AND c.fqn = $5`,
      [scope.accountId, scope.orgId, scope.projectId, instanceId, fqn],
    );
    return rows.length > 0;
  }
}

interface ChangesetStates {
  readonly isSynced: boolean;
  readonly updatedAt: number;
  readonly cells: Map<string, StateCell>;
}
const NO_STATE: ChangesetStates = { isSynced: false, updatedAt: 0, cells: new Map() };

function cellsOf(text: string | null): Map<string, StateCell> {
  return new Map(
    (text ?? '')
      .split(RECORD)
      .filter((record) => record !== '')
      .map(cellOf),
  );
}

function cellOf(text: string): [instance: string, cell: StateCell] {
  const [instance = '', status, updatedAt, pipeline = '', planExecutionId = '', stageExecutionId = ''] =
    text.split(UNIT);
  return [
    instance,
    {
      status: status as DeploymentStatus,
      updatedAt: Number(updatedAt),
      pipeline,
      planExecutionId,
      stageExecutionId,
      tag: '',
      error: '',
    },
  ];
}
