import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { existsSync } from 'node:fs';
import { startPostgres, type TestPostgres } from './postgres.js';

describe('startPostgres', () => {
  let pg: TestPostgres;
  beforeAll(async () => {
    pg = await startPostgres();
  }, 300_000);
  afterAll(() => pg.stop());

  it('gives a server with databases of one’s own', async () => {
    await pg.createDatabase('orders');
    expect(await pg.query('orders', 'select current_database() as name')).toEqual([{ name: 'orders' }]);
  });

  it('leaves neither server nor data behind once stopped', async () => {
    const other = await startPostgres();
    const [row] = await other.query<{ data: string }>('postgres', `select current_setting('data_directory') as data`);
    await other.stop();
    expect(existsSync(row?.data ?? '')).toBe(false);
    await expect(other.query('postgres', 'select 1')).rejects.toThrow(/ECONNREFUSED/);
  });
});
