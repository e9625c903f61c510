import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TokenAggregate } from '@sluice/ng-manager-api';
import { startNgManager, type HttpAnswer, type NgManagerUnderTest } from '../testing/ng-manager-under-test.js';

const A1 = 'accountIdentifier=A1';
const DAY_MS = 24 * 3_600_000;
const SETTING = 'api_token_default_days';

describe('the end of an API token', () => {
  let ng: NgManagerUnderTest;
  let admin: ReturnType<NgManagerUnderTest['as']>;
  let owner: { readonly apiKeyType: 'USER'; readonly parentIdentifier: string; readonly accountIdentifier: string };
  const data = async (answer: Promise<HttpAnswer>) => {
    const { status, body } = await answer;
    expect([status, body.message]).toEqual([200, undefined]);
    return body.data;
  };
  const listed = async (apiKeyIdentifier: string, identifier: string): Promise<TokenAggregate> =>
    (
      await data(
        admin(
          'GET',
          `/ng/api/token/aggregate?${A1}&apiKeyType=USER&parentIdentifier=${owner.parentIdentifier}&apiKeyIdentifier=${apiKeyIdentifier}&identifiers=${identifier}`,
        ),
      )
    ).content[0];
  const made = async (identifier: string, more: object = {}, apiKeyIdentifier = 'plain'): Promise<TokenAggregate> => {
    await data(
      admin('POST', `/ng/api/token?${A1}`, { identifier, name: identifier, apiKeyIdentifier, ...owner, ...more }),
    );
    return listed(apiKeyIdentifier, identifier);
  };
  const set = async (value: string) =>
    (await data(admin('PUT', `/ng/api/settings?${A1}`, [{ identifier: SETTING, value, updateType: 'UPDATE' }])))[0];
  /** Days from now, to the nearest: the clock goes on between the request and the look at the answer. */
  const daysFromNow = (instant: number | null | undefined): number | null =>
    instant == null ? null : Math.round((instant - Date.now()) / DAY_MS);

  beforeAll(async () => {
    ng = await startNgManager();
    admin = ng.as('A1');
    const { uuid } = await data(admin('POST', `/ng/api/user?${A1}`, { email: 'ann@a1.example', name: 'ann' }));
    owner = { apiKeyType: 'USER', parentIdentifier: uuid, accountIdentifier: 'A1' };
    await data(admin('POST', `/ng/api/apikey?${A1}`, { identifier: 'plain', name: 'plain', ...owner }));
    await data(
      admin('POST', `/ng/api/apikey?${A1}`, {
        identifier: 'tenDays',
        name: 'tenDays',
        defaultTimeToExpireToken: 10 * DAY_MS,
        ...owner,
      }),
    );
  }, 300_000);
  afterAll(() => ng.stop());

  it('is what it says itself, else what its key says, else what the account says, and the list tells it', async () => {
    const own = Date.now() + 3 * DAY_MS;
    expect(await made('own', { validTo: own })).toMatchObject({ token: { validTo: own }, expiryAt: own });
    expect(await made('scheduled', { scheduledExpireTime: own })).toMatchObject({
      token: { scheduledExpireTime: own },
      expiryAt: own,
    });
    expect((await made('far', { validTo: 253_402_300_799_999 })).expiryAt).toBe(253_402_300_799_999);
    expect(daysFromNow((await made('ofKey', {}, 'tenDays')).expiryAt)).toBe(10);
    const ofAccount = await made('ofAccount');
    expect([daysFromNow(ofAccount.expiryAt), ofAccount.token.validTo, ofAccount.token.valid]).toEqual([
      365,
      ofAccount.expiryAt,
      true,
    ]);
    expect(daysFromNow((await made('typed', { validFrom: 0, validTo: 0, scheduledExpireTime: 0 })).expiryAt)).toBe(365);
    expect(await made('fromLongAgo', { validFrom: 1_000 })).toMatchObject({ token: { validFrom: 1_000, valid: true } });
  });

  it('of the account is set by its administrator, for tokens made from then on; 0 is none', async () => {
    const before = await made('before');
    expect(await set('30')).toMatchObject({ updateStatus: true, setting: { value: '30', settingSource: 'ACCOUNT' } });
    expect(daysFromNow((await made('thirty')).expiryAt)).toBe(30);
    expect((await listed('plain', 'before')).expiryAt).toBe(before.expiryAt);
    await set('0');
    const endless = await made('endless');
    expect([endless.expiryAt, endless.token.validTo]).toEqual([null, undefined]);
    for (const wrong of ['-1', '1.5', '36501', 'soon', ''])
      expect([wrong, await set(wrong)]).toEqual([
        wrong,
        expect.objectContaining({
          updateStatus: false,
          errorMessage: expect.stringContaining('use a whole number from 0 to 36500'),
        }),
      ]);
    expect(daysFromNow((await made('otherKey', {}, 'tenDays')).expiryAt)).toBe(10);
    expect((await data(ng.as('B1')('GET', `/ng/api/settings/${SETTING}?accountIdentifier=B1`))).value).toBe('365');
    expect(
      (
        await ng.as('A1', [{ role: 'org_admin', orgId: 'o' }])('PUT', `/ng/api/settings?${A1}`, [
          { identifier: SETTING, value: '0', updateType: 'UPDATE' },
        ])
      ).status,
    ).toBe(403);
  });

  it('of a rotated token is as far away as that of the old one was, and the default where that had none', async () => {
    const rotate = (identifier: string, apiKeyIdentifier = 'plain') =>
      data(
        admin(
          'POST',
          `/ng/api/token/rotate/${identifier}?${A1}&apiKeyType=USER&parentIdentifier=${owner.parentIdentifier}&apiKeyIdentifier=${apiKeyIdentifier}`,
        ),
      );
    await set('0');
    await made('none');
    await made('five', { validTo: Date.now() + 5 * DAY_MS });
    await set('30');
    for (const identifier of ['none', 'five']) await rotate(identifier);
    expect([
      daysFromNow((await listed('plain', 'none')).expiryAt),
      daysFromNow((await listed('plain', 'five')).expiryAt),
    ]).toEqual([30, 5]);
  });
});
