import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startPostgres, type TestPostgres } from '@sluice/testing';
import { openDatabase } from '../database.js';

interface ColumnRow {
  readonly table: string;
  readonly column: string;
  readonly type: string;
  readonly nullable: boolean;
}

const byName = (a: ColumnRow, b: ColumnRow): number => `${a.table}.${a.column}`.localeCompare(`${b.table}.${b.column}`);

describe('migrations of ng-manager', () => {
  let pg: TestPostgres;
  beforeAll(async () => {
    pg = await startPostgres();
  }, 60_000);
  afterAll(() => pg.stop());

  it('make exactly the columns the entities map; keys and rules between tables are theirs alone', async () => {
    const dataSource = await openDatabase(await pg.createDatabase('fresh'), 2);
    const mapped = dataSource.entityMetadatas.flatMap((entity) =>
      entity.columns.map((column) => ({ table: entity.tableName, column: column.databaseName, type: dataSource.driver.normalizeType(column), nullable: column.isNullable })),
    );
    await dataSource.destroy();
    const made = await pg.query<ColumnRow>(
      'fresh',
      `SELECT table_name AS "table", column_name AS "column", data_type AS type, is_nullable = 'YES' AS nullable
         FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
        WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND table_name <> 'migrations'`,
    );
    expect(mapped.sort(byName)).toEqual(made.sort(byName));
  });

  it('run once when several processes start at the same time', async () => {
    const url = await pg.createDatabase('together');
    const opened = await Promise.all([1, 2, 3].map(() => openDatabase(url, 2)));
    const known = opened[0]?.migrations.length;
    await Promise.all(opened.map((dataSource) => dataSource.destroy()));
    expect(await pg.query('together', 'SELECT count(*)::int AS count FROM migrations')).toEqual([{ count: known }]);
  });
});
