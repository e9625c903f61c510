import { describe, expect, it } from '@jest/globals';
import { compilePlan, parsePipeline, requireSupported } from '@sluice/pipeline-engine';
import { CAPABILITIES, StepTypeRegistry } from '@sluice/step-types';
import { pipelineReference } from './pipeline-reference.js';

describe('the pipeline reference', () => {
  const text = pipelineReference();
  const example = /```yaml\n([\s\S]*?)\n```/.exec(text)?.[1] ?? '';

  it('has a row for every field of the table, with what becomes of it', () => {
    for (const { field, text: said } of CAPABILITIES)
      expect(text.split('\n').some((line) => line.includes(`| \`${field}\``) && line.includes(said))).toBe(true);
  });

  it('begins with an example that can be saved and run, without a warning', () => {
    const types = new StepTypeRegistry();
    expect(requireSupported(parsePipeline(example, types), types.capabilities, false)).toEqual([]);
    const yaml = example.replace('<+input>', 'v1');
    const plan = compilePlan({
      yaml,
      catalogue: types,
      planId: 'p',
      planExecutionId: 'e',
      accountId: 'a',
      orgId: 'o',
      projectId: 'p',
      runSequence: 1,
      triggeredBy: { name: '', email: '' },
      idOf: (id) => id,
    });
    expect(
      Object.values(plan.nodes)
        .filter(({ kind }) => kind === 'step')
        .map(({ identifier }) => identifier),
    ).toEqual(['apply', 'back']);
  });
});
