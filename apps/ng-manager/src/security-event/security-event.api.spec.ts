import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { waitFor, type RoleGrant } from '@sluice/kernel';
import { RouteClient } from '@sluice/http';
import { authenticateKey, type SecurityEvent } from '@sluice/ng-manager-api';
import { testUser } from '@sluice/testing';
import { startNgManager, type NgManagerUnderTest } from '../testing/ng-manager-under-test.js';

const ACCOUNT = 'accountIdentifier=A1';
const PROJECT = `${ACCOUNT}&orgIdentifier=o&projectIdentifier=p`;
const ORIGIN = { clientAddress: '203.0.113.7', userAgent: 'curl/8', keyId: 'k1' };
const ADMIN: RoleGrant = { role: 'project_admin', orgId: 'o', projectId: 'p' };
const LOOK = { timeoutMs: 120_000, what: 'the security events' };

describe('security events', () => {
  let ng: NgManagerUnderTest;
  const list = async (query: string, grants?: readonly RoleGrant[]): Promise<readonly SecurityEvent[]> =>
    (await ng.as('A1', grants)('GET', `/ng/api/security-events?${query}`)).body.data.content;
  const person = (id: string, grants: readonly RoleGrant[]) => ng.as('A1', grants, { id, name: id }, ORIGIN);
  const of = (events: readonly SecurityEvent[], id: string): readonly SecurityEvent[] =>
    events.filter(({ actor }) => actor.id === id);
  const total = (events: readonly SecurityEvent[]): number => events.reduce((sum, { count }) => sum + count, 0);

  beforeAll(async () => {
    ng = await startNgManager();
    const call = ng.as('A1');
    await call('POST', `/ng/api/organizations?${ACCOUNT}`, { organization: { identifier: 'o', name: 'o' } });
    await call('POST', `/ng/api/projects?${ACCOUNT}&orgIdentifier=o`, { project: { identifier: 'p', name: 'p' } });
    await call('POST', `/ng/api/v2/secrets?${ACCOUNT}`, {
      secret: {
        type: 'SecretText',
        identifier: 'password',
        name: 'password',
        spec: { secretManagerIdentifier: 'harnessSecretManager', valueType: 'Inline', value: 'hunter2-value' },
      },
    });
    await call('POST', `/ng/api/connectors?${PROJECT}`, {
      connector: {
        identifier: 'db',
        name: 'db',
        orgIdentifier: 'o',
        projectIdentifier: 'p',
        type: 'JDBC',
        spec: {
          url: 'jdbc:postgresql://db.example/d',
          auth: { type: 'UsernamePassword', spec: { username: 'u', passwordRef: 'account.password' } },
        },
      },
    });
    await call('POST', `/ng/api/v2/secrets?${PROJECT}`, {
      secret: {
        type: 'SSHKey',
        identifier: 'ssh',
        name: 'ssh',
        orgIdentifier: 'o',
        projectIdentifier: 'p',
        spec: {
          auth: {
            type: 'SSH',
            spec: { credentialType: 'KeyReference', spec: { userName: 'git', key: 'account.password' } },
          },
        },
      },
    });
  }, 300_000);
  afterAll(() => ng.stop());

  it('a denied request tells who lacked which permission, where and from which address', async () => {
    expect((await person('nosy', [{ role: 'viewer' }])('DELETE', `/ng/api/connectors/db?${PROJECT}`)).status).toBe(403);
    const events = await waitFor(async () => of(await list(`${ACCOUNT}&kind=accessDenied`), 'nosy')[0], LOOK);
    expect(events).toMatchObject({
      kind: 'accessDenied',
      outcome: 'refused',
      orgIdentifier: 'o',
      projectIdentifier: 'p',
      resourceType: 'route',
      identifier: 'deleteConnector',
      actor: { type: 'user', name: 'nosy' },
      origin: ORIGIN,
      count: 1,
      details: { permission: 'connector.edit', reason: expect.stringContaining('lacks connector.edit') },
    });
  });

  it('denied requests in a loop are one row for a principal, permission and minute, and each counts', async () => {
    const call = person('loop', [{ role: 'viewer' }]);
    const before = Math.floor(Date.now() / 60_000);
    for (let round = 0; round < 10; round += 1)
      await Promise.all(
        Array.from({ length: 20 }, (_, at) =>
          call('DELETE', `/ng/api/connectors/c${at}?${at % 2 ? PROJECT : ACCOUNT}`),
        ),
      );
    const minutes = Math.floor(Date.now() / 60_000) - before + 1;
    const events = await waitFor(async () => {
      const found = of(await list(`${ACCOUNT}&kind=accessDenied&pageSize=100`), 'loop');
      return total(found) === 200 ? found : undefined;
    }, LOOK);
    expect(events.length).toBeLessThanOrEqual(minutes);
  });

  it('a request for another account, or at a place that can be none, is one of the own account', async () => {
    const call = person('astray', [{ role: 'viewer' }]);
    expect((await call('GET', '/ng/api/connectors/db?accountIdentifier=B1')).status).toBe(403);
    expect(
      (await call('DELETE', `/ng/api/connectors/db?${ACCOUNT}&orgIdentifier=${encodeURIComponent('a\u0000 b')}`))
        .status,
    ).toBe(403);
    const events = await waitFor(async () => {
      const found = of(await list(`${ACCOUNT}&kind=accessDenied`), 'astray');
      return total(found) === 2 ? found : undefined;
    }, LOOK);
    expect(
      events.every(({ orgIdentifier, projectIdentifier }) => orgIdentifier === null && projectIdentifier === null),
    ).toBe(true);
    expect(
      (await ng.as('B1')('GET', '/ng/api/security-events?accountIdentifier=B1&kind=accessDenied')).body.data.content,
    ).toEqual([]);
  });

  it('a connector test names the secrets it sent; one that is refused says so', async () => {
    ng.delegateService.behaviour = () => ({
      kind: 'test-jdbc',
      outcome: { status: 'succeeded', product: 'PostgreSQL' },
    });
    const test = (id: string, grants: readonly RoleGrant[]) =>
      person(id, grants)('POST', `/ng/api/connectors/testConnection/db?${PROJECT}`);
    expect((await test('tester', [{ role: 'account_admin' }])).status).toBe(200);
    expect((await test('insider', [ADMIN])).status).toBe(400);
    const events = await list(`${ACCOUNT}&kind=connectorTest`);
    const common = {
      resourceType: 'connector',
      identifier: 'db',
      orgIdentifier: 'o',
      projectIdentifier: 'p',
      origin: ORIGIN,
      details: { uses: ['account.password'] },
    };
    expect(of(events, 'tester')).toMatchObject([{ ...common, outcome: 'allowed' }]);
    expect(of(events, 'insider')).toMatchObject([{ ...common, outcome: 'refused' }]);
  });

  it('a test of a secret names what it opened; one that is refused says so', async () => {
    const validate = (id: string, grants: readonly RoleGrant[]) =>
      person(id, grants)('POST', `/ng/api/v2/secrets/validate?${PROJECT}&identifier=ssh`, {
        type: 'SSHKeyMetadata',
        host: 'git.example',
      });
    expect((await validate('opener', [{ role: 'account_admin' }])).status).toBe(200);
    expect((await validate('guest', [ADMIN])).body.data).toMatchObject({ success: false });
    const events = await list(`${ACCOUNT}&kind=secretTest`);
    const common = { resourceType: 'secret', identifier: 'ssh', details: { uses: ['account.password'] } };
    expect(of(events, 'opener')).toMatchObject([{ ...common, outcome: 'allowed' }]);
    expect(of(events, 'guest')).toMatchObject([{ ...common, outcome: 'refused' }]);
    expect(JSON.stringify(events)).not.toContain('hunter2-value');
  });

  it('the first sign-in of a key from an address is one, later ones are none', async () => {
    const gateway = new RouteClient({
      target: 'ng-manager',
      baseUrl: ng.app.url,
      identity: await ng.identities.of('gateway'),
    });
    const signIn = (clientAddress: string) =>
      gateway.call({ ...testUser('A1'), correlationId: 'c', traceparent: undefined }, authenticateKey, {
        body: { apiKey: ng.apiKeys.A1, clientAddress, userAgent: 'curl/8' },
      });
    for (const address of ['198.51.100.1', '198.51.100.2', '198.51.100.1', '198.51.100.1']) await signIn(address);
    await gateway.close();
    const events = await list(`${ACCOUNT}&kind=signIn`);
    expect(events.map(({ origin, count, outcome }) => [origin?.clientAddress, count, outcome]).sort()).toEqual([
      ['198.51.100.1', 1, 'allowed'],
      ['198.51.100.2', 1, 'allowed'],
    ]);
  });

  it('they are listed page by page to those who hold audit.view, each for their scope', async () => {
    await person('outside', [{ role: 'viewer' }])('POST', `/ng/api/organizations?${ACCOUNT}`, {});
    await waitFor(async () => of(await list(`${ACCOUNT}&kind=accessDenied`), 'outside').length > 0, LOOK);
    const all = await ng.as('A1')('GET', `/ng/api/security-events?${ACCOUNT}&pageSize=2&pageIndex=1`);
    expect(all.body.data).toMatchObject({
      pageIndex: 1,
      pageSize: 2,
      pageItemCount: 2,
      totalItems: expect.any(Number),
    });
    const seen = await list(`${ACCOUNT}&pageSize=100`, [ADMIN]);
    expect(seen.length).toBeGreaterThan(0);
    expect(
      new Set(seen.map(({ orgIdentifier, projectIdentifier }) => `${orgIdentifier}/${projectIdentifier}`)),
    ).toEqual(new Set(['o/p']));
    expect((await list(`${PROJECT}&pageSize=100`)).map(({ eventId }) => eventId)).toEqual(
      seen.map(({ eventId }) => eventId),
    );
    expect((await ng.as('A1', [{ role: 'viewer' }])('GET', `/ng/api/security-events?${ACCOUNT}`)).status).toBe(403);
    const beyond = await ng.as('A1')('GET', `/ng/api/security-events?${ACCOUNT}&pageSize=100&pageIndex=100`);
    expect([beyond.status, beyond.body.message]).toEqual([400, expect.stringContaining('pageIndex 100')]);
  });

  it('are removed when their time is over', async () => {
    await ng.pg.query(
      ng.database,
      `UPDATE security_events SET at = now() - interval '91 days', event_id = 'old' WHERE actor ->> 'id' = 'nosy'`,
    );
    await waitFor(
      async () => (await ng.pg.query(ng.database, `SELECT 1 FROM security_events WHERE event_id = 'old'`)).length === 0,
      { timeoutMs: 120_000, what: 'the sweep' },
    );
    expect(of(await list(`${ACCOUNT}&pageSize=100`), 'loop').length).toBeGreaterThan(0);
  }, 300_000);
});
