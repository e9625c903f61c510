import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { AppError, waitFor } from '@sluice/kernel';
import { stepResult, succeed, type DoubleTask } from '../testing/delegate-service-double.js';
import { World, byIdentifier, simplePipeline, statuses, type ProjectClient } from '../testing/pipeline-under-test.js';

const TIME_LIMIT_MS = 300_000;
const LOOK = { timeoutMs: 120_000 } as const;

describe('events of tasks', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.create();
    await world.startInProcess();
    // Stands for whatever a store cannot hold and nobody made storable: it answers as PostgreSQL does to an escaped NUL.
    await world.pg.query(
      'pipeline',
      `CREATE FUNCTION refuse_marked() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.report::text LIKE '%cannot be held%' THEN RAISE 'unsupported Unicode escape sequence' USING ERRCODE = '22P05'; END IF; RETURN NEW; END $$`,
    );
    await world.pg.query(
      'pipeline',
      `CREATE TRIGGER refuse_marked BEFORE UPDATE ON execution_tasks FOR EACH ROW EXECUTE FUNCTION refuse_marked()`,
    );
  }, 300_000);
  afterAll(() => world.stop());
  afterEach(() => {
    world.delegates.behaviour = succeed;
    world.delegates.deadLetters.length = 0;
    world.ngManager.state.reportRefusal = undefined;
  });

  const stepOf = (id: string): Promise<DoubleTask> =>
    waitFor(
      () =>
        [...world.delegates.tasks.values()].find(
          (task) => task.request.taskId.startsWith(id) && task.payload.kind === 'execute-step',
        ),
      { ...LOOK, what: `the step of ${id}` },
    );
  const deadLetters = (count: number) =>
    waitFor(() => world.delegates.deadLetters.length >= count && world.delegates.deadLetters, {
      ...LOOK,
      what: `${count} dead letters`,
    });
  const notesOf = (client: ProjectClient, id: string, pattern: RegExp) =>
    waitFor(
      async () => pattern.test(JSON.stringify(byIdentifier(await client.detail(id))['apply']?.progressData ?? {})),
      { ...LOOK, what: `the note ${pattern}` },
    );

  it(
    'a late result that is refused for good is tried once, noted on its step and set aside; sent again, it is reported',
    async () => {
      const client = world.project();
      world.delegates.behaviour = (task) =>
        task.payload.kind === 'execute-step' ? { outcome: 'leaseLost', reason: 'silent' } : succeed(task);
      await client.create(simplePipeline('late'));
      const id = await client.execute('late');
      await client.ended(id, LOOK.timeoutMs);
      world.ngManager.state.reportRefusal = new AppError(
        'RESOURCE_NOT_FOUND',
        'instance with id [prod] schema [orders] does not exist',
      );
      const before = world.ngManager.state.reportsRefused;
      world.delegates.end((await stepOf(id)).request.taskId, {
        outcome: 'late',
        resultJson: JSON.stringify({ kind: 'execute-step', outcome: stepResult() }),
      });
      await deadLetters(1);
      expect(world.delegates.deadLetters).toMatchObject([
        { reason: 'instance with id [prod] schema [orders] does not exist', event: { ended: { outcome: 'late' } } },
      ]);
      expect(world.ngManager.state.reportsRefused - before).toBe(1);
      await notesOf(
        client,
        id,
        /came late.*cannot be recorded: instance with id \[prod\] schema \[orders\] does not exist.*The delegate reported: succeeded/,
      );
      world.ngManager.state.reportRefusal = undefined;
      world.delegates.redrive();
      await waitFor(
        () => world.ngManager.state.reports.some((report) => report.planExecutionId === id && report.isLate),
        { ...LOOK, what: 'the report after it was sent again' },
      );
    },
    TIME_LIMIT_MS,
  );

  it(
    'a result that the store refuses ends its step as Failed with the reason and what the delegate said, and the state of the instance is reported as not known; sent again once it can be held, it is reported as a late one',
    async () => {
      const client = world.project();
      const text = 'changeset a b failed: this cannot be held';
      world.delegates.behaviour = (task) =>
        task.payload.kind === 'execute-step'
          ? {
              kind: 'execute-step',
              outcome: stepResult({
                status: 'failed',
                changesets: [],
                error: { message: text, failureType: 'Unknown' },
              }),
            }
          : succeed(task);
      await client.create(simplePipeline('unheld'));
      const id = await client.execute('unheld');
      const detail = await client.ended(id, LOOK.timeoutMs);
      expect(statuses(detail)).toMatchObject({ pipeline: 'Failed', apply: 'Failed' });
      expect(byIdentifier(detail)['apply']?.failureInfo.message).toMatch(
        /cannot be recorded: unsupported Unicode escape sequence.*The delegate reported: failed: changeset a b failed/,
      );
      await deadLetters(1);
      expect(world.ngManager.state.reports.filter((report) => report.planExecutionId === id)).toMatchObject([
        { isLate: false, result: { changesets: [], history: null, pending: null } },
      ]);
      world.delegates.redrive();
      await waitFor(
        () => world.ngManager.state.reports.some((report) => report.planExecutionId === id && report.isLate),
        { ...LOOK, what: 'the report after it was sent again' },
      );
    },
    TIME_LIMIT_MS,
  );

  it(
    'a result nobody can read ends its step and is set aside',
    async () => {
      const client = world.project();
      world.delegates.behaviour = (task) =>
        task.payload.kind === 'execute-step' ? { outcome: 'completed', resultJson: '{"kind":' } : succeed(task);
      await client.create(simplePipeline('unread'));
      expect(statuses(await client.ended(await client.execute('unread'), LOOK.timeoutMs))).toMatchObject({
        pipeline: 'Failed',
        apply: 'Failed',
      });
      expect(await deadLetters(1)).toMatchObject([{ reason: expect.stringMatching(/cannot be read/) }]);
    },
    TIME_LIMIT_MS,
  );

  it(
    'NG manager away while secrets are to be sealed is waited for: the delegate hears of nothing but the values',
    async () => {
      const client = world.project();
      world.ngManager.state.sealingFailures.push(
        ...Array.from(
          { length: 12 },
          (_, at) =>
            new AppError(at % 2 === 0 ? 'UPSTREAM_UNAVAILABLE' : 'REQUEST_TIMEOUT', 'the key store does not answer'),
        ),
        new AppError('INTERNAL', 'unexpected error'),
      );
      await client.create(simplePipeline('sealed'));
      const id = await client.execute('sealed');
      expect((await client.ended(id, LOOK.timeoutMs)).pipelineExecutionSummary.status).toBe('Success');
      expect(
        [...world.delegates.tasks.values()]
          .filter((task) => task.request.taskId.startsWith(id))
          .map(({ secretError }) => secretError),
      ).toEqual(['', '', '']);
      expect(world.delegates.deadLetters).toEqual([]);
    },
    TIME_LIMIT_MS,
  );

  it(
    'a secret there is not is a definite answer: the delegate hears it at once, and nothing is set aside',
    async () => {
      const client = world.project();
      world.ngManager.state.sealingFailures.push(new AppError('SECRET_NOT_FOUND', 'there is no secret "db_password"'));
      await client.create(simplePipeline('unknown'));
      const detail = await client.ended(await client.execute('unknown'), LOOK.timeoutMs);
      expect(detail.pipelineExecutionSummary.status).toBe('Failed');
      expect(byIdentifier(detail)['liteEngineTask']?.failureInfo.message).toMatch(/there is no secret "db_password"/);
      expect(world.delegates.deadLetters).toEqual([]);
    },
    TIME_LIMIT_MS,
  );
});
