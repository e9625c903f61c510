import { partOf } from '../answers.js';
import type { RouteCases } from '../route-case.js';
import type { PastExecution, World } from '../world.js';

const noSchema = { change: { params: { dbschema: 'nowhere' } } };
const noInstance = { change: { params: { dbinstance: 'nowhere' } } };
const badLimit = { change: { query: { limit: '101' } }, field: 'limit' };
const longOrg = { change: { params: { org: 'x'.repeat(129) } }, field: 'org' };
const atSchema = ({ path, schema }: World) => ({ ...path, dbschema: schema });
const atInstance = (world: World) => ({ ...atSchema(world), dbinstance: world.instance });
const atFlyway = ({ path, flywaySchema, flywayInstance }: World) => ({
  ...path,
  dbschema: flywaySchema,
  dbinstance: flywayInstance,
});
const metadataOf = ({ id, pipeline, stageNode }: PastExecution) => ({
  pipeline,
  planExecutionId: id,
  stageExecutionId: stageNode,
});
const UPDATED = "Liquibase command 'update' was executed successfully.";

/** What is deployed where (api-contract 2.1, 2.3), read from the run of the world. */
export const dbStateCases: RouteCases = {
  schemaMigrationState: {
    request: (world) => ({
      params: atSchema(world),
      query: { search_term: 'conf' },
      json: { instanceFilter: { instances: [world.instance], sort: 'name', order: 'DESC' } },
    }),
    answers: ({ schema, instance, changeset, finished }) => ({
      schema,
      instances: [{ identifier: instance }],
      changeSets: [
        {
          changeSet: changeset.id,
          author: 'e2e',
          fileName: 'changelog.sql',
          synced: true,
          changeSetFQN: changeset.fqn,
          instances: [
            { instance, status: 'Successfully_Deployed', planExecutionId: finished.id, pipeline: finished.pipeline },
          ],
        },
      ],
    }),
    invalid: { change: { json: { instanceFilter: { order: 'UP' } } }, field: 'instanceFilter.order' },
    missing: noSchema,
  },
  instanceMigrationState: {
    request: (world) => ({ params: atInstance(world) }),
    answers: ({ changeset, finished, marker }) => ({
      schemaName: `${marker} schema`,
      instanceName: `${marker} instance`,
      changeSets: [
        {
          changeSet: changeset.id,
          changeSetFQN: changeset.fqn,
          status: 'Successfully_Deployed',
          planExecutionId: finished.id,
          tag: 'v1',
        },
      ],
    }),
    invalid: badLimit,
    missing: noInstance,
  },
  changesetSql: {
    request: (world) => ({ params: atInstance(world), json: { changesetFQN: world.changeset.fqn } }),
    status: 404,
    answers: { message: partOf('was not recorded') },
    invalid: { change: { json: { changesetFQN: '' } }, field: 'changesetFQN' },
    missing: { change: { json: { changesetFQN: 'a::b::c' } } },
  },
  changesetYaml: {
    request: (world) => ({ params: atInstance(world), query: { changeSet: world.changeset.fqn } }),
    status: 404,
    answers: { message: partOf('was not recorded') },
    invalid: { change: { query: { changeSet: '' } }, field: 'changeSet' },
    missing: { change: { query: { changeSet: 'a::b::c' } } },
  },
  changesetMetadata: {
    request: (world) => ({
      params: atInstance(world),
      query: {
        harnessCommand: 'Update',
        pipelineExecutionId: world.finished.id,
        stageExecutionId: world.finished.stageNode,
        contentType: 'Sql',
      },
    }),
    status: 422,
    answers: { message: partOf('not built yet') },
    invalid: { change: { query: { contentType: 'Xml' } }, field: 'contentType' },
    missing: noInstance,
  },
  changesetExistence: {
    request: (world) => ({
      params: atSchema(world),
      json: { changeSets: [{ id: world.changeset.id }, { id: 'unknown' }] },
    }),
    answers: ({ changeset }) => ({ existence: { [changeset.id]: true, unknown: false } }),
    invalid: { change: { json: { changeSets: [] } }, field: 'changeSets' },
    missing: noSchema,
  },
  deployedState: {
    request: (world) => ({
      params: atInstance(world),
      json: { ...metadataOf(world.finished), stepType: 'DBSchemaApply', startTime: 0 },
    }),
    answers: ({ changeset, finished }) => [
      {
        changeSetId: changeset.id,
        author: 'e2e',
        fileName: 'changelog.sql',
        status: 'SUCCESS',
        command: 'Update',
        deployedInCurrentExecution: true,
        metadata: metadataOf(finished),
        changeSetFQN: changeset.fqn,
      },
    ],
    invalid: (world) => ({
      change: { json: { ...metadataOf(world.finished), stepType: 'ShellScript' } },
      field: 'stepType',
    }),
    missing: noInstance,
  },
  parseMigrationLog: {
    request: (world) => ({ params: atInstance(world), raw: { contentType: 'text/plain', body: UPDATED } }),
    answers: { success: true, command: 'Update' },
    invalid: { change: { raw: { contentType: 'text/plain', body: 'hello' } }, field: 'log' },
    missing: noInstance,
  },
  getParsedLog: {
    request: async (world) => {
      const answer = (await world.make.call(
        'POST',
        `/v1/orgs/${world.org}/projects/${world.project}/dbschema/${world.schema}/instance/${world.instance}/logs`,
        { yaml: UPDATED },
      )) as { id: string };
      return { params: { ...atInstance(world), log: answer.id } };
    },
    answers: (_, { params }) => ({ id: params?.['log'], success: true, command: 'Update' }),
    invalid: longOrg,
    missing: { change: { params: { log: 'nowhere' } } },
  },
  flywaySchemaMigrationState: {
    request: (world) => ({ params: atFlyway(world), json: {} }),
    status: 422,
    answers: { message: partOf('not built yet') },
    invalid: badLimit,
    missing: noSchema,
  },
  flywayInstanceMigrationState: {
    request: (world) => ({ params: atFlyway(world) }),
    status: 422,
    answers: { message: partOf('not built yet') },
    invalid: badLimit,
    missing: noInstance,
  },
  flywayDeployedState: {
    request: (world) => ({
      params: atFlyway(world),
      json: { ...metadataOf(world.finished), stepType: 'FlywayMigrate' },
    }),
    status: 422,
    answers: { message: partOf('not built yet') },
    invalid: { change: { json: {} }, field: 'planExecutionId' },
    missing: noInstance,
  },
  flywayMigrationScript: {
    request: (world) => ({ params: atFlyway(world), query: { flywayVersion: '1' } }),
    status: 404,
    answers: { message: partOf('no migration of version [1]') },
    invalid: { change: { query: { flywayVersion: '' } }, field: 'flywayVersion' },
    missing: noInstance,
  },
  flywayStepScripts: {
    request: ({ scope, finished, flywaySchema, flywayInstance }) => ({
      query: {
        ...scope,
        pipelineExecutionId: finished.id,
        stageExecutionId: finished.stageNode,
        dbSchema: flywaySchema,
        dbInstance: flywayInstance,
        command: 'Migrate',
      },
    }),
    status: 404,
    answers: { message: partOf('no Flyway scripts') },
    invalid: { change: { query: { command: 'Drop' } }, field: 'command' },
    missing: { change: { query: { dbSchema: 'nowhere' } } },
  },
  snapshotObjectNames: {
    request: (world) => ({ params: atInstance(world), query: { objectType: 'Table' } }),
    status: 422,
    answers: { message: partOf('not built yet') },
    invalid: { change: { query: { objectType: '' } }, field: 'objectType' },
    missing: noInstance,
  },
  snapshotObjectValues: {
    request: (world) => ({ params: atInstance(world), json: { objectType: 'Table', objectNames: ['users'] } }),
    status: 422,
    answers: { message: partOf('not built yet') },
    invalid: { change: { json: { objectType: 'Table' } }, field: 'objectNames' },
    missing: noInstance,
  },
};
