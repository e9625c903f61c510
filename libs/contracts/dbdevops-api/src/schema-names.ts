import { nameSchemas } from '@sluice/api-conventions';
import { dbInstanceFilter, dbInstanceIn, dbInstanceOut, dbInstanceUpdate } from './db-instance.js';
import { dbSchemaIn, dbSchemaOut, dbSchemaOverview, dbSchemaUpdate } from './db-schema.js';
import { deployedStateInput, deployedStateOutput, parsedLogOut } from './deployed-state.js';
import { flywayDeployedState, flywayInstanceMigrationState, flywaySchemaMigrationState } from './flyway.js';
import { getCustomerImages, getDefaultImages } from './image-config.js';
import {
  instanceMigrationState,
  instanceMigrationStateChangeSet,
  migrationStateChangeSet,
  migrationStateIn,
  migrationStateInstance,
  schemaMigrationState,
} from './migration-state.js';
import {
  customOperations,
  flywayStepPluginInputs,
  pluginOutputResponse,
  schemaInstanceMetadata,
  stepPluginInputs,
  stepPluginResponse,
} from './step-plugin.js';
import { stepReport } from './step-reports.js';

/** The names these shapes have in the documented API. */
nameSchemas({
  DBSchemaIn: dbSchemaIn,
  DBSchemaUpdate: dbSchemaUpdate,
  DBSchemaOut: dbSchemaOut,
  Overview: dbSchemaOverview.response,
  DBInstanceIn: dbInstanceIn,
  DBInstanceUpdate: dbInstanceUpdate,
  DBInstanceOut: dbInstanceOut,
  DBInstanceFilterIn: dbInstanceFilter,
  MigrationStateIn: migrationStateIn,
  MigrationStateOut: schemaMigrationState.response.shape.body,
  MigrationStateChangeSet: migrationStateChangeSet,
  MigrationStateInstance: migrationStateInstance,
  InstanceMigrationStateOut: instanceMigrationState.response.shape.body,
  InstanceMigrationStateChangeSet: instanceMigrationStateChangeSet,
  FlywayMigrationStateOutput: flywaySchemaMigrationState.response.shape.body,
  FlywayInstanceMigrationStateOutput: flywayInstanceMigrationState.response.shape.body,
  DeployedStateInput: deployedStateInput,
  FlywayDeployedStateInput: flywayDeployedState.body,
  DeployedStateOutput: deployedStateOutput,
  FlywayDeployedStateOutput: flywayDeployedState.response.shape.body.shape.deployedScripts.element,
  ParsedLogOut: parsedLogOut,
  PluginStepInputs: stepPluginInputs.body,
  PluginInputs: stepPluginInputs.response,
  ConsumePluginResp: stepPluginResponse.body,
  FlywayPluginInputs: flywayStepPluginInputs.body,
  FlywayPluginInputsOut: flywayStepPluginInputs.response,
  PluginOutputResponse: pluginOutputResponse.body,
  CustomOperations: customOperations.body,
  SchemaInstanceMetadata: schemaInstanceMetadata.response,
  DefaultImageTags: getDefaultImages.response,
  ImageTags: getCustomerImages.response,
  StepReport: stepReport,
});
