export { CAPABILITIES } from './capabilities.js';
export { StepTypeRegistry } from './registry.js';
export { type DbCommand, type DbTarget, type StepType } from './step-type.js';
