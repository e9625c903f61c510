import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { startPostgres, type TestPostgres } from '@sluice/testing';
import { SAMPLE_CHANGELOG_PATH, SAMPLE_CONTEXT, sampleChangelogFiles } from './sample-changelog.js';

const run = promisify(execFile);
const LEFT_OUT = /^(liquibase-commercial|ojdbc8|jcc|snowflake|mssql|jaybird|sqlite|hsqldb|jaxb)/;

describe('sample changelog, with the stock Liquibase CLI', () => {
  let pg: TestPostgres;
  let folder: string;

  beforeAll(async () => {
    pg = await startPostgres();
    folder = mkdtempSync(join(tmpdir(), 'sluice-sample-'));
    for (const [path, content] of Object.entries(sampleChangelogFiles())) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), content);
    }
  });
  afterAll(async () => {
    await pg.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function liquibase(database: string, ...args: readonly string[]): Promise<void> {
    const lib = join(
      dirname(createRequire(import.meta.url).resolve('liquibase/package.json')),
      'dist/liquibase/internal/lib',
    );
    const jars = readdirSync(lib).filter((name) => name.endsWith('.jar') && !LEFT_OUT.test(name));
    const java = [
      '-XX:+UseSerialGC',
      '-XX:TieredStopAtLevel=1',
      '-cp',
      jars.map((jar) => join(lib, jar)).join(':'),
      'liquibase.integration.commandline.LiquibaseCommandLine',
    ];
    const target = [`--url=${pg.jdbcUrl(database)}`, `--username=${pg.username}`, `--password=${pg.password}`];
    await run(
      'java',
      [...java, `--search-path=${folder}`, ...target, ...args, `--changelog-file=${SAMPLE_CHANGELOG_PATH}`],
      { timeout: 240_000 },
    );
  }

  const idsIn = async (database: string): Promise<string[]> =>
    (await pg.query<{ id: string }>(database, 'SELECT id FROM databasechangelog ORDER BY orderexecuted')).map(
      (row) => row.id,
    );

  it('runs the demo changesets and not the production one in the context demo', async () => {
    await pg.createDatabase('demo');
    await liquibase('demo', 'update', `--contexts=${SAMPLE_CONTEXT}`);
    const ids = await idsIn('demo');
    expect(ids).toHaveLength(13);
    expect(ids).toContain('demo-orders');
    expect(ids).not.toContain('index-open-orders');
    expect(await pg.query('demo', 'SELECT total::float FROM order_totals')).toEqual([{ total: 37.5 }]);
    expect(await pg.query('demo', 'SELECT count(*)::int AS countries FROM countries')).toEqual([{ countries: 13 }]);
  }, 300_000);

  it('runs the production changeset and no demo data in the context production', async () => {
    await pg.createDatabase('production');
    await liquibase('production', 'update', '--contexts=production');
    expect(await idsIn('production')).toHaveLength(12);
    expect(await pg.query('production', 'SELECT count(*)::int AS customers FROM customers')).toEqual([
      { customers: 0 },
    ]);
  }, 300_000);

  it('rolls back completely, changeset by changeset', async () => {
    await liquibase('demo', 'rollback-count', '--count=13', `--contexts=${SAMPLE_CONTEXT}`);
    expect(await idsIn('demo')).toEqual([]);
    expect(
      await pg.query(
        'demo',
        `SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE 'databasechangelog%'`,
      ),
    ).toEqual([]);
  }, 300_000);
});
