import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { notedSecurityEvent, type SecurityEventRecord } from '@sluice/api-conventions';
import { newId, waitFor } from '@sluice/kernel';
import { MOST_PER_KEY_AND_MINUTE } from '@sluice/security-events';
import { generateSealingKeyPair, type SealingKeyPair } from '@sluice/sealed-secrets';
import { testUser } from '@sluice/testing';
import { CLOSE_CODES, ScriptedDelegate, type ScriptedDelegateOptions } from './testing/scripted-delegate.js';
import { ServiceUnderTest } from './testing/service-under-test.js';

const LOOK = { timeoutMs: 120_000, what: 'the security events' };

describe('security events of delegates', () => {
  let sut: ServiceUnderTest;
  let token: string;
  let pair: SealingKeyPair;
  const connected: ScriptedDelegate[] = [];

  beforeAll(async () => {
    sut = await ServiceUnderTest.start({ DELEGATE_SERVICE_ACCEPTS_PER_SECOND: '10000' });
    pair = await generateSealingKeyPair();
  }, 300_000);
  afterAll(() => sut.stop());
  afterEach(() => connected.splice(0).forEach((delegate) => delegate.kill()));

  const connect = async (over: Partial<ScriptedDelegateOptions> = {}): Promise<ScriptedDelegate> => {
    const delegate = await ScriptedDelegate.connect({
      url: sut.service.url,
      token,
      name: newId(),
      keyPair: pair,
      ...over,
    });
    connected.push(delegate);
    return delegate;
  };
  const claim = async (): Promise<SecurityEventRecord[]> =>
    (await sut.admin.unary(testUser(''), 'ClaimSecurityEvents', { limit: 500 })).eventsJson.map(
      (json) => notedSecurityEvent.parse(JSON.parse(json)).event,
    );
  const acknowledge = (events: readonly SecurityEventRecord[]) =>
    sut.admin.unary(testUser(''), 'AcknowledgeSecurityEvents', { eventIds: events.map(({ eventId }) => eventId) });
  const of = (events: readonly SecurityEventRecord[], secret: string) =>
    events.filter(({ origin }) => origin?.keyId === secret.split('.')[0]);
  const total = (events: readonly SecurityEventRecord[]) => events.reduce((sum, { count }) => sum + count, 0);

  it('tell which delegate came, with which token and from where, and what is another than before', async () => {
    token = await sut.token('A1', 'of p', { orgId: 'o', projectId: 'p' });
    const name = newId();
    const first = await connect({ name });
    first.kill();
    await waitFor(
      async () =>
        (
          await sut.postgres.query(
            'delegate_service',
            'SELECT 1 FROM delegates WHERE id = $1 AND connection_id IS NULL',
            [first.delegateId],
          )
        ).length === 1,
      LOOK,
    );
    const again = await connect({ name, keyPair: await generateSealingKeyPair() });
    expect(again.delegateId).toBe(first.delegateId);
    const events = of(await claim(), token);
    expect(events).toMatchObject([
      {
        kind: 'delegateConnected',
        outcome: 'allowed',
        accountId: 'A1',
        orgId: 'o',
        projectId: 'p',
        resourceType: 'delegate',
        identifier: first.delegateId,
        details: { name, tokenName: 'of p', isNew: true, changed: [] },
        origin: { clientAddress: expect.stringMatching(/127\.0\.0\.1|::1/) },
      },
      {
        identifier: first.delegateId,
        details: { isNew: false, changed: expect.arrayContaining(['sealingKey', 'instance']) },
      },
    ]);
    expect(JSON.stringify(events)).not.toContain(token.split('.')[1]);
  });

  it('are there after the service was gone before anybody fetched them, and come again until they are acknowledged', async () => {
    token = await sut.token('A1');
    await connect();
    await sut.down();
    await sut.up();
    const kept = of(await claim(), token);
    expect(kept).toMatchObject([{ kind: 'delegateConnected' }]);
    expect(of(await claim(), token)).toEqual(kept);
    await acknowledge(kept);
    expect(of(await claim(), token)).toEqual([]);
    await acknowledge(kept);
  });

  it('that are alike count up until they are fetched, and begin a new one afterwards', async () => {
    token = await sut.token('A1');
    const name = newId();
    const reconnect = async () => (await connect({ name, instanceId: `same-process-${token.split('.')[0]}` })).kill();
    for (let round = 0; round < 3; round += 1) await reconnect();
    const fetched = of(await claim(), token);
    expect(total(fetched)).toBe(3);
    await reconnect();
    await acknowledge(fetched);
    expect(total(of(await claim(), token))).toBe(1);
  });

  it('of one token are bounded in a minute, with the number of those not told one by one', async () => {
    token = await sut.token('A1');
    const many = MOST_PER_KEY_AND_MINUTE + 15;
    const before = Math.floor(Date.now() / 60_000);
    for (let index = 0; index < many; index += 1) (await connect()).kill();
    const minutes = Math.floor(Date.now() / 60_000) - before + 1;
    const events = of(await claim(), token);
    expect(total(events)).toBe(many);
    expect(events.length).toBeLessThanOrEqual((MOST_PER_KEY_AND_MINUTE + 1) * minutes);
    if (minutes === 1)
      expect(events.find(({ details }) => details['notToldOneByOne'] === true)).toMatchObject({
        count: 15,
        kind: 'delegateConnected',
      });
  }, 300_000);

  it('tell of one that was refused: a revoked token, a wrong secret of a token there is, a key that is not proven', async () => {
    token = await sut.token('A1', 'to be revoked');
    await connect({ nonce: 'guessed' }).catch(() => undefined);
    const shut = async (shown: string) =>
      (await ScriptedDelegate.open({ url: sut.service.url, token: shown })).closed();
    expect(await shut(`${token.split('.')[0]}.${'0'.repeat(48)}`)).toBe(CLOSE_CODES.UNAUTHORISED);
    await sut.admin.unary(testUser('A1'), 'RevokeToken', {
      scope: { accountId: 'A1', orgId: '', projectId: '' },
      name: 'to be revoked',
    });
    expect(await shut(token)).toBe(CLOSE_CODES.TOKEN_REVOKED);
    const refused = await waitFor(async () => {
      const events = of(await claim(), token).filter(({ kind }) => kind === 'delegateRefused');
      return total(events) >= 3 ? events : undefined;
    }, LOOK);
    const reasons = refused.map(({ outcome, identifier, details }) => [outcome, identifier, details['reason']]);
    const id = token.split('.')[0];
    expect(reasons).toEqual(
      expect.arrayContaining([
        ['refused', id, expect.stringContaining('does not hold the key')],
        ['refused', id, expect.stringContaining('not valid')],
        ['refused', id, expect.stringContaining('has been revoked')],
      ]),
    );
    expect(JSON.stringify(refused)).not.toContain(token.split('.')[1]);
  }, 300_000);
});
