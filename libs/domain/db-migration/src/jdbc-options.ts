import { AppError } from '@sluice/kernel';

/** Names may hold spaces (DB2 for i), so there they are separated by commas. */
const list = (names: string, separator: RegExp = /\s+/): ReadonlySet<string> =>
  new Set(
    names
      .toLowerCase()
      .split(separator)
      .map((name) => name.trim())
      .filter((name) => name !== ''),
  );

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

/** What the AWS wrapper adds to the options of the driver inside it. Plugins are checked by name, too: {@link WRAPPER_PLUGINS}. */
export const WRAPPER_OPTIONS = list(
  'wrapperPlugins iamRegion iamHost iamDefaultPort iamExpiration failoverTimeoutMs clusterId clusterInstanceHostPattern wrapperConnectTimeout wrapperLoginTimeout',
);
export const WRAPPER_PLUGINS = list(
  'iam failover failover2 efm efm2 auroraConnectionTracker initialConnection executionTime',
);

/** SQL Server: after the host, separated by semicolons. Lower case. */
export const SQLSERVER_OPTIONS = list(`
  databaseName database encrypt trustServerCertificate hostNameInCertificate serverCertificate trustStore trustStoreType
  loginTimeout socketTimeout queryTimeout lockTimeout cancelQueryTimeout applicationName applicationIntent workstationID
  multiSubnetFailover transparentNetworkIPResolution instanceName portNumber port packetSize responseBuffering selectMethod
  sendStringParametersAsUnicode sendTimeAsDatetime ipAddressPreference integratedSecurity authenticationScheme serverSpn realm connectRetryCount connectRetryInterval
`);

export const ORACLE_OPTIONS = list(`
  internal_logon defaultRowPrefetch ssl_server_dn_match ssl_server_cert_dn connect_timeout transport_connect_timeout retry_count retry_delay
  oracle.net.connect_timeout oracle.jdbc.ReadTimeout oracle.net.ssl_server_dn_match oracle.net.authentication_services oracle.net.keepAlive
`);
/** Words of a connect descriptor. */
export const ORACLE_DESCRIPTOR_WORDS = list(`
  description description_list address address_list protocol host port connect_data service_name sid server security ssl_server_cert_dn ssl_server_dn_match
  connect_timeout transport_connect_timeout retry_count retry_delay load_balance failover enable source_route
`);

export const MONGODB_OPTIONS = list(`
  authSource authMechanism tls ssl tlsInsecure tlsAllowInvalidCertificates tlsAllowInvalidHostnames tlsCAFile replicaSet directConnection loadBalanced srvServiceName srvMaxHosts
  retryWrites retryReads w wtimeoutMS journal readPreference readPreferenceTags maxStalenessSeconds readConcernLevel
  connectTimeoutMS socketTimeoutMS serverSelectionTimeoutMS heartbeatFrequencyMS localThresholdMS maxPoolSize minPoolSize maxIdleTimeMS waitQueueTimeoutMS appName compressors uuidRepresentation
`);

export const SPANNER_OPTIONS = list(
  'lenient autocommit readonly readOnlyStaleness numChannels minSessions maxSessions optimizerVersion optimizerStatisticsPackage rpcPriority databaseRole dialect usePlainText autoConfigEmulator retryAbortsInternally returnCommitStats userAgent',
);

export const SNOWFLAKE_OPTIONS = list(
  'warehouse db schema role account application loginTimeout networkTimeout queryTimeout client_session_keep_alive ssl',
);

export const AS400_OPTIONS = list(
  'translate binary, date format, date separator, time format, time separator, decimal separator, libraries, naming, errors, secure, sort, ccsid, transaction isolation, cursor hold, prompt, login timeout, socket timeout, thread used, true autocommit, package ccsid, block size, lazy close',
  /,/,
);

export const DB2_OPTIONS = list(`
  sslConnection sslCertLocation sslTrustStoreLocation sslVersion currentSchema currentSQLID currentPackageSet retrieveMessagesFromServerOnGetMessage loginTimeout
  blockingReadConnectionTimeout connectionTimeout commandTimeout clientProgramName clientApplicationInformation progressiveStreaming fullyMaterializeLobData emulateParameterMetaDataForZCalls
`);

const CLASSES = 'it loads a class by name';
const FILES = 'it sends files of the step container to the server';
const LOGIN = "put it into the connector's username or passwordRef";

/** Options that people do try, with the reason why not. Lower case. */
const REFUSALS: Readonly<Record<string, string>> = {
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
  init: 'it runs SQL at connect',
  init_sql: 'it runs SQL at connect',
  sessionvariables: 'it runs SQL at connect',
  initsql: 'it runs SQL at connect',
  socketfactoryclass: CLASSES,
  socketfactoryconstructorarg: CLASSES,
  trustmanagerclass: CLASSES,
  trustmanagerconstructorarg: CLASSES,
  accesstokencallbackclass: CLASSES,
  credentialsprovider: CLASSES,
  pluginclassname: CLASSES,
  driver: CLASSES,
  clientrerouteserverlistjndiname: 'it looks up objects by name in a directory',
  jaasconfigurationname: CLASSES,
  tracefile: 'it writes files in the step container',
  tracedirectory: 'it writes files in the step container',
  credentials: 'it reads credentials from a file of the step container',
  encodedcredentials: LOGIN,
  oauthtoken: LOGIN,
  private_key_file: 'it reads credentials from a file of the step container',
  private_key_file_pwd: LOGIN,
  private_key_base64: LOGIN,
  token: LOGIN,
  accesstoken: LOGIN,
  'oracle.net.wallet_location': 'it reads credentials from a file of the step container',
  'oracle.net.tns_admin': 'it reads its configuration from a file of the step container',
  tns_admin: 'it reads its configuration from a file of the step container',
  proxyhost: 'it sends the connection elsewhere',
  'proxy server': 'it sends the connection elsewhere',
  'secondary url': 'it sends the connection elsewhere',
  authenticator: 'it sends the credentials elsewhere',
};

/** @throws AppError INVALID_REQUEST naming the option, why not, and all that are allowed. The value is never named: it may be a secret */
export function requireAllowed(name: string, allowed: ReadonlySet<string>): void {
  const key = name.toLowerCase();
  const reason = Object.hasOwn(REFUSALS, key) ? REFUSALS[key] : undefined;
  if (reason === undefined && allowed.has(key)) return;
  const shown = name.slice(0, 100);
  throw refusedUrl(
    `option "${shown}" of the database URL is not allowed${reason ? `: ${reason}` : ''}; allowed are ${[...allowed].sort().join(', ')}`,
  );
}

export function refusedUrl(message: string): AppError {
  return new AppError('INVALID_REQUEST', message, { fields: [{ field: 'url', error: message }] });
}
