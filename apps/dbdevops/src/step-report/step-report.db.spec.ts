import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { openDataSource } from '@sluice/persistence';
import { pack } from '@sluice/kernel/packing';
import { startPostgres, type TestPostgres } from '@sluice/testing';
import type { DataSource } from 'typeorm';
import { createDbDevopsDataSource } from '../database/data-source.js';
import { repositoriesOf, type Repositories } from '../database/unit-of-work.js';
import { A_RUN, aReport, inHistory, named, outcome } from '../testing/reports.js';
import { seedProject, type SeededProject } from '../testing/seeded-project.js';
import type { StepReport } from './changeset-state.js';

const PAGE = { page: 0, limit: 100 } as const;

describe('recording what a step did', () => {
  let pg: TestPostgres;
  let dataSource: DataSource;
  let repositories: Repositories;
  let project: SeededProject;
  let account = 0;
  beforeAll(async () => {
    pg = await startPostgres();
    dataSource = await openDataSource(createDbDevopsDataSource(await pg.createDatabase('reports')));
    repositories = repositoriesOf(dataSource.manager);
  }, 300_000);
  afterAll(async () => {
    await dataSource.destroy();
    await pg.stop();
  });
  beforeEach(async () => {
    account += 1;
    project = await seedProject(dataSource, `acc${account}`);
  });

  const record = (report: StepReport): Promise<boolean> => project.reports.record(A_RUN, project.scope, report);
  const states = async (): Promise<Record<string, string>> => {
    const { items } = await repositories.migrationStates.onInstance(
      project.scope,
      project.schema.id,
      project.instance.id,
      PAGE,
    );
    return Object.fromEntries(items.map((item) => [item.id, item.status]));
  };
  const instance = () => repositories.instances.find(project.scope, project.schema.id, 'dev');
  /** Where each row physically lies: a row that is written again moves. */
  const places = () =>
    dataSource.query(`SELECT changeset_id, ctid::text FROM changeset_deployments WHERE instance_id = $1 ORDER BY 1`, [
      project.instance.id,
    ]);

  it('follows the history: deployed, pending, rolled back', async () => {
    expect(await states()).toEqual({ 1: 'Successfully_Deployed', 2: 'Not_Deployed' });
    await record(aReport({ history: [inHistory('2', 1)], endedAt: 3_000_000 }, { stepExecutionId: 's2' }));
    expect(await states()).toEqual({ 1: 'Rolled_Back', 2: 'Successfully_Deployed' });
  });

  it('is done once for a step, however often it is told', async () => {
    const report = aReport(
      { history: [inHistory('2', 1)], changesets: [outcome('2', 'applied')], endedAt: 3_000_000 },
      { stepExecutionId: 's2' },
    );
    expect(await record(report)).toBe(true);
    expect(await record(report)).toBe(false);
    expect(await record({ ...report, result: { ...report.result, history: [], endedAt: 4_000_000 } })).toBe(false);
    expect(await states()).toEqual({ 1: 'Rolled_Back', 2: 'Successfully_Deployed' });
  });

  it('is done once when the same report arrives twice at the same moment', async () => {
    const report = aReport({ history: [inHistory('2', 1)], endedAt: 3_000_000 }, { stepExecutionId: 's2' });
    expect((await Promise.all([record(report), record(report), record(report)])).sort()).toEqual([false, false, true]);
  });

  it('keeps the newest state when reports of one instance arrive at once and in any order', async () => {
    const reports = [3, 6, 4, 5].map((end) =>
      aReport(
        { history: [inHistory(`only-${end}`, 1)], pending: [], endedAt: end * 1_000_000 },
        { stepExecutionId: `s${end}` },
      ),
    );
    await Promise.all(reports.map(record));
    const { items } = await repositories.migrationStates.onInstance(
      project.scope,
      project.schema.id,
      project.instance.id,
      PAGE,
    );
    expect(items.filter((item) => item.status === 'Successfully_Deployed').map(({ id }) => id)).toEqual(['only-6']);
    expect((await instance())?.historyAt).toBe(6_000_000);
  });

  it('lets instances of one schema report at once, also changesets nobody knew', async () => {
    const history = Array.from({ length: 60 }, (_, place) => inHistory(`n${place}`, place));
    const on = (dbInstance: string, rows: typeof history) =>
      record(aReport({ history: rows, endedAt: 3_000_000 }, { dbInstance, stepExecutionId: `at-once-${dbInstance}` }));
    expect(await Promise.all([on('dev', history), on('prod', [...history].reverse())])).toEqual([true, true]);
    const { items, total } = await repositories.migrationStates.acrossInstances(
      project.scope,
      project.schema.id,
      [project.instance.id],
      PAGE,
    );
    expect(total).toBe(61); // the 60, and changeset 1, which they found gone
    expect(items.filter((item) => item.isSynced)).toHaveLength(60);
  });

  it('derives tags and onboarding from the history', async () => {
    expect(await instance()).toMatchObject({
      lastAppliedTag: 'v1',
      lastChangesetTag: 'v1',
      historyAt: 2_000_000,
      lastRunAt: 2_000_000,
    });
    await record(
      aReport(
        { history: [inHistory('1', 1, { tag: 'v1' }), inHistory('2', 2)], endedAt: 3_000_000 },
        { stepExecutionId: 's2' },
      ),
    );
    expect(await instance()).toMatchObject({ lastAppliedTag: 'v1', lastChangesetTag: '', historyAt: 3_000_000 });
    await record(
      aReport({ history: null, pending: null, status: 'failed', endedAt: 4_000_000 }, { stepExecutionId: 's3' }),
    );
    expect(await instance()).toMatchObject({ lastAppliedTag: 'v1', historyAt: 3_000_000, lastRunAt: 4_000_000 });
  });

  it('writes no row that says nothing new', async () => {
    const before = await places();
    await record(
      aReport(
        { history: [inHistory('1', 1, { tag: 'v1' })], pending: [named('2')], endedAt: 3_000_000 },
        { stepExecutionId: 's2' },
      ),
    );
    expect(await places()).toEqual(before);
  });

  it('takes names longer than an index entry, and any character but NUL', async () => {
    const id = `${'ü'.repeat(4000)} ' " \\ % \u001f`;
    await record(
      aReport(
        {
          history: [inHistory(id, 1)],
          changesets: [outcome(id, 'failed', { error: 'a\u001e\u001fb' })],
          endedAt: 3_000_000,
        },
        { stepExecutionId: 's2' },
      ),
    );
    const { items } = await repositories.migrationStates.acrossInstances(
      project.scope,
      project.schema.id,
      [project.instance.id],
      { ...PAGE, search_term: '% \u001f' },
    );
    expect(items.map((item) => [item.id, [...item.cells.values()].map((cell) => cell.error)])).toEqual([
      [id, ['a\u001e\u001fb']],
    ]);
  });

  it('is not lost for a character that cannot be stored', async () => {
    expect(
      await record(
        aReport(
          { history: [], changesets: [outcome('3', 'failed', { error: 'a\u0000b\ud83d' })], endedAt: 3_000_000 },
          { stepExecutionId: 's2' },
        ),
      ),
    ).toBe(true);
    expect((await states())['3']).toBe('Deployment_Failed');
  });

  it('changes nothing when a part of it fails', async () => {
    const report = aReport(
      { history: [inHistory('2', 2 ** 70)], changesets: [outcome('2', 'applied')], endedAt: 3_000_000 },
      { stepExecutionId: 's2' },
    );
    await expect(record(report)).rejects.toThrow(/out of range/);
    expect(await states()).toEqual({ 1: 'Successfully_Deployed', 2: 'Not_Deployed' });
    expect(await record({ ...report, result: { ...report.result, history: [] } })).toBe(true);
  });

  it('says that a changeset has failed which was deployed, is gone from the history, and could not be brought back', async () => {
    const report = aReport(
      {
        status: 'failed',
        history: [],
        changesets: [outcome('1', 'failed', { error: 'relation exists' })],
        pending: [named('1'), named('2')],
        endedAt: 3_000_000,
      },
      { stepExecutionId: 's2' },
    );
    expect(await record(report)).toBe(true);
    expect(await states()).toEqual({ 1: 'Deployment_Failed', 2: 'Not_Deployed' });
  });

  it('keeps changesets apart whose names give the same FQN', async () => {
    const twins = [
      { file: 'c😀.xml', id: 'a::b', author: 'ann' },
      { file: 'c😀.xml::a', id: 'b', author: 'ann' },
    ];
    await record(
      aReport(
        { history: twins.map((one, order) => inHistory('', order, one)), pending: [], endedAt: 3_000_000 },
        { stepExecutionId: 's2' },
      ),
    );
    expect(await states()).toEqual({ 1: 'Rolled_Back', 'a::b': 'Successfully_Deployed', b: 'Successfully_Deployed' });
    // The migration gives rows of earlier versions the same keys.
    const keys = await dataSource.query(
      `SELECT fqn_key = md5(fqn || '#' || char_length(file) || ',' || char_length(change_id))::uuid AS same FROM changesets WHERE author = 'ann' AND file LIKE 'c😀%'`,
    );
    expect(keys).toEqual([{ same: true }, { same: true }]);
  });

  it('is refused for an instance that was made again after the step had begun', async () => {
    const report = aReport(
      { history: [inHistory('9', 1)], endedAt: 3_000_000 },
      { stepExecutionId: 's2', dbInstanceId: project.instance.id },
    );
    await repositories.instances.remove(project.scope, project.schema.id, 'dev');
    await repositories.instances.insert({ ...project.instance, id: crypto.randomUUID() });
    await expect(record(report)).rejects.toMatchObject({
      code: 'RESOURCE_NOT_FOUND',
      message: expect.stringMatching(
        /^instance with id \[dev\] schema \[orders\] was deleted and made again after this step had begun/,
      ),
    });
    expect((await instance())?.historyAt).toBeNull();
  });

  it('says since when the state of an instance is not known, until its history is read again', async () => {
    const unknownSince = async () => (await instance())?.unknownSince;
    expect(await unknownSince()).toBeNull();
    await record(
      aReport(
        { status: 'failed', history: null, pending: null, startedAt: 2_500_000, endedAt: 3_000_000 },
        { stepExecutionId: 's2' },
      ),
    );
    expect(await unknownSince()).toBe(2_500_000);
    expect(await states()).toEqual({ 1: 'Successfully_Deployed', 2: 'Not_Deployed' });
    await record(
      aReport({ history: [inHistory('2', 1)], endedAt: 3_500_000 }, { stepExecutionId: 's2', isLate: true }),
    );
    expect([await unknownSince(), await states()]).toEqual([null, { 1: 'Rolled_Back', 2: 'Successfully_Deployed' }]);
  });

  it('is refused for an instance that does not exist', async () => {
    await expect(record(aReport({}, { dbInstance: 'nowhere', stepExecutionId: 's9' }))).rejects.toMatchObject({
      code: 'RESOURCE_NOT_FOUND',
      message: 'instance with id [nowhere] schema [orders] does not exist',
    });
  });

  it('takes a history of 100,000 rows, packed, and one of as many again that says nothing new', async () => {
    const history = Array.from({ length: 100_000 }, (_, at) =>
      inHistory(`n${at}`, at, {
        description: 'createTable tableName=orders_of_the_year; addColumn tableName=orders',
        checksum: '9:0123456789abcdef0123456789abcdef',
      }),
    );
    const changesets = history.slice(-14_000).map(({ id }) => outcome(id, 'applied'));
    const sent = (more: object, result: object) => ({
      ...aReport({ history: null, pending: [], endedAt: 3_000_000, ...result }, more),
      result: {
        ...aReport({ history: null, pending: [], endedAt: 3_000_000, ...result }).result,
        packedHistory: pack(history),
      },
    });
    expect(await project.reports.record(A_RUN, project.scope, sent({ stepExecutionId: 'large' }, { changesets }))).toBe(
      true,
    );
    const { total } = await repositories.migrationStates.onInstance(
      project.scope,
      project.schema.id,
      project.instance.id,
      PAGE,
    );
    expect(total).toBe(100_001); // and changeset 1, which it found gone
    const before = await places();
    expect(
      await project.reports.record(A_RUN, project.scope, sent({ stepExecutionId: 'large-2' }, { endedAt: 4_000_000 })),
    ).toBe(true);
    expect((await places()).length === before.length && JSON.stringify(await places()) === JSON.stringify(before)).toBe(
      true,
    );
    expect((await instance())?.historyAt).toBe(4_000_000);
  }, 300_000);

  it('refuses a packed history that is none, and says so', async () => {
    const result = { ...aReport().result, history: null };
    const send = (packedHistory: string) =>
      project.reports.record(A_RUN, project.scope, {
        ...aReport({}, { stepExecutionId: 's2' }),
        result: { ...result, packedHistory },
      });
    await expect(send('nonsense')).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      message: expect.stringContaining('not the base64 of gzipped JSON'),
    });
    await expect(send(pack([{ id: 1 }]))).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      message: expect.stringMatching(/^result\.packedHistory: 0\.id: /),
    });
  });

  it('leaves nothing behind when the schema goes', async () => {
    await repositories.schemas.remove(project.scope, 'orders');
    for (const table of [
      'db_instances',
      'step_reports',
      'changesets',
      'changeset_deployments',
      'execution_changesets',
      'parsed_logs',
    ]) {
      expect(
        await dataSource.query(`SELECT count(*)::int AS count FROM ${table} WHERE account_id = $1`, [
          project.scope.accountId,
        ]),
      ).toEqual([{ count: 0 }]);
    }
  });

  describe('seen from an execution', () => {
    const place = { pipeline: 'deploy', planExecutionId: 'exec-2', stageExecutionId: 'stage-2', since: 0 } as const;
    const deployedBy = async (command: 'Update' | 'Rollback', more: { since?: number } = {}) => {
      const { items } = await repositories.deployedStates.page(
        project.scope,
        project.instance.id,
        { ...place, command, ...more },
        0,
        10,
      );
      return items.map(({ id, status, isOwn }) => [id, status, isOwn]);
    };
    const own = { planExecutionId: 'exec-2', stageExecutionId: 'stage-2', stepExecutionId: 'own' };

    it('its own changesets come first, failed ones with them; what was there before follows', async () => {
      await record(
        aReport(
          {
            status: 'failed',
            history: [inHistory('1', 1), inHistory('2', 2)],
            changesets: [outcome('2', 'applied'), outcome('3', 'failed'), outcome('4', 'skipped')],
            endedAt: 3_000_000,
          },
          own,
        ),
      );
      expect(await deployedBy('Update')).toEqual([
        ['3', 'FAILURE', true],
        ['2', 'SUCCESS', true],
        ['1', 'SUCCESS', false],
      ]);
      expect(await deployedBy('Rollback')).toEqual([
        ['2', 'SUCCESS', false],
        ['1', 'SUCCESS', false],
      ]);
    });

    it('what was deployed after it ended is not shown', async () => {
      await record(aReport({ history: [inHistory('1', 1)], changesets: [], endedAt: 3_000_000 }, own));
      await record(
        aReport(
          {
            history: [inHistory('1', 1), inHistory('2', 2, { dateExecuted: 3_500_000 })],
            changesets: [outcome('2', 'applied')],
            endedAt: 4_000_000,
          },
          { stepExecutionId: 'next' },
        ),
      );
      expect(await deployedBy('Update')).toEqual([['1', 'SUCCESS', false]]);
    });

    it('an aborted step’s unfinished changeset was cancelled', async () => {
      await record(
        aReport(
          { status: 'aborted', history: [inHistory('1', 1)], changesets: [outcome('2', 'failed')], endedAt: 3_000_000 },
          own,
        ),
      );
      expect(await deployedBy('Update')).toEqual([
        ['2', 'CANCELLED', true],
        ['1', 'SUCCESS', false],
      ]);
    });

    it('what it did before the time asked for is not its own', async () => {
      await record(
        aReport(
          {
            history: [inHistory('1', 1), inHistory('2', 2)],
            changesets: [outcome('2', 'applied')],
            endedAt: 3_000_000,
          },
          own,
        ),
      );
      expect(await deployedBy('Update', { since: 2_000_000 })).toEqual([
        ['2', 'SUCCESS', false],
        ['1', 'SUCCESS', false],
      ]);
    });
  });
});
