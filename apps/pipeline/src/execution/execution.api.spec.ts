import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { succeed } from '../testing/delegate-service-double.js';
import { World, byIdentifier, simplePipeline, statuses } from '../testing/pipeline-under-test.js';

describe('running a pipeline', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.create();
    await world.startInProcess();
  }, 60_000);
  afterAll(() => world.stop());
  afterEach(() => {
    world.delegates.behaviour = succeed;
    world.delegates.refusal = undefined;
  });

  it('runs one changelog: initialise, execute, report, clean up', async () => {
    const client = world.project();
    await client.create(simplePipeline('one'));
    const started = performance.now();
    const id = await client.execute('one');
    const detail = await client.ended(id);
    console.log('took', performance.now() - started);
    expect(detail.pipelineExecutionSummary.status).toBe('Success');
    expect(statuses(detail)).toMatchObject({ pipeline: 'Success', stages: 'Success', db: 'Success', grp: 'Success', liteEngineTask: 'Success', apply: 'Success' });
    expect(byIdentifier(detail)['apply']).toMatchObject({ stepType: 'DBOPS_WRAPPER', delegateInfoList: [{ id: 'delegate-1', name: 'double' }] });
  });
});
