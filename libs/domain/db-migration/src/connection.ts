import type { JdbcUrl } from './jdbc-url.js';

export interface ConnectionRequest {
  readonly url: JdbcUrl;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** Shown by the database as the name of the session; cancelling finds the session by it. */
  readonly sessionName: string;
}

/** What the change engine's JVM opens. The password is a property, never part of the URL. */
export interface EngineConnection {
  readonly url: string;
  readonly driver: string;
  readonly connectionProperties: Readonly<Record<string, string>>;
}

const CONNECT_TIMEOUT_S = 10;
const LOGIN_TIMEOUT_S = 15;

/** Builds the connection of the change engine: driver, URL without options, and every option as a property. */
export function engineConnection({ url, username, password, sessionName }: ConnectionRequest): EngineConnection {
  const login = {
    ...(username === undefined ? {} : { user: username }),
    ...(password === undefined ? {} : { password }),
  };
  const at = `//${url.hosts.map(({ host, port }) => `${host}:${port}`).join(',')}/${encodeURIComponent(url.database)}`;
  switch (url.product) {
    case 'postgresql':
      return {
        url: `jdbc:postgresql:${at}`,
        driver: 'org.postgresql.Driver',
        connectionProperties: {
          connectTimeout: String(CONNECT_TIMEOUT_S),
          loginTimeout: String(LOGIN_TIMEOUT_S),
          tcpKeepAlive: 'true',
          ...url.options,
          ...login,
          ApplicationName: sessionName,
        },
      };
    case 'mariadb':
      return {
        // The driver reads a mysql URL only with this flag, and only in the URL itself.
        url: url.isMysqlScheme ? `jdbc:mysql:${at}?permitMysqlScheme` : `jdbc:mariadb:${at}`,
        driver: 'org.mariadb.jdbc.Driver',
        connectionProperties: {
          connectTimeout: String(CONNECT_TIMEOUT_S * 1000),
          tcpKeepAlive: 'true',
          ...mariadbOptions(url.options),
          ...login,
          allowLocalInfile: 'false',
        },
      };
    case 'h2':
      return {
        url: `jdbc:h2:mem:${url.database};DB_CLOSE_DELAY=-1`,
        driver: 'org.h2.Driver',
        connectionProperties: { user: 'sa', password: '', ...login },
      };
  }
}

/** Spellings of MySQL's own driver in those of MariaDB's. */
function mariadbOptions(options: Readonly<Record<string, string>>): Record<string, string> {
  const translated: Record<string, string> = {};
  for (const [name, value] of Object.entries(options)) {
    if (name === 'permitMysqlScheme') continue;
    if (name === 'useSSL' || name === 'requireSSL') translated['sslMode'] ??= value === 'true' ? 'trust' : 'disable';
    else if (name === 'sslMode') translated['sslMode'] = MYSQL_SSL_MODES[value.toUpperCase()] ?? value;
    else translated[name] = value;
  }
  return translated;
}

const MYSQL_SSL_MODES: Readonly<Record<string, string>> = {
  DISABLED: 'disable',
  PREFERRED: 'trust',
  REQUIRED: 'trust',
  VERIFY_CA: 'verify-ca',
  VERIFY_IDENTITY: 'verify-full',
};

/** How the second, cancelling connection to PostgreSQL is encrypted: the same demands as the URL makes of the first. */
export type PostgresEncryption =
  | { readonly mode: 'plain' }
  | {
      readonly mode: 'encrypted';
      readonly verify: boolean;
      readonly checkHost: boolean;
      readonly caFile?: string;
      readonly certFile?: string;
      readonly keyFile?: string;
    }
  /** Plain first, encrypted when the server insists. */
  | { readonly mode: 'either' };

export function postgresEncryption({ options }: JdbcUrl): PostgresEncryption {
  const mode =
    options['sslmode'] ?? (options['ssl'] !== undefined && options['ssl'] !== 'false' ? 'verify-full' : 'prefer');
  if (mode === 'disable') return { mode: 'plain' };
  if (mode === 'allow' || mode === 'prefer') return { mode: 'either' };
  return {
    mode: 'encrypted',
    verify: mode !== 'require',
    checkHost: mode === 'verify-full',
    ...(options['sslrootcert'] ? { caFile: options['sslrootcert'] } : {}),
    ...(options['sslcert'] ? { certFile: options['sslcert'] } : {}),
    ...(options['sslkey'] ? { keyFile: options['sslkey'] } : {}),
  };
}
