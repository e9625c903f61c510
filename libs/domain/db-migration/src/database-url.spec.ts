import { describe, expect, it } from '@jest/globals';
import { AppError } from '@sluice/kernel';
import { leastCpuMs } from '@sluice/testing';
import { checkDatabaseUrl, databaseUrlExample, DATABASE_PRODUCTS } from './database-url.js';
import { parseJdbcUrl } from './jdbc-url.js';

const ACCEPTED: readonly (readonly [url: string, product: string])[] = [
  ['jdbc:postgresql://HOST:5432/DB?sslmode=disable', 'PostgreSQL'],
  ['jdbc:postgresql://db/DB?sslmode=verify-full&sslrootcert=/etc/ssl/certs/dbops/root_ca.crt', 'PostgreSQL'],
  ['jdbc:postgresql://a:1,b:2/DB?targetServerType=primary', 'PostgreSQL'],
  ['jdbc:mysql://HOST:3306/DB?useSSL=true', 'MySQL'],
  ['jdbc:mariadb://HOST/DB', 'MariaDB'],
  ['jdbc:aws-wrapper:postgresql://HOST:5432/DB?wrapperPlugins=iam&ssl=true&sslmode=require', 'AWS wrapper'],
  ['jdbc:aws-wrapper:mysql://HOST:3306/DB?wrapperPlugins=iam,failover', 'AWS wrapper'],
  ['jdbc:sqlserver://HOST:1433;trustServerCertificate=true;databaseName=DB', 'SQL Server'],
  ['jdbc:sqlserver://HOST\\instance:1433;encrypt=true;trustServerCertificate=false', 'SQL Server'],
  ['jdbc:sqlserver://HOST;databaseName=DB;integratedSecurity=true;authenticationScheme=JavaKerberos', 'SQL Server'],
  ['jdbc:oracle:thin:@//HOST:1521/SERVICE', 'Oracle'],
  ['jdbc:oracle:thin:@HOST:1521:SID', 'Oracle'],
  ['jdbc:oracle:thin:@//HOST:1521/SERVICE?internal_logon=sysdba', 'Oracle'],
  [
    'jdbc:oracle:thin:@(DESCRIPTION=(ADDRESS=(PROTOCOL=TCPS)(HOST=h)(PORT=2484))(CONNECT_DATA=(SERVICE_NAME=s)))',
    'Oracle',
  ],
  ['mongodb://HOST:27017/DB?authSource=admin', 'MongoDB'],
  ['mongodb://a:1,b:2/DB?authSource=admin&tls=true&replicaSet=rs0', 'MongoDB'],
  ['mongodb+srv://cluster.example.net/DB?retryWrites=true', 'MongoDB'],
  ['jdbc:cloudspanner:/projects/P/instances/I/databases/D?lenient=true', 'Spanner'],
  ['jdbc:cloudspanner:/projects/p/instances/i/databases/d', 'Spanner'],
  ['jdbc:snowflake://HOST/?warehouse=W&db=D&schema=S&role=R', 'Snowflake'],
  ['jdbc:as400://HOST/LIB;translate binary=true;date format=iso', 'DB2 for i'],
  ['jdbc:db2://HOST:50000/DB', 'DB2'],
  ['jdbc:db2://HOST:446/DB:sslConnection=true;currentSchema=S;', 'DB2'],
];

/** Options that are dangerous or credentials in one driver or another. */
const DANGEROUS = [
  'socketFactory',
  'socketFactoryArg',
  'sslfactory',
  'sslfactoryarg',
  'sslhostnameverifier',
  'sslpasswordcallback',
  'sslpassword',
  'authenticationPluginClassName',
  'loggerFile',
  'loggerLevel',
  'xmlFactoryFactory',
  'service',
  'user',
  'username',
  'password',
  'jaasApplicationName',
  'kerberosServerName',
  'gsslib',
  'allowLoadLocalInfile',
  'allowLocalInfile',
  'allowUrlInLocalInfile',
  'allowLoadLocalInfileInPath',
  'autoDeserialize',
  'queryInterceptors',
  'statementInterceptors',
  'exceptionInterceptors',
  'connectionLifecycleInterceptors',
  'credentialType',
  'defaultAuthenticationPlugin',
  'authenticationPlugins',
  'propertiesTransform',
  'socksProxyHost',
  'localSocket',
  'pipe',
  'INIT',
  'INIT_SQL',
  'sessionVariables',
  'initSql',
  'detectCustomCollations',
  'clientCertificateKeyStoreUrl',
  'trustCertificateKeyStoreUrl',
  'serverRSAPublicKeyFile',
  'keyStore',
  'keyStorePassword',
  'trustStorePassword',
  'socketFactoryClass',
  'trustManagerClass',
  'accessTokenCallbackClass',
  'accessToken',
  'clientRerouteServerListJNDIName',
  'traceFile',
  'traceDirectory',
  'pluginClassName',
  'credentials',
  'encodedCredentials',
  'oauthToken',
  'credentialsProvider',
  'private_key_file',
  'private_key_file_pwd',
  'private_key_base64',
  'authenticator',
  'token',
  'oracle.net.wallet_location',
  'TNS_ADMIN',
  'proxyHost',
  'proxy server',
  'secondary URL',
  'driver',
  'wrapperTargetDriverDialect',
  'wrapperDialect',
  'wrapperLogUnclosedConnections',
  'connectionFactoryClass',
  'jndiName',
  '__proto__',
  'constructor',
  'toString',
  'somethingNobodyKnows',
];

const CARRIERS: Readonly<Record<string, (option: string) => string>> = {
  postgresql: (option) => `jdbc:postgresql://h/d?${option}=x`,
  'postgresql, second': (option) => `jdbc:postgresql://h/d?sslmode=disable&${option}=x`,
  mysql: (option) => `jdbc:mysql://h/d?${option}=x`,
  mariadb: (option) => `jdbc:mariadb://h/d?${option}=x`,
  'aws wrapper': (option) => `jdbc:aws-wrapper:postgresql://h/d?wrapperPlugins=iam&${option}=x`,
  sqlserver: (option) => `jdbc:sqlserver://h;${option}=x`,
  oracle: (option) => `jdbc:oracle:thin:@//h:1521/s?${option}=x`,
  mongodb: (option) => `mongodb://h/d?${option}=x`,
  spanner: (option) => `jdbc:cloudspanner:/projects/p/instances/i/databases/d?lenient=true;${option}=x`,
  snowflake: (option) => `jdbc:snowflake://h/?db=d&${option}=x`,
  as400: (option) => `jdbc:as400://h/L;${option}=x`,
  db2: (option) => `jdbc:db2://h:50000/d:${option}=x;`,
};
const attempts = Object.entries(CARRIERS).flatMap(([where, carry]) =>
  DANGEROUS.map((option) => [where, option, carry(option)] as const),
);

describe('URLs of database connectors', () => {
  it.each(ACCEPTED)('%s is one of %s', (url, product) => {
    expect(checkDatabaseUrl(url).product).toBe(product);
  });

  it.each(DATABASE_PRODUCTS)('the example of %s is accepted', (product) => {
    expect(() => checkDatabaseUrl(databaseUrlExample(product))).not.toThrow();
  });

  it.each(attempts)('on %s option %s is refused by name, with what is allowed', (_, option, url) => {
    const refusal = refusalOf(() => checkDatabaseUrl(url));
    expect(refusal.message).toContain(`option "${option}" of the database URL is not allowed`);
    expect(refusal.message).toMatch(/allowed are \w+/);
  });

  it.each(DANGEROUS)('an escaped or differently spelt %s is refused as well', (option) => {
    const escaped = [...option].map((letter) => `%${letter.charCodeAt(0).toString(16).padStart(2, '0')}`).join('');
    for (const spelling of [escaped, option.toUpperCase(), ` ${option}`, `${option}%20`])
      expect(() => checkDatabaseUrl(`jdbc:postgresql://h/d?${spelling}=x`)).toThrow(AppError);
    expect(() => checkDatabaseUrl(`jdbc:sqlserver://h;${option.toUpperCase()} =x`)).toThrow(AppError);
    expect(() => parseJdbcUrl(`jdbc:mysql://h/d?${escaped}=x`)).toThrow(/allowed are/);
  });

  it.each([
    'jdbc:h2:mem:x',
    "jdbc:h2:mem:x;INIT=RUNSCRIPT FROM 'http://h/x.sql'",
    'jdbc:h2:tcp://h/x',
    'jdbc:hsqldb:mem:x',
    'jdbc:derby:memory:x;create=true',
    'jdbc:sqlite:/etc/passwd',
    'jdbc:sqlite::resource:http://h/x',
    'jdbc:oracle:oci:@h',
    'jdbc:oracle:thin:scott/tiger@//h:1521/s',
    'jdbc:oracle:thin:@(DESCRIPTION=(ADDRESS=(PROTOCOL=IPC)(KEY=x)))',
    'jdbc:oracle:thin:@(DESCRIPTION=(ADDRESS=(PROTOCOL=BEQ)(HOST=h)))',
    'jdbc:oracle:thin:@ldap://h/cn=x',
    'jdbc:oracle:thin:@tns?TNS_ADMIN=/x',
    'jdbc:sqlserver://u:p@h',
    'jdbc:sqlserver:',
    'mongodb://u:p@h/d',
    'mongodb://h/d?authMechanism=MONGODB-AWS',
    'mongodb+srv://u:p@h/d',
    'mongodb+srv://h:27017/d',
    'jdbc:snowflake://u:p@h/',
    'jdbc:db2:d',
    'jdbc:db2://h:50000/d:clientRerouteServerListJNDIName=ldap://h/x;',
    'jdbc:cloudspanner:/projects/p',
    'jdbc:aws-wrapper:postgresql://h/d?wrapperPlugins=evil.Plugin',
    'jdbc:aws-wrapper:h2:mem:x',
    'jdbc:mysql:loadbalance://h/d',
    'jdbc:mysql:replication://h/d',
    'jdbc:mysql://(host=h,autoDeserialize=true)/d',
    'jdbc:mysql://address=(host=h)(autoDeserialize=true)/d',
    'jdbc:mysql://u:p@h/d',
    'jdbc:postgresql:d',
    'jdbc:postgresql://h/d#?socketFactory=x',
    'jdbc:postgresql://h/d?sslmode=disable\u0000',
    'jdbc:postgresql://h\n/d',
    'JDBC:POSTGRESQL://h/d',
    ' jdbc:postgresql://h/d',
    'ldap://h',
    'rmi://h',
    'http://h',
    '',
    'jdbc:',
    'x'.repeat(5000),
    'jdbc:postgresql://h/%E0%A4%A',
    'jdbc:postgresql://h/d?%E0%A4%A=1',
    '\ud800',
  ])('"%.60s" is refused', (url) => {
    expect(refusalOf(() => checkDatabaseUrl(url)).code).toBe('INVALID_REQUEST');
  });

  it.each([
    'jdbc:mysql://ann:hunter2@h/d',
    'jdbc:postgresql://h/d?password=hunter2',
    'jdbc:sqlserver://h;password=hunter2',
    'mongodb://ann:hunter2@h/d',
    'jdbc:oracle:thin:ann/hunter2@//h:1/s',
  ])('%s is refused without repeating what it holds', (url) => {
    expect(refusalOf(() => checkDatabaseUrl(url)).message).not.toContain('hunter2');
  });

  it('long nonsense is refused quickly', () => {
    const refuseAll = (): void => {
      for (const unit of ['(', '(a=', ';', '=', 'a.', '@', '//', '[:', ',h'])
        for (const { prefix } of [
          { prefix: 'jdbc:oracle:thin:@' },
          { prefix: 'mongodb://' },
          { prefix: 'jdbc:sqlserver://h;' },
          { prefix: 'jdbc:db2://h/d:' },
        ]) {
          try {
            checkDatabaseUrl(`${prefix}${unit.repeat(1000)}!`);
          } catch (cause) {
            expect(cause).toBeInstanceOf(AppError);
          }
        }
    };
    expect(leastCpuMs(refuseAll)).toBeLessThan(1_000);
  });
});

function refusalOf(act: () => unknown): AppError {
  try {
    act();
  } catch (cause) {
    if (cause instanceof AppError) return cause;
    throw cause;
  }
  throw new Error('nothing was refused');
}
