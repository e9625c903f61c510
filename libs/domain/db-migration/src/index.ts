export { engineConnection, postgresEncryption, type ConnectionRequest, type EngineConnection, type PostgresEncryption } from './connection.js';
export { parseJdbcUrl, type DatabaseHost, type JdbcUrl } from './jdbc-url.js';
