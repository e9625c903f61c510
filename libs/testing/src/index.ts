export { freePort, startPostgres, type TestPostgres } from './postgres.js';
