const list = (names: string): ReadonlySet<string> => new Set(names.toLowerCase().split(/\s+/).filter((name) => name !== ''));

/** Options of pgjdbc that only tune a connection or say how TLS is checked. Lower case. */
export const POSTGRESQL_OPTIONS = list(`
  sslmode ssl sslrootcert sslcert sslkey sslNegotiation channelBinding gssEncMode
  currentSchema options ApplicationName targetServerType loadBalanceHosts hostRecheckSeconds
  connectTimeout loginTimeout socketTimeout cancelSignalTimeout tcpKeepAlive tcpNoDelay
  prepareThreshold preparedStatementCacheQueries preparedStatementCacheSizeMiB preferQueryMode defaultRowFetchSize
  binaryTransfer stringtype reWriteBatchedInserts autosave escapeSyntaxCallMode assumeMinServerVersion readOnly
`);

/** The same for the MariaDB driver, with the spellings of MySQL's. Lower case. */
export const MARIADB_OPTIONS = list(`
  sslMode useSSL requireSSL verifyServerCertificate trustServerCertificate serverSslCert disableSslHostnameVerification allowPublicKeyRetrieval
  connectTimeout socketTimeout tcpKeepAlive tcpNoDelay useUnicode characterEncoding connectionCollation
  serverTimezone connectionTimeZone timezone useCompression allowMultiQueries rewriteBatchedStatements useServerPrepStmts cachePrepStmts
  tinyInt1isBit transformedBitIsBoolean yearIsDateType zeroDateTimeBehavior nullCatalogMeansCurrent useMysqlMetadata permitMysqlScheme
  createDatabaseIfNotExist noAccessToProcedureBodies useLegacyDatetimeCode
`);

const CLASSES = 'it loads a class by name';
const FILES = 'it sends files of the step container to the server';
const LOGIN = "put it into the connector's username or passwordRef";

/** Options that people do try, with the reason why not. Lower case. */
export const REFUSALS: Readonly<Record<string, string>> = {
  user: LOGIN,
  username: LOGIN,
  password: LOGIN,
  socketfactory: CLASSES,
  socketfactoryarg: CLASSES,
  sslfactory: CLASSES,
  sslfactoryarg: CLASSES,
  sslhostnameverifier: CLASSES,
  sslpasswordcallback: CLASSES,
  authenticationpluginclassname: CLASSES,
  xmlfactoryfactory: CLASSES,
  loggerfile: 'it writes files in the step container',
  loggerlevel: 'it writes credentials to a log',
  service: 'it reads credentials from a file of the step container',
  allowloadlocalinfile: FILES,
  allowlocalinfile: FILES,
  allowurlinlocalinfile: FILES,
  allowloadlocalinfileinpath: FILES,
  autodeserialize: 'it creates objects from what the server sends',
  queryinterceptors: CLASSES,
  statementinterceptors: CLASSES,
  exceptioninterceptors: CLASSES,
  connectionlifecycleinterceptors: CLASSES,
  credentialtype: CLASSES,
  defaultauthenticationplugin: CLASSES,
  authenticationplugins: CLASSES,
  propertiestransform: CLASSES,
  localsocket: 'only TCP connections are possible from a step container',
  pipe: 'only TCP connections are possible from a step container',
};
