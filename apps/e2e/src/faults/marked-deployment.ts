import { expect } from '@jest/globals';
import { GatewayError } from '@sluice/cli';
import { pause, waitFor } from '@sluice/kernel';
import type { Stack } from '@sluice/local-stack';
import { z } from 'zod';
import { sqlChangelog } from '../harness/changelogs.js';
import { Project, applyStep, group, nodeOf, stage, type Run, type Target } from '../harness/project.js';
import { rowsOf, withClient } from '../harness/schema-dump.js';
import { CHANGESETS, type Moment } from './fault-seed.js';

/** What a changeset left in the database, and when the database did it. */
interface Mark {
  readonly n: number;
  /** Epoch milliseconds. */
  readonly at: number;
  /** Name of the session: `sluice-<step execution id>`. */
  readonly session: string;
}

type EndedRun = Omit<Run, 'lines'>;

/** A run with a fault ends within a lease, its fence and a restart; all of it many times slower. */
const END_LIMIT_MS = 300_000;
const everyChangeset = Array.from({ length: CHANGESETS }, (_, index) => index + 1);
const shownState = z.looseObject({
  stateUnknownSince: z.number().optional(),
  changeSets: z.array(z.looseObject({ changeSet: z.string(), status: z.string() })).nullish(),
});

/**
 * A deployment of ten changesets, each of which leaves one row with the time of the database, and what must hold of it whatever
 * happens: nothing is applied twice, nothing is lost, nothing is applied outside of a run, the state shown is that of the database
 * (or said to be unknown), each run ends, and the next one works without a hand.
 */
export class MarkedDeployment {
  private readonly runs: EndedRun[] = [];

  private constructor(
    readonly project: Project,
    readonly target: Target,
    private readonly pipeline: string,
  ) {}

  /** @param changesetSeconds how long the database works on each changeset */
  static async create(
    stack: Stack,
    { changesetSeconds = 0.1 }: { readonly changesetSeconds?: number } = {},
  ): Promise<MarkedDeployment> {
    const project = await Project.create(stack);
    const changesets = everyChangeset.map((n) => ({
      id: String(n),
      sql: `SELECT pg_sleep(seconds) FROM pace; INSERT INTO marks VALUES (${n}, clock_timestamp(), current_setting('application_name'));`,
    }));
    const target = await project.target({
      files: { 'changelog.sql': sqlChangelog(changesets) },
      changelog: 'changelog.sql',
    });
    // No key: a changeset that is applied twice shall be seen, not refused.
    await rowsOf(target.url, 'CREATE TABLE marks (n int, at timestamptz, session text)');
    await rowsOf(target.url, 'CREATE TABLE pace AS SELECT $1::float AS seconds', [changesetSeconds]);
    return new MarkedDeployment(
      project,
      target,
      await project.pipeline({ stages: [stage('s', [group('g', [applyStep('apply', target)])])] }),
    );
  }

  /** Starts a run. A control plane that has just come back may refuse it with 5xx for a moment; it is asked again then. */
  start(): Promise<string> {
    return waitFor(
      () =>
        this.project.start(this.pipeline).catch((cause: unknown) => {
          if (cause instanceof GatewayError && (cause.status === undefined || cause.status >= 500)) return undefined;
          throw cause;
        }),
      { timeoutMs: END_LIMIT_MS, intervalMs: 200, what: 'a run is accepted' },
    );
  }

  /** Resolves at `moment` of the run, or when the run has ended before. */
  async reach(run: string, { changesets, plusMs }: Moment): Promise<void> {
    await withClient(this.target.url, (client) =>
      this.beforeEnd(
        run,
        async () => ((await client.query('SELECT 1 FROM marks')).rowCount ?? 0) >= changesets,
        `${changesets} changesets are applied`,
      ),
    );
    await pause(plusMs);
  }

  /** Waits for a moment in the middle of a run. Answers undefined when the run ended without it. */
  async beforeEnd<T>(run: string, probe: () => Promise<T | undefined | false>, what: string): Promise<T | undefined> {
    const over = new AbortController();
    const ends = waitFor(() => this.isFinal(run), {
      timeoutMs: END_LIMIT_MS,
      intervalMs: 500,
      what: 'the run ends',
      signal: over.signal,
    }).then(
      () => undefined,
      () => undefined,
    );
    const seen = waitFor(probe, { timeoutMs: END_LIMIT_MS, intervalMs: 15, what, signal: over.signal });
    try {
      return await Promise.race([seen, ends]);
    } finally {
      over.abort(new Error('the other came first'));
      await Promise.allSettled([seen, ends]);
    }
  }

  /** Id of the step's node: its execution id, for pod and session too. Undefined until the run has it. */
  async stepOf(run: string): Promise<string | undefined> {
    const { nodes } = await this.project.read(run);
    return nodes.some(({ identifier }) => identifier === 'apply') ? nodeOf({ nodes }, 'apply').uuid : undefined;
  }

  /** Whether the whole log of the step can be read from where finished logs are kept. */
  async hasStoredLog(run: string): Promise<boolean> {
    const { gateway } = this.project;
    const key = nodeOf(await this.project.read(run), 'apply').logBaseKey ?? '';
    const response = await gateway.fetch('GET', '/log-service/blob', { query: { accountID: gateway.accountId, key } });
    return response.ok && (await response.text()).includes('changelog.sql');
  }

  /** The changelog as the control plane reads it from Git. @throws GatewayError */
  async preview(): Promise<string> {
    const { at, gateway } = this.project;
    return JSON.stringify(
      await gateway.call(
        'GET',
        `/v1/orgs/${at.org}/projects/${at.project}/dbschema/${this.target.schema}/changelog-preview`,
        { query: { ref: 'main' } },
      ),
    );
  }

  /** From the next changeset on, each takes so long. */
  async setPace(changesetSeconds: number): Promise<void> {
    await rowsOf(this.target.url, 'UPDATE pace SET seconds = $1', [changesetSeconds]);
  }

  async appliedCount(): Promise<number> {
    return (await this.marks()).length;
  }

  async isFinal(run: string): Promise<boolean> {
    return this.project.read(run).then(
      ({ endedAt }) => endedAt !== undefined,
      () => false,
    );
  }

  /** Waits for the end of a run. */
  async finished(run: string): Promise<EndedRun> {
    const ended = await this.project.ended(run, END_LIMIT_MS);
    this.runs.push(ended);
    if (ended.status !== 'Success') expect(ended.failure).not.toBe('');
    return ended;
  }

  /** Waits for the end of a run that is alone, and checks what is shown of the database then. */
  async ended(run: string): Promise<EndedRun> {
    const ended = await this.finished(run);
    const { isKnown, deployed } = await this.shown();
    const history = await this.history();
    if (isKnown)
      expect({ shownAsDeployed: deployed, after: ended.failure }).toEqual({
        shownAsDeployed: history,
        after: ended.failure,
      });
    if (ended.status === 'Success') expect(history).toEqual(everyChangeset);
    return ended;
  }

  /** Runs once more, at once and without a hand, and checks everything. */
  async expectNextRunWorks(): Promise<void> {
    const next = await this.ended(await this.start());
    expect([next.status, next.failure]).toEqual(['Success', '']);
    await this.expectTruth();
  }

  /** All changesets are applied, each once and before its run was shown as ended, and this is what is shown. */
  async expectTruth(): Promise<void> {
    const marks = await this.marks();
    expect(marks.map(({ n }) => n).sort((a, b) => a - b)).toEqual(everyChangeset);
    expect(marks.filter((mark) => !this.runs.some((run) => isWithin(mark, run)))).toEqual([]);
    expect(await this.history()).toEqual(everyChangeset);
    expect(await this.shown()).toEqual({ isKnown: true, deployed: everyChangeset });
    expect(await rowsOf(this.target.url, 'SELECT lockedby FROM databasechangeloglock WHERE locked')).toEqual([]);
  }

  /** What is shown at a time when no run of this deployment is under way. */
  private async shown(): Promise<{ readonly isKnown: boolean; readonly deployed: readonly number[] }> {
    const { schema, instance } = this.target;
    const { at, gateway } = this.project;
    const answer = await waitFor(
      () =>
        gateway
          .call(
            'GET',
            `/v1/orgs/${at.org}/projects/${at.project}/dbschema/${schema}/dbinstance/${instance}/migrationstate`,
            { query: { page: 0, limit: 100 } },
          )
          .catch(() => undefined),
      { timeoutMs: END_LIMIT_MS, intervalMs: 200, what: 'the migration state is answered' },
    );
    const { stateUnknownSince, changeSets } = shownState.parse(answer);
    const deployed = (changeSets ?? [])
      .filter(({ status }) => status === 'Successfully_Deployed')
      .map(({ changeSet }) => Number(changeSet));
    return { isKnown: stateUnknownSince === undefined, deployed: deployed.sort((a, b) => a - b) };
  }

  private async history(): Promise<readonly number[]> {
    const [found] = await rowsOf<{ found: string | null }>(
      this.target.url,
      `SELECT to_regclass('databasechangelog')::text AS found`,
    );
    if (!found?.found) return [];
    return (await rowsOf<{ id: string }>(this.target.url, 'SELECT id FROM databasechangelog ORDER BY id::int')).map(
      ({ id }) => Number(id),
    );
  }

  private async marks(): Promise<readonly Mark[]> {
    return (
      await rowsOf<{ n: number; at: Date; session: string }>(
        this.target.url,
        'SELECT n, at, session FROM marks ORDER BY at',
      )
    ).map((mark) => ({ ...mark, at: mark.at.getTime() }));
  }
}

/** Database and control plane are on one machine here, so their clocks are the same. */
function isWithin({ at, session }: Mark, { nodes, startedAt = Infinity, endedAt = -Infinity }: EndedRun): boolean {
  return nodes.some(({ uuid }) => session === `sluice-${uuid}`) && startedAt <= at && at <= endedAt;
}
