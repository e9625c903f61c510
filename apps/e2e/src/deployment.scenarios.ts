import { describe, expect, it } from '@jest/globals';
import { waitFor } from '@sluice/kernel';
import { runFirstDeployment, type Stack } from '@sluice/local-stack';
import { sqlChangelog, tables } from './harness/changelogs.js';
import { Project, applyStep, group, nodeOf, rollbackStep, stage } from './harness/project.js';
import { HOLD, rowsOf, whileHeld } from './harness/schema-dump.js';

const QUIET = { onStep: () => undefined, onLine: () => undefined };

export function deploymentScenarios(stack: () => Stack): void {
  describe('a first deployment', () => {
    it('goes through every hop of the network table, in its order, and through no other', async () => {
      const ids: string[] = [];
      const lines: string[] = [];
      const first = await runFirstDeployment(
        stack(),
        { ...QUIET, onStarted: (id) => ids.push(id), onLine: (_, line) => lines.push(line.out) },
        { lastSpansMs: 240_000 },
      );
      expect([first.status, first.failure]).toEqual(['Success', undefined]);
      expect(first.hops).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]);
      const { traces } = stack();
      const order = (): number[] => traces.hopsOf(first.traceId).flatMap(({ row }) => (row === null ? [] : [row]));
      const isBefore = (a: number, b: number): boolean => order().indexOf(a) < order().indexOf(b);
      const pairs = [
        [1, 2],
        [2, 6],
        [4, 5],
        [5, 8],
        [8, 12],
        [8, 9],
        [9, 10],
        [10, 11],
      ] as const;
      // A span leaves its app when it has ended, so the first call of a row may be seen after a later one.
      await waitFor(() => pairs.every(([a, b]) => isBefore(a, b)), {
        timeoutMs: 60_000,
        what: 'the first calls of all rows',
      }).catch(() => undefined);
      const before = (a: number, b: number): void => expect([a, b, isBefore(a, b)]).toEqual([a, b, true]);
      for (const [a, b] of pairs) before(a, b);
      expect(traces.unexpectedCalls(first.traceId)).toEqual([]);
      expect(lines.length).toBeGreaterThan(10);
    });

    it('leaves what the sample changelog says, for its context, and only that', async () => {
      const { customerDatabase } = stack();
      const history = await rowsOf<{ contexts: string | null; tag: string | null }>(
        customerDatabase.url,
        'SELECT contexts, tag FROM databasechangelog ORDER BY orderexecuted',
      );
      expect(history.length).toBeGreaterThanOrEqual(11);
      expect(history.filter(({ contexts }) => contexts?.includes('production'))).toEqual([]);
      expect(history.at(-1)?.tag).toBe('first-deployment');
      const [countries] = await rowsOf<{ n: string }>(customerDatabase.url, 'SELECT count(*) AS n FROM countries');
      expect(Number(countries?.n)).toBeGreaterThan(1);
    });

    it('has nothing to do the second time, and says so', async () => {
      const again = await runFirstDeployment(stack(), QUIET);
      expect(again.status).toBe('Success');
      expect(
        again.state?.changesets.filter(({ planExecutionId }) => planExecutionId === again.planExecutionId),
      ).toEqual([]);
    });
  });

  describe('apply and rollback', () => {
    it('rolls back to a tag, and the states follow the database', async () => {
      const project = await Project.create(stack());
      const target = await project.target({ files: tables('item', 2), changelog: 'changelog.sql' });
      expect((await project.apply(target, { tag: 'v1' })).status).toBe('Success');
      await stack().git.commit(target.schema, tables('item', 4));
      expect((await project.apply(target, { tag: 'v2' })).status).toBe('Success');
      const back = await project.run(
        await project.pipeline({
          stages: [stage('undo', [group('g', [rollbackStep('back', target, { tag: 'v1' })])])],
        }),
      );
      expect([back.status, back.failure]).toEqual(['Success', '']);
      const left = await rowsOf<{ id: string }>(target.url, 'SELECT id FROM databasechangelog ORDER BY orderexecuted');
      expect(left.map(({ id }) => id)).toEqual(['item-1', 'item-2']);
      const states = Object.fromEntries(
        (await project.migrationState(target)).map(({ changeSet, status }) => [changeSet, status]),
      );
      expect(states).toEqual({
        'item-1': 'Successfully_Deployed',
        'item-2': 'Successfully_Deployed',
        'item-3': 'Rolled_Back',
        'item-4': 'Rolled_Back',
      });
    });

    it('rolls back a number of changesets', async () => {
      const project = await Project.create(stack());
      const target = await project.target({ files: tables('part', 3), changelog: 'changelog.sql' });
      expect((await project.apply(target)).status).toBe('Success');
      const back = await project.run(
        await project.pipeline({
          stages: [stage('undo', [group('g', [rollbackStep('back', target, { changeSetCount: 2 })])])],
        }),
      );
      expect([back.status, back.failure]).toEqual(['Success', '']);
      expect(await rowsOf(target.url, 'SELECT id FROM databasechangelog')).toEqual([{ id: 'part-1' }]);
    });

    it('runs stages in order, skips later ones after a failure, and runs what waits for a failure', async () => {
      const project = await Project.create(stack());
      const good = await project.target({ files: tables('good', 1), changelog: 'changelog.sql' });
      const bad = await project.target({
        files: {
          'changelog.sql': sqlChangelog([
            { id: 'ok', sql: 'CREATE TABLE ok (id int);', rollback: 'DROP TABLE ok;' },
            { id: 'broken', sql: 'SELECT no_such_function();' },
          ]),
        },
        changelog: 'changelog.sql',
      });
      const run = await project.run(
        await project.pipeline({
          stages: [
            stage('first', [group('g1', [applyStep('good_apply', good)])]),
            stage('second', [
              group('g2', [
                applyStep('bad_apply', bad),
                applyStep('never', good),
                rollbackStep('undo', bad, { changeSetCount: 1 }, { when: { stageStatus: 'Failure' } }),
              ]),
            ]),
            stage('third', [group('g3', [applyStep('skipped', good)])]),
          ],
        }),
      );
      expect(run.status).toBe('Failed');
      const status = (identifier: string): string => nodeOf(run, identifier).status;
      expect([status('good_apply'), status('bad_apply'), status('never'), status('undo')]).toEqual([
        'Success',
        'Failed',
        'Skipped',
        'Success',
      ]);
      expect(['Skipped', 'NotStarted']).toContain(nodeOf(run, 'third').status);
      expect(await rowsOf(bad.url, `SELECT 1 FROM information_schema.tables WHERE table_name = 'ok'`)).toEqual([]);
    });

    it('shows the graph while it runs', async () => {
      const project = await Project.create(stack());
      const target = await project.target({
        files: { 'changelog.sql': sqlChangelog([{ id: 'slow', sql: HOLD }]) },
        changelog: 'changelog.sql',
      });
      const pipeline = await project.pipeline({ stages: [stage('s', [group('g', [applyStep('apply', target)])])] });
      const id = await whileHeld(target.url, async () => {
        const started = await project.start(pipeline);
        const running = await waitFor(
          async () => {
            const seen = await project.read(started);
            return seen.nodes.some((node) => node.identifier === 'apply' && node.status === 'Running')
              ? seen
              : undefined;
          },
          { timeoutMs: 120_000, what: 'the step is shown running' },
        );
        expect(running.status).toBe('Running');
        return started;
      });
      expect((await project.ended(id)).status).toBe('Success');
    });

    it('lets one of two runs on the same instance wait for the other', async () => {
      const project = await Project.create(stack());
      const target = await project.target({
        files: { 'changelog.sql': sqlChangelog([{ id: 'slow', sql: 'SELECT pg_sleep(2);' }]) },
        changelog: 'changelog.sql',
      });
      const pipeline = await project.pipeline({ stages: [stage('s', [group('g', [applyStep('apply', target)])])] });
      const runs = await Promise.all([project.start(pipeline), project.start(pipeline)]);
      const ended = await Promise.all(runs.map((id) => project.ended(id)));
      expect(ended.map(({ status, failure }) => [status, failure])).toEqual([
        ['Success', ''],
        ['Success', ''],
      ]);
      expect(await rowsOf(target.url, 'SELECT id FROM databasechangelog')).toEqual([{ id: 'slow' }]);
    });
  });
}
