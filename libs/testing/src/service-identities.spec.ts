import { afterAll, describe, expect, it } from '@jest/globals';
import { existsSync } from 'node:fs';
import { testIdentities, testUser } from './service-identities.js';

describe('testIdentities', () => {
  const identities = testIdentities();
  afterAll(() => identities.stop());

  it('signs calls the receiver verifies, with the user inside', async () => {
    const headers = await identities.headers('ng-manager', testUser('acc'));
    const token = headers['authorization']?.slice('Bearer '.length) ?? '';
    const call = await (await identities.of('ng-manager')).verifyCall(token, ['gateway']);
    expect(call).toMatchObject({ caller: 'gateway', accountId: 'acc', grants: [{ role: 'account_admin' }] });
  });

  it('gives every service a key file of its own', () => {
    expect(existsSync(identities.keyFile('pipeline'))).toBe(true);
    expect(identities.keyFile('pipeline')).not.toBe(identities.keyFile('gateway'));
  });
});
