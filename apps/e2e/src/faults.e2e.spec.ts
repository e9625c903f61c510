import { afterEach, describe, expect, it } from '@jest/globals';
import { waitFor } from '@sluice/kernel';
import { sqlChangelog } from './harness/changelogs.js';
import { ownStack } from './harness/own-stack.js';
import { Project, applyStep, group, stage, type Target } from './harness/project.js';
import { HOLD, heldUp, rowsOf, whileHeld } from './harness/schema-dump.js';

describe('faults', () => {
  const stack = ownStack({
    environment: {
      pipeline: { PIPELINE_TASK_QUEUE_TIMEOUT_MS: '90000' },
      'delegate-service': {
        DELEGATE_SERVICE_LEASE_MS: '60000',
        DELEGATE_SERVICE_FENCE_MS: '5000',
        DELEGATE_SERVICE_HEARTBEAT_MS: '1500',
      },
      delegate: { DELEGATE_WATCHDOG_MS: '12000' },
    },
  });

  afterEach(async () => {
    if (Object.keys(stack().controlPlane.pids()).length === 0) await stack().controlPlane.start();
    if (Object.keys(stack().delegate.pids()).length === 0) await stack().delegate.start();
  }, 600_000);

  async function slowTarget(project: Project): Promise<Target> {
    const changesets = [
      { id: 'one', sql: 'CREATE TABLE one (id int);' },
      { id: 'two', sql: `CREATE TABLE two (id int); ${HOLD}` },
      { id: 'three', sql: 'INSERT INTO one VALUES (1);' },
    ];
    return project.target({ files: { 'changelog.sql': sqlChangelog(changesets) }, changelog: 'changelog.sql' });
  }

  const pipelineFor = (project: Project, target: Target): Promise<string> =>
    project.pipeline({ stages: [stage('s', [group('g', [applyStep('apply', target)])])] });
  const inMidStatement = ({ url }: Target): Promise<unknown> =>
    waitFor(async () => (await heldUp(url)) > 0, { timeoutMs: 120_000, what: 'the statement that is held up' });

  it('kill -9 of the control plane in mid-deployment: the execution ends as it should and nothing is applied twice', async () => {
    const project = await Project.create(stack());
    const target = await slowTarget(project);
    const pipeline = await pipelineFor(project, target);
    const id = await whileHeld(target.url, async () => {
      const started = await project.start(pipeline);
      await inMidStatement(target);
      await stack().controlPlane.kill();
      await stack().controlPlane.start();
      return started;
    });
    const run = await project.ended(id, 400_000);
    expect([run.status, run.failure]).toEqual(['Success', '']);
    expect(await rowsOf(target.url, 'SELECT id FROM one')).toEqual([{ id: 1 }]);
    expect(
      (await rowsOf<{ id: string }>(target.url, 'SELECT id FROM databasechangelog ORDER BY orderexecuted')).map(
        (row) => row.id,
      ),
    ).toEqual(['one', 'two', 'three']);
    expect((await project.migrationState(target)).map(({ status }) => status)).toEqual([
      'Successfully_Deployed',
      'Successfully_Deployed',
      'Successfully_Deployed',
    ]);
  }, 1_200_000);

  it('kill -9 of the control plane before the step starts: the execution still ends as it should', async () => {
    const project = await Project.create(stack());
    const target = await slowTarget(project);
    const id = await project.start(await pipelineFor(project, target));
    await stack().controlPlane.kill();
    await stack().controlPlane.start();
    const run = await project.ended(id, 400_000);
    expect([run.status, run.failure]).toEqual(['Success', '']);
    expect((await rowsOf(target.url, 'SELECT id FROM databasechangelog')).length).toBe(3);
  }, 1_200_000);

  it('kill -9 of the delegate: the lease expires, the step is shown failed with the reason, its statement is gone, the next run works', async () => {
    const project = await Project.create(stack());
    const target = await slowTarget(project);
    const pipeline = await pipelineFor(project, target);
    await whileHeld(target.url, async () => {
      const id = await project.start(pipeline);
      await inMidStatement(target);
      await stack().delegate.kill();
      const run = await project.ended(id, 400_000);
      expect(run.status).toBe('Failed');
      expect(run.failure).toMatch(/delegate/i);
      await waitFor(async () => (await heldUp(target.url)) === 0, {
        timeoutMs: 120_000,
        what: 'the statement has ended',
      });
    });
    await waitFor(
      async () =>
        (await rowsOf<{ locked: boolean }>(target.url, 'SELECT locked FROM databasechangeloglock'))[0]?.locked ===
        false,
      { timeoutMs: 120_000, what: 'the changelog lock is free' },
    );
    await stack().delegate.start();
    const next = await project.ended(await project.start(pipeline), 400_000);
    expect([next.status, next.failure]).toEqual(['Success', '']);
    expect((await rowsOf(target.url, 'SELECT id FROM databasechangelog')).length).toBe(3);
    expect((await project.migrationState(target)).map(({ status }) => status)).toEqual([
      'Successfully_Deployed',
      'Successfully_Deployed',
      'Successfully_Deployed',
    ]);
  }, 1_200_000);

  it('no delegate connected: the execution ends and says that none is', async () => {
    const project = await Project.create(stack());
    const target = await slowTarget(project);
    await stack().delegate.stop();
    const run = await project.ended(await project.start(await pipelineFor(project, target)), 400_000);
    expect(run.status).toBe('Failed');
    expect(run.failure).toMatch(/delegate/i);
    expect(run.failure).toMatch(/connect/i);
  }, 1_200_000);
});
