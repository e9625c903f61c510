import { parse } from 'yaml';
import { partOf } from '../answers.js';
import { pipelineYaml } from '../make-world.js';
import type { RouteCases } from '../route-case.js';
import type { World } from '../world.js';

const MISSING = 'RESOURCE_NOT_FOUND_EXCEPTION';
const LISTS = { none: 'a list has nothing that could be missing' };
const yaml = (body: string) => ({ contentType: 'application/yaml', body });
const noAccount = { change: { query: { accountIdentifier: [] } }, field: 'accountIdentifier' };
const missing = { change: { params: { pipelineIdentifier: 'nowhere' } } };
const withoutStages = (identifier: string) => ({
  change: { raw: yaml(`pipeline: {identifier: ${identifier}, name: ${identifier}}`) },
  field: 'stages',
});
const created = async (world: World) => {
  const pipelineIdentifier = await world.make.pipeline();
  return {
    query: world.scope,
    params: { pipelineIdentifier },
    raw: yaml(pipelineYaml(world, pipelineIdentifier).replace('database', 'renamed')),
  };
};
const replacing = (world: World) => ({ change: { ...missing.change, raw: yaml(pipelineYaml(world, 'nowhere')) } });
const NOWHERE = 'nowhere';
const rootOf = (world: World) =>
  `${pipelineYaml(world, world.make.id('pipeline'))}\norgIdentifier: ${world.org}\nprojectIdentifier: ${world.project}\n`;
const inNoProject = (world: World) => ({
  change: { query: { projectIdentifier: NOWHERE }, raw: yaml(pipelineYaml({ ...world, project: NOWHERE }, 'p')) },
  code: MISSING,
});
const inNoOrg = (world: World) => ({
  change: { query: { orgIdentifier: NOWHERE }, raw: yaml(pipelineYaml({ ...world, org: NOWHERE }, 'p')) },
  code: MISSING,
});

/** Pipelines of `/pipeline/api` and `/v1` (api-contract 4.1, 4.2). */
export const pipelineCases: RouteCases = {
  createPipeline: {
    request: (world) => ({ query: world.scope, raw: yaml(rootOf(world)) }),
    answers: { identifier: partOf('pipeline_'), governanceMetadata: { deny: false, status: 'pass' } },
    invalid: withoutStages('p'),
    missing: inNoProject,
  },
  createPipelineLegacy: {
    request: (world) => ({
      query: world.scope,
      raw: {
        contentType: 'application/json',
        body: JSON.stringify(parse(pipelineYaml(world, world.make.id('pipeline')))),
      },
    }),
    invalid: withoutStages('p'),
    missing: inNoOrg,
  },
  updatePipeline: {
    request: created,
    answers: (_, { params }) => ({ identifier: params?.['pipelineIdentifier'] }),
    invalid: withoutStages('p'),
    missing: replacing,
  },
  updatePipelineLegacy: {
    request: created,
    answers: (_, { params }) => String(params?.['pipelineIdentifier']),
    invalid: withoutStages('p'),
    missing: replacing,
  },
  getPipeline: {
    request: ({ scope, finished }) => ({
      query: { ...scope, branch: 'main' },
      params: { pipelineIdentifier: finished.pipeline },
    }),
    answers: { yamlPipeline: partOf('DBSchemaApply'), entityValidityDetails: { valid: true } },
    invalid: noAccount,
    missing,
  },
  deletePipeline: {
    request: async ({ scope, make }) => ({ query: scope, params: { pipelineIdentifier: await make.pipeline() } }),
    answers: true,
    invalid: noAccount,
    missing,
  },
  listPipelines: {
    request: ({ scope, finished }) => ({
      query: { ...scope, page: 0, size: 5, searchTerm: finished.pipeline },
      json: {
        filterType: 'PipelineSetup',
        orgIdentifier: scope.orgIdentifier,
        projectIdentifier: scope.projectIdentifier,
      },
    }),
    answers: ({ finished }) => ({
      totalElements: 1,
      size: 5,
      content: [
        {
          identifier: finished.pipeline,
          numOfStages: 1,
          executionSummaryInfo: { lastExecutionId: finished.id, lastExecutionStatus: 'Success' },
        },
      ],
    }),
    invalid: { change: { query: { size: '0' } }, field: 'size' },
    missing: LISTS,
  },
  getPipelineSummary: {
    request: ({ scope, finished }) => ({ query: scope, params: { pipelineIdentifier: finished.pipeline } }),
    answers: ({ finished }) => ({ identifier: finished.pipeline, stageNames: ['database'] }),
    invalid: noAccount,
    missing,
  },
  validatePipelineYaml: {
    request: (world) => ({ query: world.scope, raw: yaml(pipelineYaml(world, 'some_name')) }),
    answers: 'valid',
    invalid: withoutStages('p'),
    missing: { none: 'nothing is looked up' },
    otherAccount: 'an answer of its own',
  },
  v1ListPipelines: {
    request: ({ path, finished }) => ({
      params: path,
      query: { search_term: finished.pipeline, orgIdentifier: path.org, projectIdentifier: path.project },
    }),
    answers: ({ finished }) => [
      {
        identifier: finished.pipeline,
        recent_execution_info: [{ execution_id: finished.id, execution_status: 'SUCCESS', run_number: 1 }],
        store_type: 'INLINE',
        valid: true,
      },
    ],
    invalid: { change: { query: { limit: '101' } }, field: 'limit' },
    missing: LISTS,
  },
  v1CreatePipeline: {
    request: (world) => {
      const identifier = world.make.id('pipeline');
      return {
        params: world.path,
        json: { identifier, name: identifier, pipeline_yaml: pipelineYaml(world, identifier), version: '0' },
      };
    },
    answers: (_, { json }) => ({ identifier: (json as { identifier: string }).identifier }),
    invalid: { change: { json: { identifier: 'x', name: 'x' } }, field: 'pipeline_yaml' },
    missing: (world) => ({
      change: {
        params: { project: NOWHERE },
        json: { identifier: 'p', name: 'p', pipeline_yaml: pipelineYaml({ ...world, project: NOWHERE }, 'p') },
      },
    }),
  },
  v1UpdatePipeline: {
    request: async (world) => {
      const pipeline = await world.make.pipeline();
      return {
        params: { ...world.path, pipeline },
        json: { identifier: pipeline, name: pipeline, pipeline_yaml: pipelineYaml(world, pipeline) },
      };
    },
    answers: (_, { params }) => ({ identifier: params?.['pipeline'] }),
    invalid: { change: { json: { identifier: 'x', name: 'x' } }, field: 'pipeline_yaml' },
    missing: (world) => ({
      change: {
        params: { pipeline: 'nowhere' },
        json: { identifier: 'nowhere', name: 'nowhere', pipeline_yaml: pipelineYaml(world, 'nowhere') },
      },
    }),
  },
  v1GetPipeline: {
    request: ({ path, finished }) => ({ params: { ...path, pipeline: finished.pipeline } }),
    answers: ({ finished, org, project }) => ({
      identifier: finished.pipeline,
      org,
      project,
      pipeline_yaml: partOf('DBSchemaApply'),
      valid: true,
    }),
    invalid: { change: { params: { org: 'x'.repeat(129) } }, field: 'org' },
    missing: { change: { params: { pipeline: 'nowhere' } } },
  },
  v1DeletePipeline: {
    request: async ({ path, make }) => ({ params: { ...path, pipeline: await make.pipeline() } }),
    invalid: { change: { params: { org: 'x'.repeat(129) } }, field: 'org' },
    missing: { change: { params: { pipeline: 'nowhere' } } },
  },
};
