import type { ProjectScope } from '@sluice/kernel';
import type { CallIdentity } from '@sluice/service-identity';
import type { DataSource } from 'typeorm';

interface RecentRun {
  readonly planExecutionId: string;
  readonly status: string;
  readonly runSequence: number;
  readonly caller: CallIdentity;
  readonly createdAt: number;
  readonly endedAt: number | null;
}

/** The last week of a pipeline: counts per day, oldest first, and its newest runs, newest first, from whatever time. */
export interface RecentRuns {
  readonly deployments: number[];
  readonly errors: number[];
  readonly newest: readonly RecentRun[];
}

const DAY_MS = 86_400_000;
const DAYS = 7;

interface DayRow {
  readonly pipeline_identifier: string;
  readonly day: number;
  readonly runs: number;
  readonly errors: number;
}

interface RunRow {
  readonly pipeline_identifier: string;
  readonly plan_execution_id: string;
  readonly status: string;
  readonly run_sequence: number;
  readonly caller: CallIdentity;
  readonly created_at: string;
  readonly ended_at: string | null;
}

/** @param now end of the week that is counted @param newest how many runs of each pipeline are told of */
export async function readRecentRuns(
  dataSource: DataSource,
  scope: ProjectScope,
  pipelineIdentifiers: readonly string[],
  now: number,
  newest: number,
): Promise<ReadonlyMap<string, RecentRuns>> {
  if (pipelineIdentifiers.length === 0) return new Map();
  const key = [scope.accountId, scope.orgId, scope.projectId, pipelineIdentifiers];
  const [days, runs] = await Promise.all([
    dataSource.query<DayRow[]>(
      `SELECT pipeline_identifier, floor(($6::bigint - created_at) / ${DAY_MS})::int AS day, count(*)::int AS runs, count(*) FILTER (WHERE status IN ('Failed', 'Errored', 'Expired'))::int AS errors
       FROM executions WHERE account_id = $1 AND org_id = $2 AND project_id = $3 AND pipeline_identifier = ANY($4) AND created_at > $5 GROUP BY 1, 2`,
      [...key, now - DAYS * DAY_MS, now],
    ),
    dataSource.query<RunRow[]>(
      `SELECT p.id AS pipeline_identifier, e.plan_execution_id, e.status, e.run_sequence, e.caller, e.created_at, e.ended_at FROM unnest($4::text[]) AS p(id)
       CROSS JOIN LATERAL (SELECT plan_execution_id, status, run_sequence, caller, created_at, ended_at FROM executions
         WHERE account_id = $1 AND org_id = $2 AND project_id = $3 AND pipeline_identifier = p.id ORDER BY created_at DESC LIMIT $5) e`,
      [...key, newest],
    ),
  ]);
  const [daysOf, runsOf] = [grouped(days), grouped(runs)];
  return new Map(
    pipelineIdentifiers.map((identifier) => [
      identifier,
      { ...week(daysOf.get(identifier) ?? []), newest: (runsOf.get(identifier) ?? []).map(toRun) },
    ]),
  );
}

/** Rows by pipeline, in their order: a list asks for a thousand pipelines at once. */
function grouped<Row extends { readonly pipeline_identifier: string }>(
  rows: readonly Row[],
): ReadonlyMap<string, readonly Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const group = groups.get(row.pipeline_identifier);
    if (group) group.push(row);
    else groups.set(row.pipeline_identifier, [row]);
  }
  return groups;
}

function week(rows: readonly DayRow[]): Pick<RecentRuns, 'deployments' | 'errors'> {
  const perDay = (pick: (row: DayRow) => number): number[] =>
    Array.from({ length: DAYS }, (_, index) =>
      rows.filter(({ day }) => day === DAYS - 1 - index).reduce((sum, row) => sum + pick(row), 0),
    );
  return { deployments: perDay(({ runs }) => runs), errors: perDay(({ errors }) => errors) };
}

function toRun(row: RunRow): RecentRun {
  return {
    planExecutionId: row.plan_execution_id,
    status: row.status,
    runSequence: row.run_sequence,
    caller: row.caller,
    createdAt: Number(row.created_at),
    endedAt: row.ended_at === null ? null : Number(row.ended_at),
  };
}
