import { expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { applyPipelineYaml } from './pipeline-yaml.js';

it('puts the apply step into a containerised step group of a Custom stage, with its tag', () => {
  const yaml = applyPipelineYaml(
    { org: 'default', project: 'orders' },
    {
      identifier: 'orders_apply',
      name: 'Orders apply',
      schema: 'orders',
      instance: 'orders_instance',
      cluster: 'orders_cluster',
      tag: 'v1',
      timeout: '600s',
    },
  );
  const { pipeline } = parse(yaml) as {
    pipeline: {
      stages: {
        stage: {
          type: string;
          spec: {
            execution: {
              steps: { stepGroup: { stepGroupInfra: object; steps: { step: { type: string; spec: object } }[] } }[];
            };
          };
        };
      }[];
    };
  };
  const group = pipeline.stages[0]?.stage.spec.execution.steps[0]?.stepGroup;
  expect(pipeline).toMatchObject({ identifier: 'orders_apply', orgIdentifier: 'default', projectIdentifier: 'orders' });
  expect(group?.stepGroupInfra).toMatchObject({ type: 'KubernetesDirect', spec: { connectorRef: 'orders_cluster' } });
  expect(group?.steps[0]?.step).toMatchObject({
    type: 'DBSchemaApply',
    timeout: '600s',
    spec: { connectorRef: 'account.harnessImage', dbSchema: 'orders', dbInstance: 'orders_instance', tag: 'v1' },
  });
});
