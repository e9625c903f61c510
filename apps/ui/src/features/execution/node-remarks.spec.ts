import { describe, expect, it } from '@jest/globals';

import { aNode } from './execution.builders.js';
import { holderOf, outputsOf, remarksOf, typeOf } from './node-remarks.js';

describe('what is said about a node', () => {
  it('is its condition and the notes of the engine', () => {
    const node = aNode({
      uuid: 'n',
      progressData: { notes: ['waits for a delegate'] },
      nodeRunInfo: { whenCondition: '<+stage> == 1', evaluatedCondition: false, expressions: [] },
    });
    expect(remarksOf(node)).toEqual(['Does not run because of its condition: <+stage> == 1', 'waits for a delegate']);
  });

  it('is nothing where there is nothing', () => {
    expect(remarksOf(aNode({ uuid: 'n' }))).toEqual([]);
    expect(
      remarksOf(
        aNode({
          uuid: 'n',
          nodeRunInfo: { whenCondition: '', evaluatedCondition: true },
          progressData: { notes: 'odd' },
        }),
      ),
    ).toEqual([]);
  });

  it('names the run that holds the instance it waits for, and none when it waits for none', () => {
    const holder = {
      planExecutionId: 'E2',
      pipelineIdentifier: 'nightly',
      pipelineName: 'Nightly',
      runSequence: 41,
      heldSince: 5,
    };
    const waiting = aNode({
      uuid: 'n',
      progressData: { notes: ['waits'], resourceHolder: holder, resourceQueuePlace: 1 },
    });
    expect([holderOf(waiting), remarksOf(waiting)]).toEqual([holder, ['waits']]);
    expect([
      holderOf(aNode({ uuid: 'n' })),
      holderOf(aNode({ uuid: 'n', progressData: { resourceHolder: 'odd' } })),
    ]).toEqual([undefined, undefined]);
  });

  it('leaves out a level that only says "output"', () => {
    expect(outputsOf(aNode({ uuid: 'n', outcomes: { output: { tag: 'v1' } } }))).toEqual({ tag: 'v1' });
    expect(outputsOf(aNode({ uuid: 'n', outcomes: { output: { tag: 'v1' }, more: 1 } }))).toEqual({
      output: { tag: 'v1' },
      more: 1,
    });
  });

  it('names its type as the user wrote it', () => {
    expect(typeOf(aNode({ uuid: 'n', stepType: 'DBOPS_WRAPPER', stepParameters: { type: 'DBSchemaApply' } }))).toBe(
      'DBSchemaApply',
    );
    expect(typeOf(aNode({ uuid: 'n', stepType: 'liteEngineTask' }))).toBe('liteEngineTask');
  });
});
