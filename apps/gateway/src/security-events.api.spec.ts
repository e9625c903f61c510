import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { waitFor } from '@sluice/kernel';
import { KEY_A, KEY_B, runGateway, signedInAs, type RunningGateway } from './testing/running-gateway.js';

const LOOK = { timeoutMs: 120_000, what: 'the security events' };

describe('security events of the gateway', () => {
  let gateway: RunningGateway;
  const of = (kind: string, accountId: string) =>
    gateway.securityEvents.filter((event) => event.kind === kind && event.accountId === accountId);
  const from = (address: string, key: string) =>
    gateway.call('/ng/api/projects', { headers: { 'x-forwarded-for': address, 'user-agent': 'curl/8' } }, key);

  beforeAll(async () => {
    gateway = await runGateway({ GATEWAY_TRUSTED_PROXIES: '127.0.0.1,::1' });
  }, 300_000);
  afterAll(() => gateway.stop());

  it('tell of the first use of a key from an address, also while the key itself is remembered and nobody is asked', async () => {
    for (const address of ['198.51.100.1', '198.51.100.2', '198.51.100.1', '198.51.100.2'])
      expect((await from(address, KEY_A)).status).toBe(200);
    await waitFor(() => of('signIn', 'ACCA').length === 2, LOOK);
    expect(gateway.asked.filter((key) => key === KEY_A)).toHaveLength(1);
    expect(of('signIn', 'ACCA')).toMatchObject([
      {
        outcome: 'allowed',
        identifier: 'key1',
        count: 1,
        origin: { clientAddress: '198.51.100.1', keyId: 'key1', userAgent: 'curl/8' },
        actor: { id: 'user-ACCA' },
      },
      { outcome: 'allowed', identifier: 'key1', count: 1, origin: { clientAddress: '198.51.100.2' } },
    ]);
  });

  it('tell of requests for another account, in a loop as one with their number', async () => {
    for (let round = 0; round < 50; round += 1)
      expect(
        (await gateway.call(`/ng/api/projects?accountIdentifier=${round % 2 ? 'ACCA' : `X${round}`}`, {}, KEY_B))
          .status,
      ).toBe(403);
    const total = () => of('accessDenied', 'ACCB').reduce((sum, { count }) => sum + count, 0);
    await waitFor(() => total() === 50, LOOK);
    expect(new Set(of('accessDenied', 'ACCB').map(({ identifier }) => identifier))).toEqual(
      new Set(['anotherAccount']),
    );
    expect(of('accessDenied', 'ACCB')[0]).toMatchObject({
      outcome: 'refused',
      resourceType: 'route',
      origin: { keyId: 'key2' },
      actor: { id: 'user-ACCB' },
      details: { reason: expect.stringContaining('the key belongs to account ACCB') },
    });
    expect(of('accessDenied', 'ACCA')).toEqual([]);
  });

  it('tell of who asks for metrics without being an administrator', async () => {
    const viewer = 'pat.ACCC.key3.secret-of-c';
    gateway.keys.set(viewer, { ...signedInAs('ACCC', 'key3'), grants: [{ role: 'viewer' }] });
    expect((await gateway.call('/metrics', {}, viewer)).status).toBe(403);
    await waitFor(() => of('accessDenied', 'ACCC').length === 1, LOOK);
    expect(of('accessDenied', 'ACCC')).toMatchObject([
      { identifier: 'inspect', details: { reason: expect.stringContaining('account.edit') } },
    ]);
  });

  it('hold up no request while ng-manager takes none, and come afterwards', async () => {
    const key = 'pat.ACCD.key4.secret-of-d';
    gateway.keys.set(key, signedInAs('ACCD', 'key4'));
    gateway.takesEvents.value = false;
    for (let round = 0; round < 20; round += 1) expect((await from(`203.0.113.${round}`, key)).status).toBe(200);
    expect(of('signIn', 'ACCD')).toEqual([]);
    gateway.takesEvents.value = true;
    await waitFor(() => of('signIn', 'ACCD').length === 20, { timeoutMs: 120_000, what: 'the events that waited' });
  }, 300_000);
});
