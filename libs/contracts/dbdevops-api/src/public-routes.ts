import type { RouteDefinition } from '@sluice/api-conventions';
import {
  authoringPipelineStatus,
  defaultAuthoringInstance,
  defaultLlmPipeline,
  executeLlmPipeline,
  recordAuthoringEvent,
} from './change-authoring.js';
import { createDbInstance, deleteDbInstance, getDbInstance, listDbInstances, updateDbInstance } from './db-instance.js';
import {
  createDbSchema,
  dbSchemaOverview,
  deleteDbSchema,
  deleteDbSchemasOfProject,
  getDbSchema,
  listDbSchemas,
  listDbSchemasOfAccount,
  updateDbSchema,
} from './db-schema.js';
import { deployedState, getParsedLog, parseMigrationLog } from './deployed-state.js';
import {
  flywayDeployedState,
  flywayInstanceMigrationState,
  flywayMigrationScript,
  flywaySchemaMigrationState,
  flywayStepScripts,
} from './flyway.js';
import {
  deleteImages,
  getCustomerImages,
  getDefaultImages,
  pinImage,
  resetImages,
  updateImages,
} from './image-config.js';
import {
  changesetExistence,
  changesetMetadata,
  changesetSql,
  changesetYaml,
  instanceMigrationState,
  schemaMigrationState,
} from './migration-state.js';
import { snapshotObjectNames, snapshotObjectValues, storeDbMetadata, storeMetadataSnapshot } from './snapshot.js';
import {
  customOperations,
  failureInterrupt,
  flywayCustomOperations,
  flywayFailureInterrupt,
  flywayPluginOutputResponse,
  flywayStepPluginInputs,
  pluginCapability,
  pluginOutputResponse,
  schemaInstanceMetadata,
  stepPluginInputs,
  stepPluginResponse,
} from './step-plugin.js';

/** Every public DB DevOps route, as NG manager serves it to the gateway. Static paths come before those with parameters. */
export const publicDbDevopsRoutes: readonly RouteDefinition[] = [
  listDbSchemas,
  createDbSchema,
  dbSchemaOverview,
  getDbSchema,
  updateDbSchema,
  deleteDbSchema,
  listDbSchemasOfAccount,
  deleteDbSchemasOfProject,
  createDbInstance,
  listDbInstances,
  getDbInstance,
  updateDbInstance,
  deleteDbInstance,
  schemaMigrationState,
  instanceMigrationState,
  changesetSql,
  changesetYaml,
  changesetMetadata,
  changesetExistence,
  deployedState,
  parseMigrationLog,
  getParsedLog,
  flywaySchemaMigrationState,
  flywayInstanceMigrationState,
  flywayDeployedState,
  flywayMigrationScript,
  flywayStepScripts,
  snapshotObjectNames,
  snapshotObjectValues,
  storeDbMetadata,
  storeMetadataSnapshot,
  defaultAuthoringInstance,
  defaultLlmPipeline,
  executeLlmPipeline,
  recordAuthoringEvent,
  authoringPipelineStatus,
  getDefaultImages,
  getCustomerImages,
  updateImages,
  resetImages,
  deleteImages,
  pinImage,
  stepPluginInputs,
  stepPluginResponse,
  flywayStepPluginInputs,
  pluginOutputResponse,
  flywayPluginOutputResponse,
  failureInterrupt,
  flywayFailureInterrupt,
  customOperations,
  flywayCustomOperations,
  schemaInstanceMetadata,
  pluginCapability,
];

/** The same route as dbdevops itself serves it, to NG manager only: `/dbdevops` in front of the path. */
export function atDbdevops<R extends RouteDefinition>(route: R): R {
  return { ...route, path: `/dbdevops${route.path}`, callers: ['ng-manager'] };
}
