export { startRedis, type TestRedis } from './redis.js';
export { freePort, startPostgres, type TestPostgres } from './postgres.js';
export { initialiseCluster, mayEnter, postgresPrograms, programsAt, serverIdentity, type PostgresPrograms, type ServerIdentity } from './embedded-postgres.js';
export { liquibaseRollbackCount, liquibaseUpdate, type CliRun } from './liquibase-cli.js';
export { testIdentities, testUser, type TestIdentities } from './service-identities.js';
export { startGit, type FileChanges, type GitOptions, type GitRequest, type TestGit } from './git-server.js';
export { testPodAuthority, type TestPodAuthority } from './pod-certificates.js';
export { Cable } from './cable.js';
export { Random } from './random.js';
