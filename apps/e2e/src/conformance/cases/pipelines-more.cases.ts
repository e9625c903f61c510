import { stringify } from 'yaml';
import { partOf } from '../answers.js';
import { pipelineYaml } from '../make-world.js';
import type { RouteCases } from '../route-case.js';
import type { World } from '../world.js';

/** Pipelines are stored inline; what is about Git says so. */
const NOT_SERVED = 422;
const yaml = (body: string) => ({ contentType: 'application/yaml', body });
const noAccount = { change: { query: { accountIdentifier: [] } }, field: 'accountIdentifier' };
const missing = { change: { params: { pipelineIdentifier: 'nowhere' } } };
const later = { none: 'later work: nothing is looked up' };
const v1Missing = { change: { params: { pipeline: 'nowhere' } } };
const longOrg = { change: { params: { org: 'x'.repeat(129) } }, field: 'org' };
const gitQuery = ({ scope, gitConnector }: World) => ({
  ...scope,
  connectorRef: gitConnector,
  repoName: 'shop',
  branch: 'main',
  filePath: '.harness/p.yaml',
  isForceImport: true,
  isHarnessCodeRepo: false,
});
const ofPipeline = ({ scope, pipelineWithInputs }: World) => ({ ...scope, pipelineIdentifier: pipelineWithInputs });

function overlayYaml({ org, project, inputSet }: World, identifier: string): string {
  return stringify({
    overlayInputSet: {
      identifier,
      name: identifier,
      orgIdentifier: org,
      projectIdentifier: project,
      inputSetReferences: [inputSet],
      tags: {},
    },
  });
}
async function overlay(world: World): Promise<string> {
  const identifier = world.make.id('overlay');
  await world.make.call('POST', '/pipeline/api/inputSets/overlay', {
    query: ofPipeline(world),
    yaml: overlayYaml(world, identifier),
  });
  return identifier;
}
const noOverlay = { change: { params: { inputSetIdentifier: 'nowhere' } } };
const withoutPipeline = { change: { query: { pipelineIdentifier: [] } }, field: 'pipelineIdentifier' };

/** Pipelines from Git, variables, validation (api-contract 4.1, 4.2), overlays (4.5). */
export const morePipelineCases: RouteCases = {
  importPipeline: {
    request: (world) => ({ query: gitQuery(world), json: { pipelineName: 'p', pipelineDescription: '' } }),
    status: NOT_SERVED,
    invalid: noAccount,
    missing: later,
  },
  importPipelineAs: {
    request: (world) => ({ query: gitQuery(world), params: { pipelineIdentifier: 'p' }, json: {} }),
    status: NOT_SERVED,
    invalid: noAccount,
    missing: later,
  },
  updatePipelineGitMetadata: {
    request: (world) => ({ query: gitQuery(world), params: { pipelineIdentifier: world.finished.pipeline } }),
    status: NOT_SERVED,
    invalid: noAccount,
    missing,
  },
  pipelineVariables: {
    request: (world) => ({
      query: world.scope,
      raw: yaml(pipelineYaml(world, 'some_name', { variables: [{ name: 'tag', type: 'String', value: 'v1' }] })),
    }),
    answers: { yaml: partOf('pipeline:') },
    invalid: { change: { raw: yaml('pipeline: [') }, field: 'YAML' },
    missing: { none: 'nothing is looked up' },
    otherAccount: 'an answer of its own',
  },
  validateStoredPipeline: {
    request: (world) => ({ query: { ...world.scope, pipelineIdentifier: world.finished.pipeline }, raw: yaml('') }),
    answers: 'valid',
    invalid: withoutPipeline,
    missing: { change: { query: { pipelineIdentifier: 'nowhere' } } },
  },
  expandedPipelineJson: {
    request: ({ scope, finished }) => ({ query: scope, params: { pipelineIdentifier: finished.pipeline } }),
    answers: { expandedJson: partOf('DBSchemaApply') },
    invalid: noAccount,
    missing,
  },
  v1ValidatePipeline: {
    request: ({ path, finished }) => ({ params: { ...path, pipeline: finished.pipeline }, json: {} }),
    invalid: longOrg,
    missing: v1Missing,
  },
  v1PipelineInputs: {
    request: ({ path, pipelineWithInputs }) => ({
      params: { ...path, pipeline: pipelineWithInputs },
      query: { branch_name: 'main' },
      json: { stage_ids: [] },
    }),
    answers: {
      template_yaml: partOf('<+input>'),
      resolved_yaml: partOf('DBSchemaApply'),
      has_input_sets: true,
      inputs: { pipeline: {} },
    },
    invalid: longOrg,
    missing: v1Missing,
  },
  v1GetPipelineValidation: {
    request: async ({ path, finished, make }) => {
      const { uuid } = (await make.call(
        'POST',
        `/v1/orgs/${path.org}/projects/${path.project}/pipelines/${finished.pipeline}/validate`,
        { body: {} },
      )) as { uuid: string };
      return { params: { ...path, uuid } };
    },
    answers: (_, { params }) => ({ uuid: params?.['uuid'], status: 'SUCCESS' }),
    invalid: longOrg,
    missing: { change: { params: { uuid: 'nowhere' } } },
  },
  v1ExecuteDynamic: {
    request: async (world) => {
      const pipeline = await world.make.pipeline();
      return { params: { ...world.path, pipeline }, json: { yaml: pipelineYaml(world, pipeline) } };
    },
    answers: { execution_details: { status: 'RUNNING' } },
    invalid: { change: { json: {} }, field: 'yaml' },
    missing: (world) => ({
      change: { params: { pipeline: 'nowhere' }, json: { yaml: pipelineYaml(world, 'nowhere') } },
    }),
  },
  v1ImportPipeline: {
    request: ({ path }) => ({ params: { ...path, pipeline: 'p' }, json: {} }),
    status: NOT_SERVED,
    invalid: longOrg,
    missing: later,
  },
  v1MovePipeline: {
    request: ({ path, finished }) => ({ params: { ...path, pipeline: finished.pipeline }, json: {} }),
    status: NOT_SERVED,
    invalid: longOrg,
    missing: v1Missing,
  },
  v1PipelineGitMetadata: {
    request: ({ path, finished }) => ({ params: { ...path, pipeline: finished.pipeline }, json: {} }),
    status: NOT_SERVED,
    invalid: longOrg,
    missing: v1Missing,
  },
  mergeWithTemplateYaml: {
    request: (world) => ({
      query: ofPipeline(world),
      json: {
        runtimeInputYaml: `pipeline: {identifier: ${world.pipelineWithInputs}, variables: [{name: tag, type: String, value: v9}]}`,
        withMergedPipelineYaml: true,
      },
    }),
    answers: { isErrorResponse: false, pipelineYaml: partOf('v9') },
    invalid: withoutPipeline,
    missing: { change: { query: { pipelineIdentifier: 'nowhere' } } },
  },
  createOverlayInputSet: {
    request: (world) => ({ query: ofPipeline(world), raw: yaml(overlayYaml(world, world.make.id('overlay'))) }),
    answers: ({ inputSet }) => ({ inputSetReferences: [inputSet] }),
    invalid: { change: { raw: yaml('overlayInputSet: [') }, field: 'YAML' },
    missing: { change: { query: { pipelineIdentifier: 'nowhere' } } },
  },
  updateOverlayInputSet: {
    request: async (world) => {
      const inputSetIdentifier = await overlay(world);
      return {
        query: ofPipeline(world),
        params: { inputSetIdentifier },
        raw: yaml(overlayYaml(world, inputSetIdentifier)),
      };
    },
    answers: (_, { params }) => ({ identifier: params?.['inputSetIdentifier'] }),
    invalid: { change: { raw: yaml('overlayInputSet: [') }, field: 'YAML' },
    missing: (world) => ({ change: { ...noOverlay.change, raw: yaml(overlayYaml(world, 'nowhere')) } }),
  },
  getOverlayInputSet: {
    request: async (world) => ({ query: ofPipeline(world), params: { inputSetIdentifier: await overlay(world) } }),
    answers: (_, { params }) => ({
      identifier: params?.['inputSetIdentifier'],
      overlayInputSetYaml: partOf('overlayInputSet:'),
    }),
    invalid: withoutPipeline,
    missing: noOverlay,
  },
  deleteOverlayInputSet: {
    request: async (world) => ({ query: ofPipeline(world), params: { inputSetIdentifier: await overlay(world) } }),
    answers: true,
    invalid: withoutPipeline,
    missing: noOverlay,
  },
};
