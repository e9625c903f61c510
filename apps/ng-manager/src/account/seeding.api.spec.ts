import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { bootstrap } from '../bootstrap.js';
import { startNgManager, type NgManagerUnderTest } from '../testing/ng-manager-under-test.js';

describe('the bootstrap file', () => {
  let ng: NgManagerUnderTest;
  beforeAll(async () => {
    ng = await startNgManager();
  });
  afterAll(() => ng.stop());

  const removed = '/no/such/folder/bootstrap.json';

  it('may be removed after the first start: what it made stays, and the service starts', async () => {
    const again = await bootstrap({ ...ng.environment, NG_MANAGER_BOOTSTRAP_FILE: removed });
    await again.close();
  });

  it('that is missing while no account exists ends the start with the file, the reason and the remedy', async () => {
    const databaseUrl = await ng.pg.createDatabase('empty_ng_manager');
    const start = bootstrap({
      ...ng.environment,
      NG_MANAGER_DATABASE_URL_FILE: ng.keep('empty-url', databaseUrl),
      NG_MANAGER_BOOTSTRAP_FILE: removed,
    });
    await expect(start).rejects.toThrow(
      `bootstrap file ${removed} does not exist and no account does: write the file (its shape is in the README of ng-manager) or correct NG_MANAGER_BOOTSTRAP_FILE`,
    );
  });
});
