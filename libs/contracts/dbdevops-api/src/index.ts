import './schema-names.js';
export { INSTANCE, instancePath, plainQuery } from './places.js';
export { acknowledgeAuditEvents, claimAuditEvents } from './audit-events.js';
export {
  authoringPipelineStatus,
  defaultAuthoringInstance,
  defaultLlmPipeline,
  executeLlmPipeline,
  recordAuthoringEvent,
} from './change-authoring.js';
export {
  createDbInstance,
  dbInstanceIn,
  dbInstanceOut,
  dbInstanceUpdate,
  deleteDbInstance,
  getDbInstance,
  listDbInstances,
  updateDbInstance,
  type DbInstanceIn,
  type DbInstanceOut,
  type DbInstanceUpdate,
} from './db-instance.js';
export {
  createDbSchema,
  dbSchemaIn,
  dbSchemaOut,
  dbSchemaOverview,
  dbSchemaUpdate,
  deleteDbSchema,
  deleteDbSchemasOfProject,
  getDbSchema,
  listDbSchemas,
  listDbSchemasOfAccount,
  updateDbSchema,
  type DbSchemaIn,
  type DbSchemaOut,
  type DbSchemaUpdate,
} from './db-schema.js';
export {
  deployedState,
  getParsedLog,
  parseMigrationLog,
  type Command,
  type DeployedStateOutput,
} from './deployed-state.js';
export {
  flywayDeployedState,
  flywayInstanceMigrationState,
  flywayMigrationScript,
  flywaySchemaMigrationState,
  flywayStepScripts,
} from './flyway.js';
export {
  IMAGE_FIELDS,
  deleteImages,
  getCustomerImages,
  getDefaultImages,
  pinImage,
  resetImages,
  updateImages,
  type ImageField,
} from './image-config.js';
export {
  changesetExistence,
  changesetMetadata,
  changesetSql,
  changesetYaml,
  instanceMigrationState,
  schemaMigrationState,
  type DeploymentStatus,
  type MigrationStateIn,
} from './migration-state.js';
export { atDbdevops, publicDbDevopsRoutes } from './public-routes.js';
export { snapshotObjectNames, snapshotObjectValues, storeDbMetadata, storeMetadataSnapshot } from './snapshot.js';
export {
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
export {
  REPORT_ANSWER_MS,
  historyRows,
  recordStep,
  referredKind,
  stepRecorded,
  stepReport,
  stepSchemaAndInstances,
  usesOfEntity,
} from './step-reports.js';
