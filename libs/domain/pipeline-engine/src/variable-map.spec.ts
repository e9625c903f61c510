import { expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { variableMap } from './variable-map.js';

const PIPELINE = `pipeline:
  identifier: p
  variables: [{ name: tag, type: String, value: x }]
  stages:
    - parallel:
        - stage: { identifier: s, spec: { execution: { steps: [ { stepGroup: { identifier: g, steps: [ { step: { identifier: a, spec: { tag: t, delegateSelectors: [one] } } } ] } } ] } } }
`;

it('names every value as expressions do, with a key in its place', () => {
  const { yaml, metadataMap } = variableMap(PIPELINE, (fqn) => `id(${fqn})`);
  const step = 'pipeline.stages.s.spec.execution.steps.g.steps.a';
  expect(Object.values(metadataMap).map(({ yamlProperties }) => yamlProperties.fqn)).toEqual([
    'pipeline.identifier',
    'pipeline.variables.tag',
    'pipeline.stages.s.identifier',
    'pipeline.stages.s.spec.execution.steps.g.identifier',
    `${step}.identifier`,
    `${step}.spec.tag`,
    `${step}.spec.delegateSelectors[0]`,
  ]);
  expect(metadataMap[`id(${step}.spec.tag)`]?.yamlProperties).toEqual({
    fqn: `${step}.spec.tag`,
    localName: 'step.spec.tag',
    variableName: 'tag',
    visible: true,
  });
  expect((parse(yaml) as { pipeline: { variables: unknown } }).pipeline.variables).toEqual([
    { name: 'tag', type: 'String', value: 'id(pipeline.variables.tag)' },
  ]);
});
