export { ProjectRow, asNumber, projectColumns } from './columns.js';
export { containing } from './containing.js';
export { createDataSource, isUniqueViolation, openDataSource } from './data-source.js';
