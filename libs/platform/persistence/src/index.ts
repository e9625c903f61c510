export { createDataSource, isUniqueViolation, openDataSource, type DataSourceOptions } from './data-source.js';
