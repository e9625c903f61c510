export { engineConnection, postgresEncryption, type ConnectionRequest, type EngineConnection, type PostgresEncryption } from './connection.js';
export { DATABASE_PRODUCTS, checkDatabaseUrl, databaseUrlExample, type DatabaseProduct, type DatabaseUrl } from './database-url.js';
export { parseJdbcUrl, type DatabaseHost, type JdbcUrl } from './jdbc-url.js';
