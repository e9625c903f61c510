import { stringify } from 'yaml';
import { applyStep, group, stage, type Target } from '../harness/project.js';

/** A pipeline whose only stage never runs: it starts and ends at once, without a pod. */
export function idlePipeline(identifier: string, target: Target, more: object = {}): { readonly pipeline: object } {
  const never = { when: { pipelineStatus: 'Success', condition: '<+false>' } };
  return {
    pipeline: {
      identifier,
      name: `Pipeline ${identifier}`,
      ...more,
      stages: [stage('database', [group('migrate', [applyStep('apply', target)])], never)],
    },
  };
}

/** The same with one runtime input, the tag. */
export function pipelineWithInput(identifier: string, target: Target): { readonly pipeline: object } {
  return idlePipeline(identifier, target, { variables: [{ name: 'tag', type: 'String', value: '<+input>' }] });
}

export function applyPipeline(identifier: string, target: Target): string {
  return stringify({
    pipeline: {
      identifier,
      name: identifier,
      stages: [stage('database', [group('migrate', [applyStep('apply', target)])])],
    },
  });
}

export function inputSetYaml(identifier: string, pipeline: string, tag: string): string {
  return stringify({
    inputSet: {
      identifier,
      name: `Set ${identifier}`,
      tags: { a: 'b' },
      orgIdentifier: '{org}',
      projectIdentifier: '{project}',
      pipeline: { identifier: pipeline, variables: [{ name: 'tag', type: 'String', value: tag }] },
    },
  });
}

export function triggerYaml(identifier: string, pipeline: string, name = `Trigger ${identifier}`): string {
  const source = {
    type: 'Webhook',
    spec: {
      type: 'Github',
      spec: {
        type: 'Push',
        spec: {
          connectorRef: 'account.github',
          repoName: 'orders',
          autoAbortPreviousExecutions: false,
          payloadConditions: [{ key: 'targetBranch', operator: 'Equals', value: 'main' }],
          headerConditions: [],
          actions: [],
        },
      },
    },
  };
  return stringify({
    trigger: {
      name,
      identifier,
      enabled: false,
      description: '',
      tags: {},
      orgIdentifier: '{org}',
      projectIdentifier: '{project}',
      pipelineIdentifier: pipeline,
      source,
      inputYaml: 'pipeline: {}\n',
    },
  });
}
