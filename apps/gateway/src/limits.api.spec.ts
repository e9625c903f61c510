import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { waitFor } from '@sluice/kernel';
import { quickestMs } from '@sluice/testing';
import { bootstrap } from './bootstrap.js';
import { KEY_A, KEY_B, echo, runGateway, signedInAs, type RunningGateway } from './testing/running-gateway.js';

describe('limits of the gateway', () => {
  let gateway: RunningGateway;
  let keys = 0;
  beforeAll(async () => {
    gateway = await runGateway({
      GATEWAY_RATE_LIMIT_PER_SECOND: '5',
      GATEWAY_RATE_LIMIT_BURST: '5',
      GATEWAY_SIGN_IN_FAILURES_PER_MINUTE: '4',
      GATEWAY_MAX_CONCURRENT_REQUESTS: '30',
      GATEWAY_TRUSTED_PROXIES: '127.0.0.1',
    });
  });
  afterAll(() => gateway.stop());
  afterEach(() => {
    for (const double of Object.values(gateway.doubles)) double.handler = echo;
  });

  const newKey = (): string => {
    keys += 1;
    const key = `pat.ACCA.limits${keys}.x`;
    gateway.keys.set(key, signedInAs('ACCA', `limits${keys}`));
    return key;
  };
  const send = (count: number, key: string, from = '10.0.0.1', url = gateway.app.url): Promise<Response[]> =>
    Promise.all(
      Array.from({ length: count }, () =>
        fetch(`${url}/ng/api/x`, { headers: { 'x-api-key': key, 'x-forwarded-for': from } }),
      ),
    );
  const statuses = async (count: number, key: string, from?: string, url?: string): Promise<number[]> =>
    (await send(count, key, from, url)).map(({ status }) => status);
  /** The most a key gets through in a time: 5 in each second begun since its first request, and 5 more in each 10 s begun. */
  const mostIn = (ms: number): number => 5 * (Math.floor(ms / 1_000) + 1) + 5 * (Math.floor(ms / 10_000) + 1);

  it('let a key burst, then answer 429 with the limit by name and a time to wait; other keys go on', async () => {
    const key = newKey();
    const startedAt = Date.now();
    const answers = await send(60, key);
    const passed = answers.filter(({ status }) => status === 200).length;
    expect(passed).toBeGreaterThanOrEqual(10);
    expect(passed).toBeLessThanOrEqual(mostIn(Date.now() - startedAt));
    const refused = answers.find(({ status }) => status !== 200);
    expect([refused?.status, refused?.headers.get('retry-after')]).toEqual([429, expect.stringMatching(/^\d+$/)]);
    expect(await refused?.json()).toMatchObject({
      status: 'FAILURE',
      code: 'TOO_MANY_REQUESTS',
      message: expect.stringContaining('5 requests a second'),
    });
    expect(await statuses(1, newKey())).toEqual([200]);
    await waitFor(async () => (await statuses(1, key))[0] === 200, {
      timeoutMs: 120_000,
      intervalMs: 250,
      what: 'the next second',
    });
  });

  it('count for all gateways together', async () => {
    const other = await bootstrap({
      LOG_LEVEL: 'silent',
      GATEWAY_PORT: '0',
      GATEWAY_SERVICE_KEY_FILE: gateway.identities.keyFile('gateway'),
      SERVICE_KEYS_DIR: gateway.identities.keysDir,
      GATEWAY_NG_MANAGER_URL: gateway.doubles['ng-manager'].url,
      GATEWAY_PIPELINE_URL: gateway.doubles.pipeline.url,
      GATEWAY_LOG_SERVICE_URL: gateway.doubles['log-service'].url,
      GATEWAY_REDIS_URL: gateway.redis.url,
      GATEWAY_RATE_LIMIT_PER_SECOND: '5',
      GATEWAY_RATE_LIMIT_BURST: '5',
    });
    const key = newKey();
    const startedAt = Date.now();
    const both = [...(await statuses(30, key)), ...(await statuses(30, key, '10.0.0.1', other.url))];
    const most = mostIn(Date.now() - startedAt);
    await other.close();
    expect(both.filter((status) => status === 200).length).toBeLessThanOrEqual(most);
  });

  it('stop an address that keeps failing to sign in before it is asked about, and nobody else', async () => {
    const attacker = '203.0.113.9';
    const tries: number[] = [];
    for (let count = 0; count < 8; count += 1) tries.push(...(await statuses(1, `pat.ACCA.guess${count}.x`, attacker)));
    expect(tries).toEqual([401, 401, 401, 401, 429, 429, 429, 429]);
    expect(gateway.asked.filter((key) => key.includes('.guess'))).toHaveLength(4);
    expect(await statuses(1, newKey(), attacker)).toEqual([429]);
    expect(await statuses(1, newKey(), `${attacker}, 203.0.113.10`)).toEqual([200]);
  });

  it('count the address nearest to a trusted proxy, not one a client made up', async () => {
    for (let count = 0; count < 4; count += 1)
      await statuses(1, `pat.ACCA.fake${count}.x`, `198.51.100.${count}, 203.0.113.77`);
    expect(await statuses(1, newKey(), '198.51.100.9, 203.0.113.77')).toEqual([429]);
    await gateway.call(
      '/ng/api/x',
      { headers: { 'x-forwarded-for': '198.51.100.1, 203.0.113.5', 'x-forwarded-proto': 'https' } },
      newKey(),
    );
    expect(gateway.doubles['ng-manager'].seen.at(-1)?.headers).toMatchObject({
      'x-forwarded-for': '203.0.113.5',
      'x-forwarded-proto': 'https',
    });
  });

  it('refuse what is beyond the number of requests under way, at once and with a time to come back', async () => {
    const waiting: (() => void)[] = [];
    gateway.doubles.pipeline.handler = async (request, response, seen) => {
      await new Promise<void>((resolve) => waiting.push(resolve));
      await echo(request, response, seen);
    };
    const under = Array.from({ length: 30 }, () => gateway.call('/pipeline/api/x', {}, newKey()));
    await waitFor(() => waiting.length === 30, { timeoutMs: 120_000, what: 'thirty requests under way' });
    const refused = await gateway.call('/pipeline/api/x', {}, newKey());
    expect([
      refused.status,
      refused.headers.get('retry-after'),
      ((await refused.json()) as { message: string }).message,
    ]).toEqual([503, '1', expect.stringContaining('30 requests')]);
    for (const release of waiting) release();
    expect((await Promise.all(under)).every(({ status }) => status === 200)).toBe(true);
    gateway.doubles.pipeline.handler = echo;
    expect((await gateway.call('/pipeline/api/x', {}, newKey())).status).toBe(200);
  });

  it('go on in memory, without delay, while Redis is away', async () => {
    await gateway.redis.kill();
    const answerMs = async (): Promise<number> => {
      const before = Date.now();
      expect(await statuses(3, newKey())).toEqual([200, 200, 200]);
      return Date.now() - before;
    };
    expect(await quickestMs(1_500, answerMs)).toBeLessThan(1_500);
    const many = await statuses(60, newKey());
    expect(many.filter((status) => status === 429).length).toBeGreaterThan(5);
    await gateway.redis.restart();
    await waitFor(async () => (await statuses(1, newKey()))[0] === 200, {
      timeoutMs: 120_000,
      what: 'an answer with Redis back',
    });
  });

  it('do not mix the accounts of two keys that come at the same time', async () => {
    const calls = await Promise.all(
      [KEY_A, KEY_B].map((key) => gateway.call('/ng/api/x', { headers: { 'x-forwarded-for': '10.9.9.9' } }, key)),
    );
    expect(
      await Promise.all(calls.map(async (response) => ((await response.json()) as { account: string }).account)),
    ).toEqual(['ACCA', 'ACCB']);
  });
});
