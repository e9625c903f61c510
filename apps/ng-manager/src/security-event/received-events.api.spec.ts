import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { accountScope, projectScope, waitFor } from '@sluice/kernel';
import { RouteClient } from '@sluice/http';
import { authenticateKey, receiveSecurityEvents, type SecurityEvent } from '@sluice/ng-manager-api';
import { noted, signInNoted, type SecurityEntry } from '@sluice/security-events';
import type { ServiceName } from '@sluice/service-identity';
import { testUser } from '@sluice/testing';
import { startNgManager, type NgManagerUnderTest } from '../testing/ng-manager-under-test.js';

const ACCOUNT = 'accountIdentifier=A1';
const LOOK = { timeoutMs: 120_000, what: 'the security events' };
const POD = { type: 'service', id: 'pod:A1/run', name: 'pod' } as const;

describe('security events of other services', () => {
  let ng: NgManagerUnderTest;
  const clients: RouteClient[] = [];
  const list = async (query: string): Promise<readonly SecurityEvent[]> =>
    (await ng.as('A1')('GET', `/ng/api/security-events?${query}`)).body.data.content;
  const client = async (service: ServiceName): Promise<RouteClient> => {
    const made = new RouteClient({
      target: 'ng-manager',
      baseUrl: ng.app.url,
      identity: await ng.identities.of(service),
    });
    clients.push(made);
    return made;
  };
  const ctx = { ...testUser('A1'), accountId: '', correlationId: 'c', traceparent: undefined };
  const event = (over: Partial<SecurityEntry> = {}) =>
    noted(
      { principal: POD, correlationId: '' },
      {
        kind: 'logOverwritten',
        outcome: 'allowed',
        scope: projectScope('A1', 'o', 'p'),
        resourceType: 'log',
        identifier: 'A1/run/step',
        ...over,
      },
      [over.identifier ?? 'A1/run/step'],
    );

  beforeAll(async () => {
    ng = await startNgManager();
  }, 300_000);
  afterAll(async () => {
    await Promise.all(clients.map((one) => one.close()));
    await ng.stop();
  });

  it('count once, however often they are handed over, and add up when they are alike', async () => {
    const logService = await client('log-service');
    const at = Date.now();
    const [first, second] = [event({ at, count: 3 }), event({ at, count: 2 })];
    for (let delivery = 0; delivery < 3; delivery += 1)
      expect(await logService.call(ctx, receiveSecurityEvents, { body: { events: [first] } })).toEqual({ received: 1 });
    await Promise.all(
      Array.from({ length: 4 }, () =>
        logService.call(ctx, receiveSecurityEvents, { body: { events: [second, first] } }),
      ),
    );
    expect(await list(`${ACCOUNT}&kind=logOverwritten`)).toMatchObject([
      { count: 5, identifier: 'A1/run/step', orgIdentifier: 'o', projectIdentifier: 'p', actor: { id: POD.id } },
    ]);
    expect(
      (await ng.as('B1')('GET', '/ng/api/security-events?accountIdentifier=B1&kind=logOverwritten')).body.data.content,
    ).toEqual([]);
  });

  it('are taken from the services that have some, and from nobody else', async () => {
    for (const service of ['gateway', 'pipeline'] as const)
      expect(
        await (
          await client(service)
        ).call(ctx, receiveSecurityEvents, { body: { events: [event({ identifier: service })] } }),
      ).toEqual({ received: 1 });
    await expect(
      (await client('scm')).call(ctx, receiveSecurityEvents, { body: { events: [event()] } }),
    ).rejects.toMatchObject({ httpStatus: 403 });
  });

  it('of a key at an address are one sign-in, whether the gateway or ng-manager saw it first', async () => {
    const gateway = await client('gateway');
    const from = { clientAddress: '198.51.100.77', userAgent: 'curl/8' };
    const { principal, keyId } = await gateway.call(ctx, authenticateKey, { body: { apiKey: ng.apiKeys.A1, ...from } });
    const sighting = () => ({ body: { events: [signInNoted(principal, { accountId: 'A1', keyId }, from)] } });
    for (let replica = 0; replica < 3; replica += 1) await gateway.call(ctx, receiveSecurityEvents, sighting());
    const elsewhere = { ...from, clientAddress: '198.51.100.78' };
    await gateway.call(ctx, receiveSecurityEvents, {
      body: { events: [signInNoted(principal, { accountId: 'A1', keyId }, elsewhere)] },
    });
    await gateway.call(ctx, authenticateKey, { body: { apiKey: ng.apiKeys.A1, ...elsewhere } });
    const seen = (await list(`${ACCOUNT}&kind=signIn`)).map(({ origin, count }) => [origin?.clientAddress, count]);
    expect(seen.sort()).toEqual([
      ['198.51.100.77', 1],
      ['198.51.100.78', 1],
    ]);
  });

  it('of refused sign-ins name the key when there is one, and count each attempt', async () => {
    const gateway = await client('gateway');
    const wrong = ng.apiKeys.A1.replace(/.{4}$/, 'zzzz');
    for (let attempt = 0; attempt < 3; attempt += 1)
      await gateway
        .call(ctx, authenticateKey, { body: { apiKey: wrong, clientAddress: '198.51.100.90' } })
        .catch(() => undefined);
    const refused = (await list(`${ACCOUNT}&kind=signInRefused`)).filter(
      ({ outcome, origin }) => outcome === 'refused' && origin?.clientAddress === '198.51.100.90',
    );
    expect(refused.reduce((sum, { count }) => sum + count, 0)).toBe(3);
    expect(refused[0]).toMatchObject({
      identifier: ng.apiKeys.A1.split('.')[2],
      actor: { type: 'unknown' },
      details: { code: 'INVALID_TOKEN' },
    });
  });

  it('of delegates are fetched from the delegate service, and one that cannot be read holds up none', async () => {
    const { securityEvents } = ng.delegateService;
    const arrival = event({
      kind: 'delegateConnected',
      scope: accountScope('A1'),
      resourceType: 'delegate',
      identifier: 'd1',
    });
    const unreadable = event({ identifier: 'odd' });
    securityEvents.set(
      unreadable.event.eventId,
      JSON.stringify({ ...unreadable, event: { ...unreadable.event, kind: 'fromTheFuture' } }),
    );
    securityEvents.set(arrival.event.eventId, JSON.stringify(arrival));
    await waitFor(async () => (await list(`${ACCOUNT}&kind=delegateConnected`)).length === 1, LOOK);
    await waitFor(() => securityEvents.size === 0, LOOK);
    expect(await list(`${ACCOUNT}&kind=delegateConnected`)).toMatchObject([{ identifier: 'd1', count: 1 }]);
  }, 300_000);

  it('are found by when they happened, and a time that is none is refused by name', async () => {
    const logService = await client('log-service');
    const day = 86_400_000;
    const long = Date.now() - 3 * day;
    await logService.call(ctx, receiveSecurityEvents, {
      body: {
        events: [
          event({ kind: 'logUploaded', identifier: 'old', at: long }),
          event({ kind: 'logUploaded', identifier: 'new', at: Date.now() }),
        ],
      },
    });
    const found = async (query: string) =>
      (await list(`${ACCOUNT}&kind=logUploaded&${query}`)).map(({ identifier }) => identifier);
    expect(await found(`startTime=${long + 1}`)).toEqual(['new']);
    expect(await found(`endTime=${long + 1}`)).toEqual(['old']);
    expect(await found(`startTime=${long}&endTime=${long + 1}`)).toEqual(['old']);
    for (const query of ['startTime=tomorrow', 'endTime=-1', 'endTime=1e99']) {
      const { status, body } = await ng.as('A1')('GET', `/ng/api/security-events?${ACCOUNT}&${query}`);
      expect([query, status, body.message]).toEqual([query, 400, expect.stringContaining(query.split('=')[0] ?? '')]);
    }
  });
});
