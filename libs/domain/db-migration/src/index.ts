export { engineConnection, postgresEncryption, type EngineConnection, type PostgresEncryption } from './connection.js';
export { checkDatabaseUrl } from './database-url.js';
export { parseJdbcUrl, type JdbcUrl } from './jdbc-url.js';
