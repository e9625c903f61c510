import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RouteClient } from '@sluice/http';
import { holderOfKey } from '@sluice/ng-manager-api';
import { startNgManager, type NgManagerUnderTest } from '../testing/ng-manager-under-test.js';

describe('the holder of an API key', () => {
  let ng: NgManagerUnderTest;
  let logService: RouteClient;
  beforeAll(async () => {
    ng = await startNgManager();
    logService = new RouteClient({
      target: 'ng-manager',
      baseUrl: ng.app.url,
      identity: await ng.identities.of('log-service'),
    });
  });
  afterAll(async () => {
    await logService.close();
    await ng.stop();
  });

  const idOf = (account: 'A1' | 'B1'): string => ng.apiKeys[account].split('.')[2] ?? '';
  const ask = (accountId: string, keyId: string, client = logService) =>
    client.call(
      {
        accountId,
        principal: { type: 'service', id: 'log-service', name: 'log-service' },
        grants: [],
        correlationId: 'c',
        traceparent: undefined,
      },
      holderOfKey,
      { params: { keyId } },
    );

  it('is named with the rights of now, for a few seconds', async () => {
    const holder = await ask('A1', idOf('A1'));
    expect(holder).toMatchObject({
      accountId: 'A1',
      keyId: idOf('A1'),
      principal: { type: 'user', email: 'admin@a1.example' },
      grants: [{ role: 'account_admin' }],
    });
    expect(holder.cacheMs).toBeLessThanOrEqual(5_000);
  });

  it('is nobody for a key of another account or none, and refused once the key is revoked', async () => {
    await expect(ask('A1', idOf('B1'))).rejects.toMatchObject({ code: 'INVALID_TOKEN' });
    await expect(ask('A1', 'none')).rejects.toMatchObject({ code: 'INVALID_TOKEN' });
    await ng.pg.query(ng.database, `UPDATE api_tokens SET status = 'revoked' WHERE account_id = 'B1'`);
    await expect(ask('B1', idOf('B1'))).rejects.toMatchObject({ code: 'REVOKED_TOKEN' });
  });

  it('is asked after by the log service only', async () => {
    const pipeline = new RouteClient({
      target: 'ng-manager',
      baseUrl: ng.app.url,
      identity: await ng.identities.of('pipeline'),
    });
    await expect(ask('A1', idOf('A1'), pipeline)).rejects.toMatchObject({ code: 'ACCESS_DENIED' });
    await pipeline.close();
  });
});
