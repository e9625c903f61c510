import { partOf } from '../answers.js';
import type { RouteCases } from '../route-case.js';
import type { World } from '../world.js';

/** Belongs to later work: answered with what is missing, never with a made-up success. */
const NOT_SERVED = 422;
const later = { none: 'later work: nothing is looked up' };
const pair = ({ schema, instance }: World) => ({ dbSchema: schema, dbInstance: instance });
const inProject = ({ org, project }: World) => ({ org, project });
const metadata = ({ finished }: World) => ({
  pipeline: finished.pipeline,
  planExecutionId: finished.id,
  stageExecutionId: finished.stageNode,
});
const execution = ({ finished }: World) => ({ pipelineExecutionId: finished.id, stageExecutionId: finished.stageNode });
const stepOutput = (world: World) => ({
  schemaIdentifier: world.schema,
  instanceIdentifier: world.instance,
  harnessCommand: 'Update',
  pipelineIdentifier: world.finished.pipeline,
  ...execution(world),
});
const ofProject = ({ org, project }: World) => ({ orgId: org, projectId: project });
const snapshotQuery = (world: World) => ({
  ...world.scope,
  ...execution(world),
  harnessCommand: 'DBOPSSnapshot',
  pipelineIdentifier: world.finished.pipeline,
  ...pair(world),
  parentId: 'p1',
});
const pluginResponse = (world: World) => ({
  ...inProject(world),
  ...pair(world),
  logs: "Liquibase command 'update' was executed successfully.",
  status: 'SUCCESS',
  data: {},
  command: 'Update',
  ...metadata(world),
});
const operations = (world: World) => ({
  ...pair(world),
  command: 'Rollback',
  ...inProject(world),
  pipelineExecutionMetadata: metadata(world),
});
const authoring = (world: World) => ({
  conversationId: 'c1',
  schemaId: world.schema,
  instanceId: world.instance,
  changeset: 'databaseChangeLog: []',
  useDefaultPipeline: true,
});
const event = (world: World) => ({
  schemaIdentifier: world.schema,
  conversationId: 'c1',
  pipelineIdentifier: world.finished.pipeline,
  pipelineExecutionId: world.finished.id,
});
const emptyBody = (field: string) => ({ change: { json: {} }, field });

/** What an execution plane of that platform asks and tells (api-contract 2.5), and AI change authoring (2.4). */
export const dbStepCases: RouteCases = {
  stepPluginInputs: {
    request: (world) => ({
      json: {
        ...pair(world),
        command: 'Update',
        Org: world.org,
        Project: world.project,
        settings: { a: 'b' },
        properties: { owner: 'me' },
      },
    }),
    answers: ({ schema, instance }) => ({
      image: partOf('step-runner'),
      schema: { identifier: schema },
      instance: { identifier: instance },
      settings: { a: 'b' },
      propertiesResult: { owner: 'me' },
      downloadImages: { gitClone: partOf('sluice/') },
    }),
    invalid: (world) => ({
      change: { json: { ...pair(world), command: 'Explode', Org: world.org, Project: world.project } },
      field: 'command',
    }),
    missing: (world) => ({
      change: {
        json: {
          dbSchema: world.schema,
          dbInstance: 'nowhere',
          command: 'Update',
          Org: world.org,
          Project: world.project,
        },
      },
    }),
  },
  stepPluginResponse: {
    request: (world) => ({ json: pluginResponse(world) }),
    invalid: (world) => ({ change: { json: { ...pluginResponse(world), org: '' } }, field: 'org' }),
    missing: (world) => ({ change: { json: { ...pluginResponse(world), dbInstance: 'nowhere' } } }),
  },
  flywayStepPluginInputs: {
    request: (world) => ({
      json: { ...pair(world), command: 'Migrate', parentId: 'p1', pipelineExecutionMetadata: metadata(world) },
    }),
    status: NOT_SERVED,
    invalid: emptyBody('dbInstance'),
    missing: later,
  },
  pluginOutputResponse: {
    request: (world) => ({ json: { ...ofProject(world), ...stepOutput(world), stepResponse: 'eA==' } }),
    status: NOT_SERVED,
    invalid: emptyBody('orgId'),
    missing: later,
  },
  flywayPluginOutputResponse: {
    request: (world) => ({ json: { parentId: 'p1', ...stepOutput(world), stepResponse: 'eA==', lastChunk: true } }),
    status: NOT_SERVED,
    invalid: emptyBody('parentId'),
    missing: later,
  },
  failureInterrupt: {
    request: (world) => ({ json: { ...ofProject(world), ...stepOutput(world), interruptType: 'Abort' } }),
    status: NOT_SERVED,
    invalid: emptyBody('interruptType'),
    missing: later,
  },
  flywayFailureInterrupt: {
    request: (world) => ({ json: { parentId: 'p1', ...stepOutput(world), interruptType: 'Abort' } }),
    status: NOT_SERVED,
    invalid: emptyBody('interruptType'),
    missing: later,
  },
  customOperations: {
    request: (world) => ({
      json: {
        ...operations(world),
        properties: ['EarlierRunInStage', 'SuccessfulChangeSetDeploymentInStage', 'DeployedChangeSets', 'PreStartTag'],
      },
    }),
    answers: ({ changeset }) => ({
      earlierRunInStage: true,
      successfulChangeSetDeploymentInStage: true,
      deployedChangeSets: [{ changeSetFQN: changeset.fqn }],
    }),
    invalid: (world) => ({ change: { json: { ...operations(world), properties: [] } }, field: 'properties' }),
    missing: (world) => ({
      change: { json: { ...operations(world), dbInstance: 'nowhere', properties: ['PreStartTag'] } },
    }),
  },
  flywayCustomOperations: {
    request: (world) => ({
      json: {
        ...pair(world),
        command: 'Undo',
        pipelineExecutionMetadata: metadata(world),
        properties: ['PreStartTag'],
      },
    }),
    status: NOT_SERVED,
    invalid: emptyBody('properties'),
    missing: later,
  },
  schemaInstanceMetadata: {
    request: (world) => ({ json: { ...pair(world), ...inProject(world) } }),
    answers: ({ schema, instance }) => ({
      dbSchema: { identifier: schema },
      dbInstance: { identifier: instance },
      image: partOf('sluice/step-runner'),
    }),
    invalid: (world) => ({ change: { json: pair(world) }, field: 'org' }),
    missing: (world) => ({ change: { json: { ...pair(world), ...inProject(world), dbSchema: 'nowhere' } } }),
  },
  pluginCapability: {
    request: () => ({}),
    answers: { supportsConsolidated: false },
    invalid: { change: { query: { accountIdentifier: ['', ''] } }, field: 'accountIdentifier' },
    missing: { none: 'names nothing' },
    otherAccount: 'an answer of its own',
  },
  storeDbMetadata: {
    request: (world) => ({ params: { snapshotId: 's1' }, query: snapshotQuery(world), json: [] }),
    status: NOT_SERVED,
    invalid: { change: { json: {} }, field: 'body' },
    missing: later,
  },
  storeMetadataSnapshot: {
    request: (world) => ({
      params: { snapshotId: 's1' },
      query: snapshotQuery(world),
      raw: { contentType: 'application/octet-stream', body: new Uint8Array([1, 0, 2]) },
    }),
    status: NOT_SERVED,
    invalid: { change: { query: { dbSchema: '' } }, field: 'dbSchema' },
    missing: later,
  },
  defaultLlmPipeline: {
    request: ({ path }) => ({ params: path }),
    status: 404,
    answers: { message: partOf('no pipeline is set up') },
    invalid: { change: { params: { org: 'x'.repeat(129) } }, field: 'org' },
    missing: { change: { query: { dbSchema: 'nowhere' } } },
  },
  executeLlmPipeline: {
    request: (world) => ({ params: world.path, json: authoring(world) }),
    status: NOT_SERVED,
    invalid: (world) => ({
      change: { json: { ...authoring(world), runtimeInputs: { schemaId: 'y' } } },
      field: 'runtimeInputs',
    }),
    missing: (world) => ({ change: { json: { ...authoring(world), schemaId: 'nowhere' } } }),
  },
  recordAuthoringEvent: {
    request: (world) => ({ params: world.path, json: event(world) }),
    status: NOT_SERVED,
    invalid: emptyBody('conversationId'),
    missing: (world) => ({ change: { json: { ...event(world), schemaIdentifier: 'nowhere' } } }),
  },
  authoringPipelineStatus: {
    request: ({ path, finished }) => ({
      params: { ...path, pipelineIdentifier: finished.pipeline },
      query: { pipelineExecutionId: finished.id },
    }),
    status: 404,
    invalid: { change: { query: { pipelineExecutionId: '' } }, field: 'pipelineExecutionId' },
    missing: { change: { params: { pipelineIdentifier: 'nowhere' } } },
  },
};
