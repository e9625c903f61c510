import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startPostgres, type TestPostgres } from '@sluice/testing';
import { openDatabase } from '../database.js';

interface ColumnRow {
  readonly table: string;
  readonly column: string;
  readonly type: string;
  readonly nullable: boolean;
}

const literal = (text: string | null): string => (text === null ? 'NULL' : `'${text}'`);
const byName = (a: ColumnRow, b: ColumnRow): number => `${a.table}.${a.column}`.localeCompare(`${b.table}.${b.column}`);

describe('migrations of ng-manager', () => {
  let pg: TestPostgres;
  beforeAll(async () => {
    pg = await startPostgres();
  }, 300_000);
  afterAll(() => pg.stop());

  it('make exactly the columns the entities map; keys and rules between tables are theirs alone', async () => {
    const dataSource = await openDatabase(await pg.createDatabase('fresh'), 2);
    const mapped = dataSource.entityMetadatas.flatMap((entity) =>
      entity.columns.map((column) => ({
        table: entity.tableName,
        column: column.databaseName,
        type: dataSource.driver.normalizeType(column),
        nullable: column.isNullable,
      })),
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

  it('trust no reference that leads up and was stored before the right to use was asked for, and every other one', async () => {
    const url = await pg.createDatabase('earlier');
    await openDatabase(url, 2).then((dataSource) => dataSource.destroy());
    const use = (
      user: string,
      org: string | null,
      project: string | null,
      usedOrg: string | null,
      usedProject: string | null,
    ): string =>
      `('A', ${[org, project].map(literal).join(', ')}, '${user}', '${user}_${usedProject ?? usedOrg ?? 'account'}', 'secret', ${[usedOrg, usedProject].map(literal).join(', ')}, 's')`;
    const rows = [
      use('connector', 'o', 'p', 'o', 'p'),
      use('connector', 'o', 'p', 'o', null),
      use('connector', 'o', 'p', null, null),
      use('connector', null, null, null, null),
      use('secret', 'o', null, null, null),
      use('pipeline', 'o', 'p', null, null),
    ];
    await pg.query('earlier', `DELETE FROM migrations WHERE name LIKE 'AuthoriseEntityUses%'`);
    await pg.query('earlier', 'ALTER TABLE entity_uses DROP COLUMN is_authorised');
    await pg.query('earlier', `INSERT INTO accounts (identifier, name) VALUES ('A', 'A')`);
    await pg.query('earlier', `INSERT INTO organizations (account_id, identifier, name) VALUES ('A', 'o', 'o')`);
    await pg.query(
      'earlier',
      `INSERT INTO projects (account_id, org_id, identifier, unique_id, name) VALUES ('A', 'o', 'p', 'u', 'p')`,
    );
    await pg.query(
      'earlier',
      `INSERT INTO entity_uses (account_id, org_id, project_id, user_kind, user_identifier, used_kind, used_org_id, used_project_id, used_identifier) VALUES ${rows.join(', ')}`,
    );
    await openDatabase(url, 2).then((dataSource) => dataSource.destroy());
    expect(
      await pg.query(
        'earlier',
        'SELECT user_identifier AS id, org_id IS NULL AS top, is_authorised AS trusted FROM entity_uses ORDER BY id, top',
      ),
    ).toEqual([
      { id: 'connector_account', top: false, trusted: false },
      { id: 'connector_account', top: true, trusted: true },
      { id: 'connector_o', top: false, trusted: false },
      { id: 'connector_p', top: false, trusted: true },
      { id: 'pipeline_account', top: false, trusted: true },
      { id: 'secret_account', top: false, trusted: false },
    ]);
  });

  it('run once when several processes start at the same time', async () => {
    const url = await pg.createDatabase('together');
    const opened = await Promise.all([1, 2, 3].map(() => openDatabase(url, 2)));
    const known = opened[0]?.migrations.length;
    await Promise.all(opened.map((dataSource) => dataSource.destroy()));
    expect(await pg.query('together', 'SELECT count(*)::int AS count FROM migrations')).toEqual([{ count: known }]);
  });
});
