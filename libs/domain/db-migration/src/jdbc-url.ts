import { requirePlainPaths } from './certificate-files.js';
import { MARIADB_OPTIONS, POSTGRESQL_OPTIONS, refusedUrl, requireAllowed } from './jdbc-options.js';

interface DatabaseHost {
  readonly host: string;
  readonly port: number;
}

/** A JDBC URL taken apart. `options` keeps the spelling of the URL; every one of them is on the allow-list of its database. */
export interface JdbcUrl {
  readonly product: 'postgresql' | 'mariadb' | 'h2';
  /** True for `jdbc:mysql:` URLs; the MariaDB driver serves them. */
  readonly isMysqlScheme: boolean;
  readonly hosts: readonly DatabaseHost[];
  /** Empty when the URL names none. */
  readonly database: string;
  readonly options: Readonly<Record<string, string>>;
  /** `host:port/database`, for messages: no options, no credentials. */
  readonly server: string;
}

const SCHEMES = {
  'jdbc:postgresql:': { product: 'postgresql', isMysqlScheme: false, defaultPort: 5432, allowed: POSTGRESQL_OPTIONS },
  'jdbc:mariadb:': { product: 'mariadb', isMysqlScheme: false, defaultPort: 3306, allowed: MARIADB_OPTIONS },
  'jdbc:mysql:': { product: 'mariadb', isMysqlScheme: true, defaultPort: 3306, allowed: MARIADB_OPTIONS },
} as const;

/**
 * Parses and checks the URL of a JDBC connector. Only options of an allow-list pass, because drivers have some that load classes,
 * read files or send data elsewhere. `jdbc:h2:mem:` is accepted with `allowInMemory`, for tests.
 * @throws AppError INVALID_REQUEST naming the part of the URL that is not accepted, and what to write instead
 */
export function parseJdbcUrl(url: string, { allowInMemory = false }: { allowInMemory?: boolean } = {}): JdbcUrl {
  if (allowInMemory && /^jdbc:h2:mem:[a-zA-Z0-9_]+$/.test(url)) {
    return {
      product: 'h2',
      isMysqlScheme: false,
      hosts: [],
      database: url.slice('jdbc:h2:mem:'.length),
      options: {},
      server: 'memory',
    };
  }
  const scheme = Object.entries(SCHEMES).find(([prefix]) => url.startsWith(prefix));
  if (!scheme)
    throw refusedUrl(
      `database URL "${withoutQuery(url)}" is not supported; use jdbc:postgresql://host:port/database, jdbc:mariadb://… or jdbc:mysql://…`,
    );
  const [prefix, { product, isMysqlScheme, defaultPort, allowed }] = scheme;
  const shape = /^\/\/([^/?#]+)(?:\/([^?#]*))?(?:\?([^#]*))?$/.exec(url.slice(prefix.length));
  if (!shape?.[1])
    throw refusedUrl(`database URL "${withoutQuery(url)}" is incomplete; write ${prefix}//host:port/database`);
  const [, authority, path = '', query = ''] = shape;
  if (authority.includes('@'))
    throw refusedUrl(
      `database URL of ${prefix} contains a user or password; put them into the connector's username and passwordRef`,
    );
  const hosts = authority.split(',').map((host) => parseHost(host, defaultPort));
  const database = decode(path, 'database name');
  return {
    product,
    isMysqlScheme,
    hosts,
    database,
    options: parseOptions(query, allowed),
    server: `${hosts.map(({ host, port }) => `${host}:${port}`).join(',')}/${database}`,
  };
}

function parseHost(text: string, defaultPort: number): DatabaseHost {
  const match = /^(\[[0-9a-fA-F:.]+\]|[a-zA-Z0-9_.-]+)(?::(\d{1,5}))?$/.exec(text.trim());
  const port = Number(match?.[2] ?? defaultPort);
  if (!match?.[1] || port < 1 || port > 65_535) throw refusedUrl(`"${text}" in the database URL is not host:port`);
  return { host: match[1], port };
}

function parseOptions(query: string, allowed: ReadonlySet<string>): Record<string, string> {
  const options: Record<string, string> = {};
  for (const pair of query.split('&').filter((part) => part !== '')) {
    const at = pair.indexOf('=');
    const name = decode(at < 0 ? pair : pair.slice(0, at), 'option name');
    requireAllowed(name, allowed);
    options[name] = at < 0 ? '' : decode(pair.slice(at + 1), `option "${name}"`);
  }
  requirePlainPaths(options);
  return options;
}

function decode(text: string, what: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw refusedUrl(`${what} in the database URL is not properly percent-encoded`);
  }
}

/** Options may hold things that do not belong into a message. */
function withoutQuery(url: string): string {
  return url
    .replace(/\?.*$/s, '')
    .replace(/\/\/[^/@]*@/, '//…@')
    .slice(0, 200);
}
