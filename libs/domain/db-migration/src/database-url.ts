import {
  AS400_OPTIONS,
  DB2_OPTIONS,
  MONGODB_OPTIONS,
  ORACLE_DESCRIPTOR_WORDS,
  ORACLE_OPTIONS,
  POSTGRESQL_OPTIONS,
  MARIADB_OPTIONS,
  SNOWFLAKE_OPTIONS,
  SPANNER_OPTIONS,
  SQLSERVER_OPTIONS,
  WRAPPER_OPTIONS,
  WRAPPER_PLUGINS,
  refusedUrl,
  requireAllowed,
} from './jdbc-options.js';
import { parseJdbcUrl } from './jdbc-url.js';

/** Databases a connector may name. Those without `runsHere` are kept and echoed; steps and connection tests say that no driver is there. */
export const DATABASE_PRODUCTS = [
  'PostgreSQL',
  'MariaDB',
  'MySQL',
  'AWS wrapper',
  'SQL Server',
  'Oracle',
  'MongoDB',
  'Spanner',
  'Snowflake',
  'DB2 for i',
  'DB2',
] as const;
export type DatabaseProduct = (typeof DATABASE_PRODUCTS)[number];

export interface DatabaseUrl {
  readonly product: DatabaseProduct;
  /** There is a driver for it: steps run and connection tests sign in. */
  readonly runsHere: boolean;
}

interface Family {
  readonly product: DatabaseProduct;
  readonly prefix: string;
  readonly example: string;
  /** Checks what follows the prefix. @throws AppError INVALID_REQUEST */
  readonly check: (rest: string) => void;
}

const HOST = String.raw`(?:\[[0-9a-fA-F:.]+\]|[a-zA-Z0-9_.-]+)`;
const HOST_PORT = String.raw`${HOST}(?::\d{1,5})?`;

/** Longer prefixes first where one begins another. */
const FAMILIES: readonly Family[] = [
  {
    product: 'AWS wrapper',
    prefix: 'jdbc:aws-wrapper:postgresql:',
    example: 'jdbc:aws-wrapper:postgresql://host:5432/database?wrapperPlugins=iam',
    check: (rest) => checkWrapped(rest, POSTGRESQL_OPTIONS),
  },
  {
    product: 'AWS wrapper',
    prefix: 'jdbc:aws-wrapper:mysql:',
    example: 'jdbc:aws-wrapper:mysql://host:3306/database?wrapperPlugins=iam',
    check: (rest) => checkWrapped(rest, MARIADB_OPTIONS),
  },
  {
    product: 'SQL Server',
    prefix: 'jdbc:sqlserver:',
    example: 'jdbc:sqlserver://host:1433;databaseName=database;encrypt=true',
    check: (rest) =>
      checkShape(
        rest,
        new RegExp(String.raw`^//${HOST}(?:\\[\w$-]+)?(?::\d{1,5})?(?:;(.*))?$`),
        ';',
        SQLSERVER_OPTIONS,
        'SQL Server',
      ),
  },
  {
    product: 'Oracle',
    prefix: 'jdbc:oracle:thin:',
    example: 'jdbc:oracle:thin:@//host:1521/service',
    check: checkOracle,
  },
  {
    product: 'MongoDB',
    prefix: 'mongodb://',
    example: 'mongodb://host:27017/database?authSource=admin',
    check: (rest) =>
      checkMongo(rest, new RegExp(String.raw`^${HOST_PORT}(?:,${HOST_PORT})*(?:/[^/?#@]*)?(?:\?(.*))?$`)),
  },
  {
    product: 'MongoDB',
    prefix: 'mongodb+srv://',
    example: 'mongodb+srv://cluster.example/database',
    check: (rest) => checkMongo(rest, new RegExp(String.raw`^${HOST}(?:/[^/?#@]*)?(?:\?(.*))?$`)),
  },
  {
    product: 'Spanner',
    prefix: 'jdbc:cloudspanner:',
    example: 'jdbc:cloudspanner:/projects/p/instances/i/databases/d?lenient=true',
    check: (rest) =>
      checkShape(
        rest,
        new RegExp(String.raw`^(?://${HOST_PORT})?/projects/[\w.:-]+/instances/[\w-]+/databases/[\w-]+(?:[?;](.*))?$`),
        /[&;?]/,
        SPANNER_OPTIONS,
        'Spanner',
      ),
  },
  {
    product: 'Snowflake',
    prefix: 'jdbc:snowflake:',
    example: 'jdbc:snowflake://account.snowflakecomputing.com/?warehouse=w&db=d&schema=s&role=r',
    check: (rest) =>
      checkShape(rest, new RegExp(String.raw`^//${HOST_PORT}/?(?:\?(.*))?$`), '&', SNOWFLAKE_OPTIONS, 'Snowflake'),
  },
  {
    product: 'DB2 for i',
    prefix: 'jdbc:as400:',
    example: 'jdbc:as400://host/LIBRARY;date format=iso',
    check: (rest) =>
      checkShape(
        rest,
        new RegExp(String.raw`^//${HOST_PORT}(?:/[\w$#@]*)?(?:;(.*))?$`),
        ';',
        AS400_OPTIONS,
        'DB2 for i',
      ),
  },
  {
    product: 'DB2',
    prefix: 'jdbc:db2:',
    example: 'jdbc:db2://host:50000/database',
    check: (rest) =>
      checkShape(rest, new RegExp(String.raw`^//${HOST_PORT}/[\w$#-]+(?::(.*))?$`), ';', DB2_OPTIONS, 'DB2'),
  },
];

/**
 * Checks the URL of a JDBC connector, whatever database it names: its shape, that it holds no credentials, and that every option is on the allow-list
 * of its database, because drivers have options that load classes, read files or send data elsewhere.
 * @throws AppError INVALID_REQUEST naming what is not accepted and what is
 */
export function checkDatabaseUrl(url: string): DatabaseUrl {
  if (/[\x00-\x1f\x7f]/.test(url)) throw refusedUrl('the database URL holds control characters; remove them');
  const family = FAMILIES.find(({ prefix }) => url.startsWith(prefix));
  if (!family) {
    const { product, isMysqlScheme } = parseJdbcUrl(url);
    return { product: product === 'postgresql' ? 'PostgreSQL' : isMysqlScheme ? 'MySQL' : 'MariaDB', runsHere: true };
  }
  family.check(url.slice(family.prefix.length));
  return { product: family.product, runsHere: false };
}

/** The database a stored URL leads to when there is no driver for it; undefined for the others. Looks at how the URL begins alone: it was checked when it was stored. */
export function productWithoutDriver(url: string): DatabaseProduct | undefined {
  return FAMILIES.find(({ prefix }) => url.startsWith(prefix))?.product;
}

/** One URL of every database, for messages. */
export function databaseUrlExample(product: DatabaseProduct): string {
  return FAMILIES.find((family) => family.product === product)?.example ?? 'jdbc:postgresql://host:5432/database';
}

function checkShape(
  rest: string,
  shape: RegExp,
  separator: string | RegExp,
  allowed: ReadonlySet<string>,
  product: DatabaseProduct,
): void {
  refuseLogin(rest.split(/[?;]/, 1)[0] ?? '');
  const match = shape.exec(rest);
  if (!match)
    throw refusedUrl(`the URL of ${product} is not complete; write for example ${databaseUrlExample(product)}`);
  for (const name of namesOf(match[1] ?? '', separator)) requireAllowed(name, allowed);
}

function checkWrapped(rest: string, allowed: ReadonlySet<string>): void {
  const both = new Set([...allowed, ...WRAPPER_OPTIONS]);
  checkShape(
    rest,
    new RegExp(String.raw`^//${HOST_PORT}(?:,${HOST_PORT})*(?:/[^/?#]*)?(?:\?([^#]*))?$`),
    '&',
    both,
    'AWS wrapper',
  );
  for (const pair of rest.split('?').slice(1).join('?').split('&')) {
    const [name = '', value = ''] = pair.split('=', 2).map(unescaped);
    if (name.toLowerCase() !== 'wrapperplugins') continue;
    const unknown = value
      .split(',')
      .map((plugin) => plugin.trim())
      .find((plugin) => plugin !== '' && !WRAPPER_PLUGINS.has(plugin.toLowerCase()));
    if (unknown)
      throw refusedUrl(
        `option "wrapperPlugins" of the database URL names the plugin "${unknown.slice(0, 100)}"; allowed are ${[...WRAPPER_PLUGINS].join(', ')}`,
      );
  }
}

/** Host and service, host and SID, or a connect descriptor whose words are checked one by one. */
function checkOracle(rest: string): void {
  const [login = '', ...after] = rest.split('@');
  if (login !== '')
    throw refusedUrl(
      'the database URL of Oracle holds a user before "@"; put it into username and passwordRef of the connector',
    );
  const address = after.join('@');
  if (address.startsWith('(')) return checkDescriptor(address);
  const plain = new RegExp(
    String.raw`^(?:(?:tcps?:)?//)?${HOST_PORT}(?:[:/][\w.$#-]+(?::(?:dedicated|shared|pooled))?)?(?:\?(.*))?$`,
    'i',
  ).exec(address);
  if (!plain) throw refusedUrl(`the URL of Oracle is not complete; write for example ${databaseUrlExample('Oracle')}`);
  for (const name of namesOf(plain[1] ?? '', '&')) requireAllowed(name, ORACLE_OPTIONS);
}

function checkDescriptor(text: string): void {
  const [descriptor = '', query = ''] = text.split('?', 2);
  if (!/^[\w\s()=.:,"*[\]$#/-]+$/.test(descriptor))
    throw refusedUrl('the connect descriptor in the database URL holds characters that are not allowed there');
  for (const [, word = ''] of descriptor.matchAll(/\(\s*([^\s=()]+)\s*=/g))
    requireAllowed(word, ORACLE_DESCRIPTOR_WORDS);
  for (const [, protocol = ''] of descriptor.matchAll(/protocol\s*=\s*([^\s)]+)/gi)) {
    if (!/^tcps?$/i.test(protocol))
      throw refusedUrl(`the connect descriptor names the protocol "${protocol.slice(0, 40)}"; use TCP or TCPS`);
  }
  for (const name of namesOf(query, '&')) requireAllowed(name, ORACLE_OPTIONS);
}

const MONGO_MECHANISMS = ['DEFAULT', 'SCRAM-SHA-1', 'SCRAM-SHA-256', 'MONGODB-X509'];

function checkMongo(rest: string, shape: RegExp): void {
  checkShape(rest, shape, '&', MONGODB_OPTIONS, 'MongoDB');
  const mechanism = /[?&]authmechanism=([^&]*)/i.exec(rest)?.[1];
  if (mechanism !== undefined && !MONGO_MECHANISMS.includes(mechanism.toUpperCase()))
    throw refusedUrl(
      `option "authMechanism" of the database URL is "${mechanism.slice(0, 40)}"; allowed are ${MONGO_MECHANISMS.join(', ')}`,
    );
}

function refuseLogin(address: string): void {
  if (address.includes('@'))
    throw refusedUrl(
      "the database URL contains a user or password; put them into the connector's username and passwordRef",
    );
}

function namesOf(text: string, separator: string | RegExp): string[] {
  return text
    .split(separator)
    .filter((pair) => pair.trim() !== '')
    .map((pair) => unescaped(pair.split('=', 1)[0] ?? '').trim());
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw refusedUrl('an option of the database URL is not properly percent-encoded');
  }
}
