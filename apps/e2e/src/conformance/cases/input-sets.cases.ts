import { partOf } from '../answers.js';
import { inputSetYaml } from '../make-world.js';
import type { RouteCases } from '../route-case.js';
import type { World } from '../world.js';

const yaml = (body: string) => ({ contentType: 'application/yaml', body });
const ofPipeline = ({ scope, pipelineWithInputs }: World) => ({ ...scope, pipelineIdentifier: pipelineWithInputs });
const noPipeline = { change: { query: { pipelineIdentifier: 'nowhere' } } };
const withoutPipeline = { change: { query: { pipelineIdentifier: [] } }, field: 'pipelineIdentifier' };
const missing = { change: { params: { inputSetIdentifier: 'nowhere' } } };
const v1Missing = { change: { params: { inputSet: 'nowhere' } } };
const v1WithoutPipeline = { change: { query: { pipeline: [] } }, field: 'pipeline' };
const broken = { change: { raw: yaml('inputSet: [') }, field: 'YAML' };
const v1Body = (world: World, identifier: string) => ({
  identifier,
  name: identifier,
  description: 'd',
  tags: { a: 'b' },
  input_set_yaml: inputSetYaml(world, identifier),
});

/** Input sets of `/pipeline/api` and `/v1` (api-contract 4.2, 4.5). */
export const inputSetCases: RouteCases = {
  listInputSets: {
    request: (world) => ({ query: { ...ofPipeline(world), page: 0, size: 5, searchTerm: world.inputSet } }),
    answers: ({ inputSet, pipelineWithInputs }) => ({
      totalItems: 1,
      pageSize: 5,
      content: [{ identifier: inputSet, pipelineIdentifier: pipelineWithInputs, inputSetType: 'INPUT_SET' }],
    }),
    invalid: { change: { query: { pageSize: '0' } }, field: 'pageSize' },
    missing: noPipeline,
  },
  createInputSet: {
    request: (world) => ({ query: ofPipeline(world), raw: yaml(inputSetYaml(world, world.make.id('set'))) }),
    answers: ({ pipelineWithInputs }) => ({
      pipelineIdentifier: pipelineWithInputs,
      inputSetYaml: partOf('inputSet:'),
      isOutdated: false,
    }),
    invalid: broken,
    missing: noPipeline,
  },
  updateInputSet: {
    request: async (world) => {
      const inputSetIdentifier = await world.make.inputSet();
      return {
        query: ofPipeline(world),
        params: { inputSetIdentifier },
        raw: yaml(inputSetYaml(world, inputSetIdentifier, 'v2')),
      };
    },
    answers: (_, { params }) => ({ identifier: params?.['inputSetIdentifier'], inputSetYaml: partOf('v2') }),
    invalid: broken,
    missing: (world) => ({ change: { ...missing.change, raw: yaml(inputSetYaml(world, 'nowhere')) } }),
  },
  getInputSet: {
    request: (world) => ({ query: ofPipeline(world), params: { inputSetIdentifier: world.inputSet } }),
    answers: ({ inputSet }) => ({
      identifier: inputSet,
      inputSetYaml: partOf('v1'),
      entityValidityDetails: { valid: true },
    }),
    invalid: withoutPipeline,
    missing,
  },
  deleteInputSet: {
    request: async (world) => ({
      query: ofPipeline(world),
      params: { inputSetIdentifier: await world.make.inputSet() },
    }),
    answers: true,
    invalid: withoutPipeline,
    missing,
  },
  mergeInputSets: {
    request: (world) => ({
      query: ofPipeline(world),
      json: { inputSetReferences: [world.inputSet], withMergedPipelineYaml: true },
    }),
    answers: { isErrorResponse: false, pipelineYaml: partOf('v1'), completePipelineYaml: partOf('DBSchemaApply') },
    invalid: { change: { json: { inputSetReferences: 'one' } }, field: 'inputSetReferences' },
    missing: noPipeline,
  },
  inputTemplate: {
    request: (world) => ({ query: ofPipeline(world), json: {} }),
    answers: { inputSetTemplateYaml: partOf('<+input>'), hasInputSets: true },
    invalid: withoutPipeline,
    missing: noPipeline,
  },
  v1ListInputSets: {
    request: ({ path, pipelineWithInputs, inputSet }) => ({
      params: path,
      query: { pipeline: pipelineWithInputs, search_term: inputSet },
    }),
    answers: ({ inputSet, org, project }) => [{ identifier: inputSet, org, project }],
    invalid: v1WithoutPipeline,
    missing: { change: { query: { pipeline: 'nowhere' } } },
  },
  v1CreateInputSet: {
    request: (world) => ({
      params: world.path,
      query: { pipeline: world.pipelineWithInputs },
      json: v1Body(world, world.make.id('set')),
    }),
    answers: (_, { json }) => json,
    invalid: { change: { json: { identifier: 'x', name: 'x' } }, field: 'input_set_yaml' },
    missing: { change: { query: { pipeline: 'nowhere' } } },
  },
  v1GetInputSet: {
    request: ({ path, pipelineWithInputs, inputSet }) => ({
      params: { ...path, inputSet },
      query: { pipeline: pipelineWithInputs },
    }),
    answers: ({ inputSet, org, project }) => ({ identifier: inputSet, org, project, input_set_error: { valid: true } }),
    invalid: v1WithoutPipeline,
    missing: v1Missing,
  },
  v1UpdateInputSet: {
    request: async (world) => {
      const inputSet = await world.make.inputSet();
      return {
        params: { ...world.path, inputSet },
        query: { pipeline: world.pipelineWithInputs },
        json: v1Body(world, inputSet),
      };
    },
    answers: (_, { json }) => json,
    invalid: { change: { json: { identifier: 'x', name: 'x' } }, field: 'input_set_yaml' },
    missing: (world) => ({ change: { params: { inputSet: 'nowhere' }, json: v1Body(world, 'nowhere') } }),
  },
  v1DeleteInputSet: {
    request: async ({ path, pipelineWithInputs, make }) => ({
      params: { ...path, inputSet: await make.inputSet() },
      query: { pipeline: pipelineWithInputs },
    }),
    invalid: v1WithoutPipeline,
    missing: v1Missing,
  },
};
