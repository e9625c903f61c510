import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openDataSource } from '@sluice/persistence';
import { startPostgres, type TestPostgres } from '@sluice/testing';
import { createDbDevopsDataSource } from './data-source.js';

describe('migrations of dbdevops', () => {
  let pg: TestPostgres;
  beforeAll(async () => {
    pg = await startPostgres();
  }, 300_000);
  afterAll(() => pg.stop());

  it('make exactly the tables the entities describe', async () => {
    const dataSource = await openDataSource(createDbDevopsDataSource(await pg.createDatabase('fresh')));
    const drift = await dataSource.driver.createSchemaBuilder().log();
    await dataSource.destroy();
    expect(drift.upQueries.map(({ query }) => query)).toEqual([]);
  });

  it('run once when several processes start at the same time', async () => {
    const url = await pg.createDatabase('together');
    const opened = await Promise.all([1, 2, 3].map(() => openDataSource(createDbDevopsDataSource(url, 2))));
    const [row] = await pg.query('together', 'SELECT count(*)::int AS count FROM migrations');
    const known = opened[0]?.migrations.length;
    await Promise.all(opened.map((dataSource) => dataSource.destroy()));
    expect(row).toEqual({ count: known });
  });

  it('are under no time limit, what comes after them is', async () => {
    const dataSource = await openDataSource(createDbDevopsDataSource(await pg.createDatabase('limits'), 1));
    const [row] = await dataSource.query<{ statement_timeout: string }[]>('SHOW statement_timeout');
    await dataSource.destroy();
    expect(row).toEqual({ statement_timeout: '30s' });
  });

  it('put the account, org and project on every table a project owns', async () => {
    await (await openDataSource(createDbDevopsDataSource(await pg.createDatabase('columns')))).destroy();
    const rows = await pg.query<{ table_name: string }>(
      'columns',
      `SELECT table_name FROM information_schema.tables t WHERE table_schema = 'public' AND table_name NOT IN ('migrations', 'image_overrides', 'audit_outbox', 'audit_outbox_lease')
         AND (SELECT count(*) FROM information_schema.columns c WHERE c.table_name = t.table_name AND c.is_nullable = 'NO'
                AND c.column_name IN ('account_id', 'org_id', 'project_id')) <> 3`,
    );
    expect(rows).toEqual([]);
  });
});
