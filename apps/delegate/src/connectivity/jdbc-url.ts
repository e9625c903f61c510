import { AppError } from '@sluice/kernel';

/** What a JDBC URL says about where to connect. */
export interface JdbcAddress {
  /** `postgresql`, `mysql`, `sqlserver`, … */
  readonly vendor: string;
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly parameters: Readonly<Record<string, string>>;
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = { postgresql: 5432, mysql: 3306, mariadb: 3306, sqlserver: 1433, oracle: 1521, mongodb: 27017, cockroachdb: 26257 };

/** Reads the usual form `jdbc:<vendor>[:<sub>]://host[:port][/database][?parameters]`. @throws AppError INVALID_REQUEST for any other */
export function parseJdbcUrl(url: string): JdbcAddress {
  const match = /^jdbc:(?:aws-wrapper:)?([a-z]+)(?::[a-z]+)*:\/\/(\[[0-9a-fA-F:.]+\]|[^/:?;,\s]+)(?::(\d{1,5}))?(?:\/([^?;]*))?(?:[?;](.*))?$/.exec(url);
  const vendor = match?.[1];
  const host = match?.[2];
  const port = match?.[3] === undefined ? DEFAULT_PORTS[vendor ?? ''] : Number(match[3]);
  if (!match || !vendor || !host || port === undefined || port < 1 || port > 65_535) {
    throw new AppError('INVALID_REQUEST', `url: "${url.slice(0, 200)}" is not a JDBC URL this test understands; write for example jdbc:postgresql://db.example:5432/orders`);
  }
  const pairs = (match[5] ?? '').split(/[&;]/).filter((pair) => pair.includes('='));
  const parameters = Object.fromEntries(pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), decodeURIComponent(pair.slice(pair.indexOf('=') + 1))]));
  return { vendor, host: host.replace(/^\[|\]$/g, ''), port, database: decodeURIComponent(match[4] ?? ''), parameters };
}
