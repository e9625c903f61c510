export { DEFAULT_DATABASE_CERTS_DIR, isCertificateText, requireFilesBelow } from './certificate-files.js';
export { engineConnection, postgresEncryption, type EngineConnection, type PostgresEncryption } from './connection.js';
export { checkDatabaseUrl, productWithoutDriver } from './database-url.js';
export { parseJdbcUrl, type JdbcUrl } from './jdbc-url.js';
