import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { AppError, waitFor } from '@sluice/kernel';
import type { PlanExecutionResponse } from '@sluice/pipeline-api';
import { failStep, stepResult, succeed, type DoubleTask } from '../testing/delegate-service-double.js';
import { dbStepInputsOf } from '../testing/ng-manager-double.js';
import {
  World,
  byIdentifier,
  groupYaml,
  pipelineYaml,
  simplePipeline,
  stageYaml,
  statuses,
} from '../testing/pipeline-under-test.js';

describe('when something goes wrong', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.create();
    await world.startInProcess({ PIPELINE_REPORT_TIMEOUT_MS: '20000' });
  }, 300_000);
  afterAll(() => world.stop());
  afterEach(() => {
    world.delegates.behaviour = succeed;
    world.delegates.refusal = undefined;
    world.ngManager.state.failReports = 0;
    world.ngManager.state.inputs = dbStepInputsOf;
  });

  const tasksOf = (id: string): DoubleTask[] =>
    [...world.delegates.tasks.values()].filter((task) => task.request.taskId.startsWith(id));
  const identifierOf = (
    task: DoubleTask,
    id: string,
    nodes: Record<string, { identifier: string }>,
  ): string | undefined => nodes[task.request.taskId.slice(id.length + 1).split(':')[0] ?? '']?.identifier;
  /** Steps with this identifier fail. */
  const failing = (identifier: string, message = 'changeset 2 failed: relation exists'): void => {
    world.delegates.behaviour = (task) => {
      if (task.payload.kind !== 'execute-step' || !task.payload.logKey.endsWith(`/${identifier}`)) return succeed(task);
      return failStep(message);
    };
  };

  it('a failed step fails group, stage and pipeline, skips what follows and tells why', async () => {
    const client = world.project();
    failing('first');
    await client.create(
      pipelineYaml(
        'f',
        stageYaml('db', groupYaml('grp', [{ id: 'first' }, { id: 'second' }])) +
          stageYaml('later', groupYaml('grp2', [{ id: 'third' }])),
      ),
    );
    const detail = await client.ended(await client.execute('f'));
    expect(statuses(detail)).toMatchObject({
      pipeline: 'Failed',
      db: 'Failed',
      grp: 'Failed',
      first: 'Failed',
      second: 'Skipped',
      later: 'Skipped',
      third: 'Skipped',
    });
    expect(byIdentifier(detail)['first']?.failureInfo).toMatchObject({
      message: 'changeset 2 failed: relation exists',
      failureTypeList: ['Unknown'],
    });
    expect(detail.pipelineExecutionSummary).toMatchObject({
      status: 'Failed',
      canRetry: true,
      failedStagesCount: 1,
      failureInfo: { message: 'stage "db", step "first": changeset 2 failed: relation exists' },
    });
    const failed = Object.values(detail.executionGraph.nodeMap).filter(
      (node) => node.status === 'Failed' && node.failureInfo.message !== '',
    );
    expect(failed.map((node) => node.identifier)).toEqual(['first']);
  });

  it('steps, groups and stages whose `when` allows it run after a failure', async () => {
    const client = world.project();
    failing('bad');
    const groups =
      groupYaml('grp', [{ id: 'bad' }, { id: 'always', extra: ['when: { stageStatus: All }'] }]) +
      groupYaml('repair', [{ id: 'fix' }], ['when: { stageStatus: Failure }']);
    await client.create(
      pipelineYaml(
        'w',
        stageYaml('db', groups) +
          stageYaml('note', groupYaml('tell', [{ id: 'say' }]), { extra: ['when: { pipelineStatus: Failure }'] }),
      ),
    );
    const detail = await client.ended(await client.execute('w'));
    expect(statuses(detail)).toMatchObject({
      pipeline: 'Failed',
      db: 'Failed',
      grp: 'Failed',
      bad: 'Failed',
      always: 'Success',
      repair: 'Success',
      fix: 'Success',
      note: 'Success',
      say: 'Success',
    });
  });

  it('runs the rollback steps of a failed stage, with outputs of what had run', async () => {
    const client = world.project();
    failing('second');
    const rollback = groupYaml('undo', [
      { id: 'back', type: 'DBSchemaRollback', spec: ['tag: <+execution.steps.grp.steps.first.output.preStartTag>'] },
    ]);
    await client.create(
      pipelineYaml('r', stageYaml('db', groupYaml('grp', [{ id: 'first' }, { id: 'second' }]), { rollback })),
    );
    const id = await client.execute('r');
    const detail = await client.ended(id);
    expect(statuses(detail)).toMatchObject({
      pipeline: 'Failed',
      db: 'Failed',
      rollbackSteps: 'Success',
      undo: 'Success',
      back: 'Success',
    });
    const back = tasksOf(id).find((task) => identifierOf(task, id, detail.executionGraph.nodeMap) === 'back');
    expect(back?.payload.kind === 'execute-step' && back.payload.work).toMatchObject({
      kind: 'liquibase.rollback',
      tag: 'before',
    });
    expect(
      world.ngManager.state.reports.filter((report) => report.planExecutionId === id).map((report) => report.command),
    ).toEqual(['Update', 'Update', 'Rollback']);
    await waitFor(() => tasksOf(id).filter((task) => task.payload.kind === 'cleanup-pod').length === 2, {
      timeoutMs: 120_000,
      what: 'both pods cleaned up',
    });
  });

  it('leaves rollback steps alone after success, and when the strategy says so', async () => {
    const client = world.project();
    const rollback = groupYaml('undo', [{ id: 'back', type: 'DBSchemaRollback', spec: ['changeSetCount: 1'] }]);
    await client.create(pipelineYaml('ok', stageYaml('db', groupYaml('grp', [{ id: 'only' }]), { rollback })));
    expect(statuses(await client.ended(await client.execute('ok')))).toMatchObject({
      db: 'Success',
      back: 'NotStarted',
    });
    failing('only');
    const strategy = ['failureStrategies: [{ onFailure: { errors: [AllErrors], action: { type: MarkAsFailure } } }]'];
    await client.create(
      pipelineYaml('no', stageYaml('db', groupYaml('grp', [{ id: 'only' }]), { rollback, extra: strategy })),
    );
    expect(statuses(await client.ended(await client.execute('no')))).toMatchObject({
      db: 'Failed',
      back: 'NotStarted',
    });
  });

  it('does not roll back a stage in which nothing had run', async () => {
    const client = world.project();
    world.delegates.refusal = new AppError('UNAVAILABLE_DELEGATES', 'no delegate is connected');
    const rollback = groupYaml('undo', [{ id: 'back', type: 'DBSchemaRollback', spec: ['changeSetCount: 1'] }]);
    await client.create(pipelineYaml('n', stageYaml('db', groupYaml('grp', [{ id: 'only' }]), { rollback })));
    const detail = await client.ended(await client.execute('n'));
    expect(statuses(detail)).toMatchObject({ db: 'Failed', rollbackSteps: 'Skipped', back: 'Skipped' });
    expect(byIdentifier(detail)['rollbackSteps']?.nodeRunInfo).toMatchObject({
      whenCondition: expect.stringMatching(/nothing to roll back/),
    });
  });

  it('goes on after an ignored failure, and rolls earlier stages back when asked to', async () => {
    const client = world.project();
    failing('bad');
    const ignore = ['failureStrategies: [{ onFailure: { errors: [AllErrors], action: { type: Ignore } } }]'];
    await client.create(
      pipelineYaml('i', stageYaml('db', groupYaml('grp', [{ id: 'bad', extra: ignore }, { id: 'next' }]))),
    );
    expect(statuses(await client.ended(await client.execute('i')))).toMatchObject({
      pipeline: 'IgnoreFailed',
      bad: 'IgnoreFailed',
      next: 'Success',
    });
    const everything = [
      'failureStrategies: [{ onFailure: { errors: [AllErrors], action: { type: PipelineRollback } } }]',
    ];
    const undo = (id: string): string =>
      groupYaml(`undo${id}`, [{ id: `back${id}`, type: 'DBSchemaRollback', spec: ['changeSetCount: 1'] }]);
    await client.create(
      pipelineYaml(
        'p',
        stageYaml('one', groupYaml('g1', [{ id: 'good' }]), { rollback: undo('one') }) +
          stageYaml('two', groupYaml('g2', [{ id: 'bad' }]), { rollback: undo('two'), extra: everything }),
      ),
    );
    expect(statuses(await client.ended(await client.execute('p')))).toMatchObject({
      pipeline: 'Failed',
      one: 'Success',
      two: 'Failed',
      backtwo: 'Success',
      backone: 'Success',
    });
  });

  it.each([
    [
      'no delegate takes it',
      { outcome: 'notAcquired', reason: 'delegate "a": selector "eu" is missing' },
      'Failed',
      /no delegate took the task: delegate "a"/,
    ],
    [
      'the delegate is lost',
      { outcome: 'leaseLost', reason: 'no heartbeat for 30 s' },
      'Failed',
      /the delegate "double" was lost while it worked: no heartbeat/,
    ],
    ['it takes too long', { outcome: 'timedOut', reason: 'no result within 11m' }, 'Expired', /no result within 11m/],
    ['the result is not readable', { outcome: 'completed', resultJson: '{"kind":"what"}' }, 'Failed', /cannot be read/],
  ] as const)('shows it when %s', async (_what, end, status, message) => {
    const client = world.project();
    world.delegates.behaviour = (task) => (task.payload.kind === 'execute-step' ? end : succeed(task));
    await client.create(simplePipeline('e'));
    const detail = await client.ended(await client.execute('e'));
    expect(statuses(detail)).toMatchObject({ pipeline: status, db: status, apply: status });
    expect(byIdentifier(detail)['apply']?.failureInfo.message).toMatch(message);
    const reports = world.ngManager.state.reports.filter(
      (report) => report.planExecutionId === detail.pipelineExecutionSummary.planExecutionId,
    );
    // Without a result nobody knows what the step did: dbdevops hears that. Where no delegate had it, nothing can have happened.
    const lost = {
      dbSchema: 'orders',
      dbInstance: 'prod',
      isLate: false,
      result: {
        status: 'failed',
        history: null,
        pending: null,
        changesets: [],
        error: { message: expect.stringMatching(message) },
      },
    };
    expect(reports).toMatchObject(end.outcome === 'notAcquired' ? [] : [lost]);
  });

  it.each([
    [
      'an instance that does not exist',
      { id: 'apply', instance: 'missing' },
      /^step "apply": instance with id \[missing\] schema \[orders\] does not exist/,
    ],
    [
      'a target that depends on a step of the same group',
      { id: 'apply', instance: '"<+steps.apply.output.x>"' },
      /dbInstance .* has no value when its step group starts/,
    ],
  ])('fails the initialise node for %s', async (_what, step, message) => {
    const client = world.project();
    await client.create(simplePipeline('m', step));
    const detail = await client.ended(await client.execute('m'));
    expect(statuses(detail)).toMatchObject({
      pipeline: 'Failed',
      grp: 'Failed',
      liteEngineTask: 'Failed',
      apply: 'Skipped',
    });
    expect(byIdentifier(detail)['liteEngineTask']?.failureInfo.message).toMatch(message);
  });

  it('says why no delegate can run it', async () => {
    const client = world.project();
    world.delegates.refusal = new AppError('UNAVAILABLE_DELEGATES', 'no delegate is connected to account acc');
    await client.create(simplePipeline('d'));
    const detail = await client.ended(await client.execute('d'));
    expect(byIdentifier(detail)['liteEngineTask']?.failureInfo).toMatchObject({
      message: 'no delegate is connected to account acc',
      failureTypeList: ['DelegateProvisioning'],
    });
  });

  it('names the secret that is missing', async () => {
    const client = world.project();
    const inputs = world.ngManager.state.inputs;
    world.ngManager.state.inputs = (schema, instance) => ({
      ...inputs(schema, instance),
      secrets: [{ name: 'password', expression: '<+secrets.getValue("gone")>' }],
    });
    await client.create(simplePipeline('s'));
    const detail = await client.ended(await client.execute('s'));
    expect(byIdentifier(detail)['liteEngineTask']?.failureInfo.message).toMatch(
      /secrets\.getValue\("gone"\)>: there is no such secret/,
    );
  });

  it('waits for NG manager to take the report before the step counts as done', async () => {
    const client = world.project();
    world.ngManager.state.failReports = 2;
    await client.create(simplePipeline('rep'));
    const id = await client.execute('rep');
    expect((await client.ended(id)).pipelineExecutionSummary.status).toBe('Success');
    expect(world.ngManager.state.reports.filter((report) => report.planExecutionId === id)).toHaveLength(1);
  });

  it('waits for NG manager while it prepares a pod, instead of failing the run', async () => {
    const client = world.project();
    const { state } = world.ngManager;
    const { inputs } = state;
    let failures = 8;
    state.inputs = (...asked) => {
      failures -= 1;
      if (failures >= 0) throw new AppError('UPSTREAM_UNAVAILABLE', 'dbdevops cannot be reached');
      return inputs(...asked);
    };
    await client.create(simplePipeline('slow'));
    const { pipelineExecutionSummary } = await client.ended(await client.execute('slow'));
    expect(pipelineExecutionSummary.status).toBe('Success');
  }, 300_000);

  it('says so when what was done could not be recorded', async () => {
    const client = world.project();
    world.ngManager.state.failReports = 1_000;
    await client.create(simplePipeline('norep'));
    const detail = await client.ended(await client.execute('norep'));
    expect(byIdentifier(detail)['apply']).toMatchObject({
      status: 'Failed',
      failureInfo: {
        message: expect.stringMatching(
          /succeeded in the database, but Sluice could not record it: .*dbdevops cannot be reached/,
        ),
      },
    });
  });

  it('shows a result that comes late and tells dbdevops about it', async () => {
    const client = world.project();
    world.delegates.behaviour = (task) =>
      task.payload.kind === 'execute-step' ? { outcome: 'leaseLost', reason: 'silent' } : succeed(task);
    await client.create(simplePipeline('late'));
    const id = await client.execute('late');
    await client.ended(id);
    const step = tasksOf(id).find((task) => task.payload.kind === 'execute-step');
    world.delegates.end(step?.request.taskId ?? '', {
      outcome: 'late',
      resultJson: JSON.stringify({ kind: 'execute-step', outcome: stepResult() }),
    });
    await waitFor(
      () => world.ngManager.state.reports.some((report) => report.planExecutionId === id && report.isLate),
      { timeoutMs: 120_000, what: 'the late report' },
    );
    const detail = await waitFor(
      async () => {
        const seen = await client.detail(id);
        return 'notes' in (byIdentifier(seen)['apply']?.progressData ?? {}) && seen;
      },
      { timeoutMs: 120_000, what: 'the note' },
    );
    expect(byIdentifier(detail)['apply']).toMatchObject({
      status: 'Failed',
      progressData: { notes: [expect.stringMatching(/came late.*succeeded with 1 changeset/)] },
    });
    expect(detail.pipelineExecutionSummary.status).toBe('Failed');
  });

  it('retries from the failed stage: earlier stages keep their result and are not run again', async () => {
    const client = world.project();
    failing('b');
    await client.create(
      pipelineYaml(
        'again',
        stageYaml('one', groupYaml('g1', [{ id: 'a' }])) +
          stageYaml(
            'two',
            groupYaml('g2', [
              { id: 'b', spec: ['tag: <+pipeline.stages.one.spec.execution.steps.g1.steps.a.output.preStartTag>'] },
            ]),
          ),
      ),
    );
    const first = await client.execute('again');
    await client.ended(first);
    world.delegates.behaviour = succeed;
    const answer = await client.send<PlanExecutionResponse>('PUT', `/pipeline/api/pipeline/execute/retry/${first}`, {});
    const second = answer.body.data.planExecution.uuid;
    const detail = await client.ended(second);
    expect(detail.pipelineExecutionSummary).toMatchObject({
      status: 'Success',
      runSequence: 2,
      successfulStagesCount: 2,
      executionTriggerInfo: { isRerun: true },
    });
    expect(tasksOf(second).filter((task) => task.payload.kind === 'execute-step')).toHaveLength(1);
    const chosen = await client.send<PlanExecutionResponse>(
      'POST',
      `/pipeline/api/pipeline/execute/retry/again?planExecutionId=${second}&retryStages=one`,
      '',
    );
    const third = chosen.body.data.planExecution.uuid;
    await client.ended(third);
    expect(tasksOf(third).filter((task) => task.payload.kind === 'execute-step')).toHaveLength(2);
  });
});
