export { startRedis, type TestRedis } from './redis.js';
export { hasMariaDb, startMariaDb, type TestMariaDb } from './mariadb.js';
export { freePort, startPostgres, type TestPostgres } from './postgres.js';
export {
  initialiseCluster,
  mayEnter,
  postgresPrograms,
  programsAt,
  serverIdentity,
  type PostgresPrograms,
  type ServerIdentity,
} from './embedded-postgres.js';
export { liquibaseRollbackCount, liquibaseUpdate, type CliRun } from './liquibase-cli.js';
export { testIdentities, testUser, type TestIdentities } from './service-identities.js';
export {
  startGit,
  type FileChanges,
  type GitCredentials,
  type GitOptions,
  type GitRequest,
  type TestGit,
} from './git-server.js';
export { testPodAuthority, type TestPodAuthority } from './pod-certificates.js';
export { Cable } from './cable.js';
export { leastCpuMs } from './cpu-time.js';
export { killIfThere } from './kill.js';
export { contentOf, filesBelow } from './living-folder.js';
export { quickestMs } from './quickest.js';
export { Random } from './random.js';
