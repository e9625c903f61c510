import { partOf } from '../answers.js';
import { pipelineYaml } from '../make-world.js';
import type { RouteCases } from '../route-case.js';
import type { World } from '../world.js';

const yaml = (body: string) => ({ contentType: 'application/yaml', body });
const noAccount = { change: { query: { accountIdentifier: [] } }, field: 'accountIdentifier' };
const missing = { change: { params: { planExecutionId: 'nowhere' } } };
const noPipeline = { change: { params: { pipelineIdentifier: 'nowhere' } } };
const noOriginal = { change: { params: { originalExecutionId: 'nowhere' } } };
const noStages = { change: { json: { stageIdentifiers: [] } }, field: 'stageIdentifiers' };
const ofFinished = ({ scope, finished }: World) => ({ query: scope, params: { planExecutionId: finished.id } });

/** A pipeline of which stages may be run alone, and a run of it. */
async function staged(
  world: World,
): Promise<{ readonly pipelineIdentifier: string; readonly originalExecutionId: string }> {
  const pipelineIdentifier = world.make.id('staged');
  await world.make.call('POST', '/pipeline/api/pipelines/v2', {
    query: world.scope,
    yaml: `${pipelineYaml(world, pipelineIdentifier)}  allowStageExecutions: true\n`,
  });
  const started = (await world.make.call('POST', `/pipeline/api/pipeline/execute/${pipelineIdentifier}`, {
    query: world.scope,
    yaml: '',
  })) as { data: { planExecution: { uuid: string } } };
  return { pipelineIdentifier, originalExecutionId: started.data.planExecution.uuid };
}

/** Chosen stages, reruns, retry history, intervention, preflight (api-contract 4.3), and the further reads of executions (4.4). */
export const runCases: RouteCases = {
  executeStages: {
    request: async (world) => ({
      query: world.scope,
      params: { pipelineIdentifier: (await staged(world)).pipelineIdentifier },
      json: { runtimeInputYaml: '', stageIdentifiers: ['database'] },
    }),
    answers: { planExecution: { status: 'Running' } },
    invalid: noStages,
    missing: noPipeline,
  },
  rerunPipeline: {
    request: async (world) => ({ query: world.scope, params: await staged(world), raw: yaml('') }),
    answers: { planExecution: { status: 'Running' } },
    invalid: noAccount,
    missing: noOriginal,
  },
  rerunPipelineV2: {
    request: async (world) => ({ query: world.scope, params: await staged(world), raw: yaml('') }),
    answers: { planExecution: { status: 'Running' } },
    invalid: noAccount,
    missing: noOriginal,
  },
  rerunStages: {
    request: async (world) => ({
      query: world.scope,
      params: await staged(world),
      json: { stageIdentifiers: ['database'] },
    }),
    answers: { planExecution: { status: 'Running' } },
    invalid: noStages,
    missing: noOriginal,
  },
  rerunWithInputSets: {
    request: async (world) => ({ query: world.scope, params: await staged(world), json: { inputSetReferences: [] } }),
    answers: { planExecution: { status: 'Running' } },
    invalid: { change: { json: { inputSetReferences: 'one' } }, field: 'inputSetReferences' },
    missing: noOriginal,
  },
  retryStages: {
    request: ({ scope, failed }) => ({
      query: { ...scope, pipelineIdentifier: failed.pipeline },
      params: { planExecutionId: failed.id },
    }),
    answers: { isResumable: true, groups: [{ info: [{ identifier: 'database', status: 'Failed' }] }] },
    invalid: noAccount,
    missing,
  },
  retryHistory: {
    request: ({ scope, failed }) => ({
      query: { ...scope, pipelineIdentifier: failed.pipeline },
      params: { planExecutionId: failed.id },
    }),
    invalid: noAccount,
    missing,
  },
  latestExecutionId: {
    request: ({ scope, finished }) => ({
      query: { ...scope, pipelineIdentifier: finished.pipeline },
      params: { planExecutionId: finished.id },
    }),
    answers: ({ finished }) => ({ latestExecutionId: finished.id }),
    invalid: noAccount,
    missing,
  },
  // No step waits for an intervention so far.
  manualIntervention: {
    request: ({ scope, finished }) => ({
      query: { ...scope, interruptType: 'Retry' },
      params: { planExecutionId: finished.id, nodeExecutionId: finished.stepNode },
    }),
    status: 400,
    invalid: { change: { query: { interruptType: 'Explode' } }, field: 'interruptType' },
    missing,
  },
  stagesExecutionList: {
    request: ({ scope, finished }) => ({ query: { ...scope, pipelineIdentifier: finished.pipeline } }),
    answers: [{ stageIdentifier: 'database', isToBeBlocked: true, message: partOf('allowStageExecutions') }],
    invalid: noAccount,
    missing: { change: { query: { pipelineIdentifier: 'nowhere' } } },
  },
  preflightCheck: {
    request: ({ scope, finished }) => ({ query: { ...scope, pipelineIdentifier: finished.pipeline }, raw: yaml('') }),
    invalid: { change: { query: { pipelineIdentifier: [] } }, field: 'pipelineIdentifier' },
    missing: { change: { query: { pipelineIdentifier: 'nowhere' } } },
  },
  getPreflightCheck: {
    request: async (world) => {
      const { scope, make } = world;
      const [cluster, pipelineIdentifier] = [make.id('cluster'), make.id('checked')];
      const connector = {
        identifier: cluster,
        name: 'Cluster',
        orgIdentifier: world.org,
        projectIdentifier: world.project,
        type: 'K8sCluster',
        spec: { credential: { type: 'InheritFromDelegate' }, delegateSelectors: ['local'] },
      };
      await make.call('POST', '/ng/api/connectors', { query: scope, body: { connector } });
      await make.call('POST', '/pipeline/api/pipelines/v2', {
        query: scope,
        yaml: pipelineYaml(world, pipelineIdentifier).replace('account.local', cluster),
      });
      const answer = (await make.call('POST', '/pipeline/api/pipeline/execute/preflightCheck', {
        query: { ...scope, pipelineIdentifier },
        yaml: '',
      })) as { data: string };
      return { query: { ...scope, preflightCheckId: answer.data } };
    },
    answers: {
      status: 'SUCCESS',
      errorInfo: null,
      pipelineInputWrapperResponse: { status: 'SUCCESS', pipelineInputResponse: [] },
      connectorWrapperResponse: {
        status: 'SUCCESS',
        checkResponses: [
          { status: 'SUCCESS', stageName: 'database', stepName: 'apply' },
          { status: 'SUCCESS', connectorIdentifier: partOf('cluster_'), connectorName: 'Cluster', stepName: null },
          {
            status: 'SUCCESS',
            connectorIdentifier: 'account.harnessImage',
            connectorName: 'Built-in Docker Registry',
            stepName: 'apply',
          },
        ],
      },
    },
    invalid: { change: { query: { preflightCheckId: [] } }, field: 'preflightCheckId' },
    missing: { change: { query: { preflightCheckId: 'nowhere' } } },
  },
  outlineExecutions: {
    request: ({ scope, finished }) => ({
      query: { ...scope, pipelineIdentifier: finished.pipeline, size: 1 },
      json: { filterType: 'PipelineExecution' },
    }),
    answers: ({ finished }) => ({ content: [{ planExecutionId: finished.id, status: 'Success' }] }),
    invalid: { change: { query: { size: '0' } }, field: 'size' },
    missing: { none: 'a list has nothing that could be missing' },
    otherAccount: 'an answer of its own',
  },
  listExecutionSummaries: {
    request: ({ scope, finished }) => ({ query: { ...scope, pipelineIdentifier: finished.pipeline }, json: {} }),
    answers: ({ finished }) => ({ content: [{ planExecutionId: finished.id }] }),
    invalid: { change: { query: { size: '0' } }, field: 'size' },
    missing: { none: 'a list has nothing that could be missing' },
  },
  getExecutionMetadata: {
    request: ofFinished,
    answers: ({ finished }) => ({ planExecutionId: finished.id, executionYaml: partOf('DBSchemaApply') }),
    invalid: noAccount,
    missing,
  },
  getPolicyEvaluation: { request: ofFinished, answers: { deny: false, status: 'pass' }, invalid: noAccount, missing },
  getExecutionGraph: {
    request: ofFinished,
    answers: ({ finished }) => ({ nodeMap: { [finished.stepNode]: { identifier: 'apply', status: 'Success' } } }),
    invalid: noAccount,
    missing,
  },
  getExecutionSubGraph: {
    request: ({ scope, finished }) => ({
      query: scope,
      params: { planExecutionId: finished.id, nodeExecutionId: finished.stageNode },
    }),
    answers: ({ finished }) => ({ rootNodeId: finished.stageNode }),
    invalid: noAccount,
    missing,
  },
  getExecutionUrl: {
    request: ({ scope, finished }) => ({
      query: { ...scope, pipelineIdentifier: finished.pipeline, planExecutionId: finished.id },
      json: {},
    }),
    check: (text) => (text.includes('/ng/account/') ? undefined : 'leads nowhere'),
    invalid: { change: { query: { pipelineIdentifier: [] } }, field: 'pipelineIdentifier' },
    missing: { change: { query: { planExecutionId: 'nowhere' } } },
  },
  getExecutionNode: {
    request: ({ scope, finished }) => ({ query: { ...scope, nodeExecutionId: finished.stepNode } }),
    answers: ({ finished }) => ({ uuid: finished.stepNode, identifier: 'apply', logBaseKey: finished.logKey }),
    invalid: { change: { query: { nodeExecutionId: [] } }, field: 'nodeExecutionId' },
    missing: { change: { query: { nodeExecutionId: 'nowhere' } } },
  },
};
