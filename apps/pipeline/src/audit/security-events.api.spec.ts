import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { waitFor } from '@sluice/kernel';
import { World } from '../testing/pipeline-under-test.js';

describe('security events of pipeline', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.create();
    await world.startInProcess();
  }, 300_000);
  afterAll(() => world.stop());

  it('tell who was refused what, and where; in a loop as one with the number of times', async () => {
    const client = world.project();
    const viewer = client.as('acc', [{ role: 'viewer', orgId: client.org, projectId: client.project }]);
    for (let round = 0; round < 25; round += 1)
      expect((await viewer.send('POST', `/pipeline/api/pipeline/execute/p${round}`)).status).toBe(403);
    const found = () => world.ngManager.state.securityEvents.filter(({ projectId }) => projectId === client.project);
    await waitFor(() => found().reduce((sum, { count }) => sum + count, 0) === 25, {
      timeoutMs: 120_000,
      what: 'the security events',
    });
    expect(found()[0]).toMatchObject({
      kind: 'accessDenied',
      outcome: 'refused',
      accountId: 'acc',
      orgId: client.org,
      resourceType: 'route',
      details: { permission: 'pipeline.execute' },
    });
    expect(new Set(found().map(({ kind }) => kind))).toEqual(new Set(['accessDenied']));
  });
});
