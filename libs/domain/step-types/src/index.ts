export { dbSchemaApplySpec } from './db-schema-apply/index.js';
export { dbSchemaRollbackSpec } from './db-schema-rollback/index.js';
export { STEP_TYPES, StepTypeRegistry } from './registry.js';
export { defineStepType, type DbCommand, type DbTarget, type ShownPart, type StepType } from './step-type.js';
