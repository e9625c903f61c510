import { describe, expect, it } from '@jest/globals';
import { isBelow, logKey, ownerOfLog } from './keys.js';

const key = logKey({
  accountId: 'ACC',
  pipelineId: 'deploy',
  runSequence: 1,
  planExecutionId: 'EX',
  path: ['stage', 'group', 'step'],
});

describe('log keys', () => {
  it('are written as documented, with the dash before the execution', () => {
    expect(key).toBe('ACC/pipeline/deploy/1/-EX/stage/group/step');
  });

  it('of run 1 are not below the prefix of run 12, nor the other way round', () => {
    expect(isBelow('ACC/pipeline/deploy/12/-EX/a', 'ACC/pipeline/deploy/1')).toBe(false);
    expect(isBelow('ACC/pipeline/deploy/1/-EX/a', 'ACC/pipeline/deploy/12')).toBe(false);
    expect(isBelow(key, 'ACC/pipeline/deploy/1/')).toBe(true);
  });

  it('of the command units of a step are below the key of the step, not below that of another', () => {
    const unit = `${key}-commandUnit:Execute`;
    expect([isBelow(unit, key), isBelow(unit, 'ACC/pipeline/deploy/1/-EX/stage'), isBelow(key, unit)]).toEqual([
      true,
      true,
      false,
    ]);
    expect([
      isBelow(unit, `${key}/`),
      isBelow(`${key}2-commandUnit:Execute`, key),
      isBelow(`${key}-command`, key),
    ]).toEqual([false, false, false]);
  });

  it.each([
    [key, { accountId: 'ACC', orgId: undefined, projectId: undefined, base: 'ACC/pipeline/deploy/1' }],
    [
      'ACC/pipeline/deploy/1',
      { accountId: 'ACC', orgId: undefined, projectId: undefined, base: 'ACC/pipeline/deploy/1' },
    ],
    [
      'ACC/pipeline/deploy/12/-EX/',
      { accountId: 'ACC', orgId: undefined, projectId: undefined, base: 'ACC/pipeline/deploy/12' },
    ],
    [
      'accountId:ACC/orgId:default/projectId:shop/pipelineId:deploy/runSequence:3/level0:pipeline-commandUnit:main',
      {
        accountId: 'ACC',
        orgId: 'default',
        projectId: 'shop',
        base: 'accountId:ACC/orgId:default/projectId:shop/pipelineId:deploy/runSequence:3',
      },
    ],
  ])('%s names its owner', (text, owner) => {
    expect(ownerOfLog(text)).toEqual(owner);
  });

  it.each([
    '',
    '/',
    'ACC',
    'ACC/pipeline/deploy',
    'ACC/pipeline/deploy/x/-EX',
    '../pipeline/deploy/1/-EX',
    'ACC/pipeline/deploy/1/../../x',
    'ACC/pipeline/deploy/1//x',
    'ACC/pipeline/deploy/1/a b',
    'ACC/pipeline/deploy/1/%2e',
    `ACC/pipeline/deploy/1/${'x'.repeat(201)}`,
    `ACC/pipeline/deploy/1/${'x/'.repeat(500)}`,
    'accountId:ACC/orgId:o/pipelineId:p/runSequence:1',
    'ACC/pipeline/deploy/1x',
  ])('%p names nobody', (text) => {
    expect(ownerOfLog(text)).toBeUndefined();
  });
});
