import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { chooseStages, stageNeeds } from './stage-selection.js';

const stage = (id: string, text = ''): string =>
  `{ stage: { identifier: ${id}, name: Stage ${id}, variables: [{ name: v, value: "${text}" }] } }`;
const PIPELINE = `pipeline: { identifier: p, name: P, stages: [${stage('a')}, { parallel: [${stage('b')}, ${stage('c', 'x<+pipeline.stages.a.variables.v>')}] }, ${stage('d', '<+pipeline.stages.a.variables.v>/<+pipeline.stages.c.spec.execution.steps.s.output.o>')}] }`;

describe('stageNeeds', () => {
  it('lists stages in order, branches too, with the stages each reads from', () => {
    expect(stageNeeds(PIPELINE).map(({ identifier, name, requires }) => [identifier, name, requires])).toEqual([
      ['a', 'Stage a', []],
      ['b', 'Stage b', []],
      ['c', 'Stage c', ['a']],
      ['d', 'Stage d', ['a', 'c']],
    ]);
  });
});

describe('chooseStages', () => {
  const identifiers = (yaml: string): string =>
    JSON.stringify((parse(yaml) as { pipeline: { stages: unknown } }).pipeline.stages, [
      'stage',
      'parallel',
      'identifier',
    ]);

  it('keeps chosen stages and the chosen branches of a fork', () => {
    expect(identifiers(chooseStages(PIPELINE, ['a', 'c']).yaml)).toBe(
      '[{"stage":{"identifier":"a"}},{"parallel":[{"stage":{"identifier":"c"}}]}]',
    );
    expect(identifiers(chooseStages(PIPELINE, ['d']).yaml)).toBe('[{"stage":{"identifier":"d"}}]');
    expect(chooseStages(PIPELINE, ['c', 'a']).names).toEqual({ a: 'Stage a', c: 'Stage c' });
  });

  it('tells what chosen stages read from others, and takes values for it', () => {
    expect(chooseStages(PIPELINE, ['a', 'c']).openExpressions).toEqual([]);
    const open = ['<+pipeline.stages.a.variables.v>', '<+pipeline.stages.c.spec.execution.steps.s.output.o>'];
    expect(chooseStages(PIPELINE, ['d']).openExpressions).toEqual(open);
    const filled = chooseStages(PIPELINE, ['d'], { [open[0] as string]: 'one', [open[1] as string]: 'two' });
    expect(filled.openExpressions).toEqual([]);
    expect(filled.yaml).toContain('value: one/two');
  });

  it('does not replace what a chosen stage gives itself', () => {
    const { yaml } = chooseStages(PIPELINE, ['a', 'd'], { '<+pipeline.stages.a.variables.v>': 'no' });
    expect(yaml).toContain('<+pipeline.stages.a.variables.v>');
  });

  it('names a stage there is not', () => {
    expect(() => chooseStages(PIPELINE, ['a', 'z'])).toThrow('the pipeline has no stage "z"; it has a, b, c, d');
  });
});
