import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { PreflightResult } from '@sluice/pipeline-api';
import { World, byIdentifier, groupYaml, pipelineYaml, stageYaml } from '../testing/pipeline-under-test.js';

const reading = (id: string, tag: string): string =>
  pipelineYaml(id, stageYaml('db', groupYaml('grp', [{ id: 'apply', spec: [`tag: "${tag}"`] }])));

describe('variables of the account, the organization and the project', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.create();
    await world.startInProcess();
    for (const [name, value] of [
      ['account region', 'eu'],
      ['org team', 'blue'],
      ['project tag', 'v7'],
    ] as const)
      world.ngManager.state.variables.set(name, value);
  }, 300_000);
  afterAll(() => world.stop());

  it('are in a run what they were when it began, also through a variable of the pipeline', async () => {
    const client = world.project();
    const yaml = pipelineYaml(
      'p',
      stageYaml('db', groupYaml('grp', [{ id: 'apply', spec: ['tag: <+pipeline.variables.whole>-<+variable.tag>'] }])),
      ['variables:', '  - { name: whole, type: String, value: "<+variable.account.region>/<+variable.org.team>" }'],
    );
    await client.create(yaml);
    const detail = await client.ended(await client.execute('p'));
    expect(detail.pipelineExecutionSummary.status).toBe('Success');
    expect(byIdentifier(detail)['apply']?.stepParameters).toMatchObject({ spec: { tag: 'eu/blue-v7' } });
  });

  it('that are not there fail the start and the preflight check with their scope and name', async () => {
    const client = world.project();
    await client.create(reading('p', '<+variable.org.tag>'));
    expect(await client.send('POST', '/pipeline/api/pipeline/execute/p', '')).toMatchObject({
      status: 400,
      body: { code: 'PLAN_CREATION_ERROR', message: expect.stringContaining('the organization has no variable "tag"') },
    });
    const check = await client.send<string>(
      'POST',
      '/pipeline/api/pipeline/execute/preflightCheck?pipelineIdentifier=p',
      '',
    );
    const result = await client.send<PreflightResult>(
      'GET',
      `/pipeline/api/pipeline/execute/getPreflightCheckResponse?preflightCheckId=${check.body.data}`,
    );
    expect(JSON.stringify(result.body.data)).toContain('the organization has no variable');
  });

  it('come by the runtime input too', async () => {
    const client = world.project();
    await client.create(
      pipelineYaml(
        'p',
        stageYaml('db', groupYaml('grp', [{ id: 'apply', spec: ['tag: <+pipeline.variables.tag>'] }])),
        ['variables:', '  - { name: tag, type: String, value: <+input> }'],
      ),
    );
    const detail = await client.ended(
      await client.execute(
        'p',
        'pipeline: { identifier: p, variables: [{ name: tag, type: String, value: "<+variable.account.region>" }] }',
      ),
    );
    expect(byIdentifier(detail)['apply']?.stepParameters).toMatchObject({ spec: { tag: 'eu' } });
  });
});
