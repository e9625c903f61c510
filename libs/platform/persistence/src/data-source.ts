import { DataSource, MigrationExecutor, type EntitySchema, type MigrationInterface } from 'typeorm';

type EntityClass = new () => object;
type MigrationClass = new () => MigrationInterface;

interface DataSourceOptions {
  readonly app: string;
  /** `postgres://user:password@host:port/database` */
  readonly url: string;
  readonly entities: readonly (EntityClass | EntitySchema)[];
  readonly migrations: readonly MigrationClass[];
  readonly poolSize?: number;
}

/** Two processes that migrate at once must not race; the number is the same for every service, the databases differ. */
const MIGRATION_LOCK = 7_423_901;

/** A service's own database: explicit entities and migrations, never `synchronize`. */
export function createDataSource(options: DataSourceOptions): DataSource {
  return new DataSource({
    type: 'postgres',
    url: options.url,
    applicationName: `sluice-${options.app}`,
    entities: [...options.entities],
    migrations: [...options.migrations],
    migrationsTransactionMode: 'each',
    synchronize: false,
    uuidExtension: 'pgcrypto',
    installExtensions: false,
    poolSize: options.poolSize ?? 10,
    connectTimeoutMS: 10_000,
    extra: { statement_timeout: 30_000, idle_in_transaction_session_timeout: 60_000, keepAlive: true },
  });
}

/**
 * Connects and brings the database up to date, under an advisory lock that ends with its session. Migrations take the time they need: what is too long
 * for a request is usual for an index over a large table, and for a replica that waits for another one to finish.
 */
export async function openDataSource(dataSource: DataSource): Promise<DataSource> {
  await dataSource.initialize();
  const session = dataSource.createQueryRunner();
  try {
    await session.query('SET statement_timeout = 0');
    await session.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    const executor = new MigrationExecutor(dataSource, session);
    executor.transaction = 'each';
    await executor.executePendingMigrations();
  } catch (cause) {
    await session.release();
    await dataSource.destroy();
    throw cause;
  }
  await session.query('SELECT pg_advisory_unlock($1)', [MIGRATION_LOCK]);
  await session.query('RESET statement_timeout');
  await session.release();
  return dataSource;
}

/** PostgreSQL's code for a broken unique constraint, wherever TypeORM put the driver's error. */
export function isUniqueViolation(cause: unknown): boolean {
  return errorCode(cause) === '23505';
}

function errorCode(cause: unknown): string | undefined {
  if (typeof cause !== 'object' || cause === null) return undefined;
  if ('code' in cause && typeof cause.code === 'string') return cause.code;
  return 'driverError' in cause ? errorCode(cause.driverError) : undefined;
}
