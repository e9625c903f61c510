export { connectorUses, recordStep, stepSchemaAndInstances } from './step-reports.js';
