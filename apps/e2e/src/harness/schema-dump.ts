import { Client } from 'pg';

/** A database as text: two databases with the same dump hold the same schema, and the same Liquibase history but for times and ids of runs. */
export interface SchemaDump {
  readonly tables: readonly string[];
  readonly schema: readonly string[];
  readonly history: readonly string[];
}

const CATALOGUE = `
  SELECT format('column %s.%s %s %s default %s', table_name, column_name, data_type || coalesce('(' || character_maximum_length || ')', ''), is_nullable, coalesce(column_default, '-')) AS line
    FROM information_schema.columns WHERE table_schema = 'public'
  UNION ALL SELECT format('constraint %s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype <> 'n'
  UNION ALL SELECT format('index %s', indexdef) FROM pg_indexes WHERE schemaname = 'public'
  UNION ALL SELECT format('sequence %s %s', sequencename, increment_by) FROM pg_sequences WHERE schemaname = 'public'
  UNION ALL SELECT format('view %s %s', viewname, definition) FROM pg_views WHERE schemaname = 'public'
  UNION ALL SELECT format('routine %s %s', proname, pg_get_functiondef(oid)) FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prokind IN ('f', 'p')
  ORDER BY 1`;

const HISTORY = `
  SELECT concat_ws('|', orderexecuted, id, author, filename, exectype, md5sum, description, comments, tag, contexts, labels) AS line
    FROM databasechangelog ORDER BY orderexecuted, id, author, filename`;

/** Reads schema and Liquibase history of `url`. */
export async function dumpSchema(url: string): Promise<SchemaDump> {
  return withClient(url, async (client) => {
    const lines = async (sql: string): Promise<string[]> =>
      (await client.query<{ line: string }>(sql)).rows.map(({ line }) => line);
    const tables = await lines(
      `SELECT table_name AS line FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE' ORDER BY 1`,
    );
    return { tables, schema: await lines(CATALOGUE), history: await lines(HISTORY) };
  });
}

/** Runs `work` on one connection and closes it. */
export async function withClient<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 60_000 });
  client.on('error', () => undefined); // it reaches the query under way; as an event nobody hears it would end the process
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** An advisory lock of a database that a changeset waits for: {@link whileHeld} decides how long. */
export const HOLD = 'SELECT pg_advisory_xact_lock(4711);';

/** Holds up the changesets of the database that say {@link HOLD} until `work` calls `letGo`, or is over. */
export async function whileHeld<T>(url: string, work: (letGo: () => Promise<void>) => Promise<T>): Promise<T> {
  return withClient(url, async (client) => {
    await client.query('SELECT pg_advisory_lock(4711)');
    return work(async () => void (await client.query('SELECT pg_advisory_unlock_all()')));
  });
}

/** How many changesets of the database wait for the lock of {@link HOLD}. */
export async function heldUp(url: string): Promise<number> {
  return (
    await rowsOf(
      url,
      `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND wait_event = 'advisory' AND query LIKE '%pg_advisory_xact_lock(4711)%'`,
    )
  ).length;
}

/** How many change log locks are held; none in a database to which no run has come yet. */
export async function heldChangelogLocks(url: string): Promise<number> {
  const [{ found } = { found: null }] = await rowsOf<{ found: string | null }>(
    url,
    `SELECT to_regclass('databasechangeloglock')::text AS found`,
  );
  return found === null ? 0 : (await rowsOf(url, 'SELECT 1 FROM databasechangeloglock WHERE locked')).length;
}

/** Holder of the change log lock of {@link holdChangelogLock}. */
export const OTHER_TOOL = 'build-7 (10.0.0.9)';

/** Gives the change log lock of a database to another tool: runs wait for it until {@link releaseChangelogLock}. */
export async function holdChangelogLock(url: string): Promise<void> {
  await rowsOf(
    url,
    'CREATE TABLE IF NOT EXISTS databasechangeloglock (id int PRIMARY KEY, locked boolean NOT NULL, lockgranted timestamp, lockedby varchar(255))',
  );
  await rowsOf(
    url,
    'INSERT INTO databasechangeloglock VALUES (1, true, now(), $1) ON CONFLICT (id) DO UPDATE SET locked = true, lockgranted = now(), lockedby = $1',
    [OTHER_TOOL],
  );
}

export async function releaseChangelogLock(url: string): Promise<void> {
  await rowsOf(
    url,
    'UPDATE databasechangeloglock SET locked = false, lockedby = NULL, lockgranted = NULL WHERE lockedby = $1',
    [OTHER_TOOL],
  );
}

/** Runs `work` while another tool holds the change log lock: what is started then lasts until it is aborted. */
export async function whileChangelogIsLocked(url: string, work: () => Promise<void>): Promise<void> {
  await holdChangelogLock(url);
  try {
    await work();
  } finally {
    await releaseChangelogLock(url);
  }
}

/** Rows of one statement. */
export async function rowsOf<Row extends object>(
  url: string,
  sql: string,
  values: readonly unknown[] = [],
): Promise<Row[]> {
  return withClient(url, async (client) => (await client.query<Row>(sql, [...values])).rows);
}
