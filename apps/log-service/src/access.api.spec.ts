import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { waitFor, type RoleGrant } from '@sluice/kernel';
import type { CallIdentity } from '@sluice/service-identity';
import { testUser } from '@sluice/testing';
import { decodeJwt } from 'jose';
import { ADMIN, linesOf, newRun, runLogService, type RunningLogService } from './testing/running-log-service.js';

const ndjson = (text: string): string =>
  `${JSON.stringify({ level: 'INFO', pos: 0, out: text, time: '2026-11-22T10:00:00.000Z', args: null })}\n`;
const OF_P2 = { orgId: 'default', projectId: 'p2' };

describe('proofs the log service takes', () => {
  let service: RunningLogService;
  beforeAll(async () => {
    service = await runLogService();
  });
  afterAll(() => service.stop());

  const upload = (key: string, headers: Record<string, string>, body: string): Promise<Response> =>
    service.call(`/blob?accountID=ACC&key=${key}`, { method: 'POST', headers, body });
  const stored = async (key: string): Promise<string> =>
    (await service.call(`/blob?key=${key}`, { headers: await service.user(ADMIN) })).text();
  const asBearer = ({ 'x-harness-token': token }: Record<string, string>): Record<string, string> => ({
    authorization: `Bearer ${token ?? ''}`,
  });

  it('a log token shown as the token of a service opens nothing, at any address', async () => {
    const theirs = `${newRun()}/stage/step`;
    await upload(theirs, await service.pod(theirs, { scope: OF_P2 }), ndjson('theirs'));
    const own = asBearer(await service.pod(newRun()));
    const attempts: [string, RequestInit][] = [
      [`/blob?key=${theirs}`, {}],
      [`/blob?key=${theirs}`, { method: 'POST', body: ndjson('forged') }],
      [`/stream?key=${theirs}`, {}],
      [`/stream?key=${theirs}`, { method: 'POST' }],
      [`/stream?key=${theirs}`, { method: 'DELETE' }],
      [`/blob/link/download?key=${theirs}`, { method: 'POST' }],
      [`/blob/link/upload?key=${theirs}`, { method: 'POST' }],
      [`/blob/download?prefix=${theirs}`, { method: 'POST' }],
      ['/token', {}],
    ];
    for (const [path, init] of attempts) {
      const response = await service.call(path, { ...init, headers: own });
      expect([path, init.method, response.status]).toEqual([path, init.method, 401]);
    }
    expect(await stored(theirs)).toBe(ndjson('theirs'));
  });

  it('the token of a link is no log token, and the token of an account none of a service', async () => {
    const key = `${newRun()}/stage/step`;
    const pod = await service.pod(key);
    const { link } = (await (
      await service.call(`/blob/link/upload?key=${key}`, { method: 'POST', headers: pod })
    ).json()) as { link: string };
    const signature = new URL(link).searchParams.get('signature') ?? '';
    expect((await upload(key, { 'x-harness-token': signature }, ndjson('x'))).status).toBe(401);
    expect(
      (
        await service.call(`/blob/signed?signature=${pod['x-harness-token'] ?? ''}`, {
          method: 'PUT',
          body: ndjson('x'),
        })
      ).status,
    ).toBe(401);
    const account = {
      'x-harness-token': await (await service.call('/token', { headers: await service.user(ADMIN) })).text(),
    };
    for (const path of ['/token', `/blob?key=${key}`])
      expect((await service.call(path, { headers: asBearer(account) })).status).toBe(401);
  });

  it('the name of the pipeline service gives no right: what counts is on whose behalf it calls', async () => {
    const key = `${newRun()}/stage/step`;
    await upload(key, await service.pod(key), ndjson('kept'));
    const as = async (who: Parameters<RunningLogService['user']>[0]): Promise<Record<string, string>> =>
      service.identities.headers('log-service', who, 'pipeline');
    expect((await service.call(`/blob?key=${key}`, { headers: await as(testUser('ACC', [])) })).status).toBe(403);
    expect(
      (await service.call(`/blob?key=${key}`, { headers: await as(testUser('ACC', [{ role: 'viewer' }])) })).status,
    ).toBe(200);
    expect((await upload(key, await as(ADMIN), ndjson('forged'))).status).toBe(403);
    expect(await stored(key)).toBe(ndjson('kept'));
  });
});

describe('a finished log', () => {
  let service: RunningLogService;
  beforeAll(async () => {
    service = await runLogService();
  });
  afterAll(() => service.stop());

  const upload = (key: string, headers: Record<string, string>, body: string): Promise<Response> =>
    service.call(`/blob?accountID=ACC&key=${key}`, { method: 'POST', headers, body });
  const stored = async (key: string): Promise<string> =>
    (await service.call(`/blob?key=${key}`, { headers: await service.user(ADMIN) })).text();
  const accountToken = async (): Promise<Record<string, string>> => ({
    'x-harness-token': await (await service.call('/token', { headers: await service.user(ADMIN) })).text(),
  });

  it('is written once: another writer is refused, its own may send it again', async () => {
    const key = `${newRun()}/stage/step`;
    const pod = await service.pod(key);
    expect((await upload(key, pod, ndjson('first'))).status).toBe(204);
    const refused = await upload(key, await accountToken(), ndjson('forged'));
    expect([refused.status, await refused.json()]).toEqual([
      409,
      { error_msg: expect.stringMatching(/finished.*another writer/), message: expect.any(String) },
    ]);
    expect(await stored(key)).toBe(ndjson('first'));
    expect((await upload(key, await service.pod(key), ndjson('first'))).status).toBe(204);
    expect((await upload(key, await accountToken(), ndjson('first'))).status).toBe(204);
    expect(await stored(key)).toBe(ndjson('first'));
  });

  it('has one writer also when several store it for the first time at once', async () => {
    const key = `${newRun()}/stage/step`;
    const run = key.split('/').slice(0, 5).join('/');
    const writers = await Promise.all([key, `${run}/stage`, run].map((prefix) => service.pod(prefix)));
    const statuses = await Promise.all(
      Array.from(
        { length: 12 },
        async (_, at) => (await upload(key, writers[at % 3] ?? {}, ndjson(`writer ${at % 3}`))).status,
      ),
    );
    expect(statuses.every((status) => [204, 409].includes(status))).toBe(true);
    const kept = await stored(key);
    const winner = [0, 1, 2].filter((at) => kept === ndjson(`writer ${at}`));
    expect(winner).toHaveLength(1);
    expect(statuses.map((status, at) => [at % 3 === winner[0], status])).toEqual(
      statuses.map((_, at) => (at % 3 === winner[0] ? [true, 204] : [false, 409])),
    );
  });

  it('of a pod is not kept out by what a key wrote at its place before', async () => {
    const key = `${newRun()}/stage/step`;
    const squatter = await accountToken();
    await service.call(`/stream?key=${key}`, { method: 'POST', headers: squatter });
    await service.call(`/stream?key=${key}`, { method: 'PUT', headers: squatter, body: JSON.stringify(linesOf(0, 3)) });
    await upload(key, squatter, ndjson('squatted'));
    const pod = await service.pod(key);
    expect(
      (await service.call(`/stream?key=${key}`, { method: 'POST', headers: pod })).headers.get('x-sluice-next-index'),
    ).toBe('0');
    expect(
      (
        await service.call(`/stream?key=${key}&from=0`, {
          method: 'PUT',
          headers: pod,
          body: JSON.stringify(linesOf(0, 1)),
        })
      ).status,
    ).toBe(204);
    for (const method of ['POST', 'DELETE'])
      expect([method, (await service.call(`/stream?key=${key}`, { method, headers: squatter })).status]).toEqual([
        method,
        403,
      ]);
    expect(
      (
        await service.call(`/stream?key=${key}`, {
          method: 'PUT',
          headers: squatter,
          body: JSON.stringify(linesOf(1, 2)),
        })
      ).status,
    ).toBe(403);
    expect((await upload(key, pod, ndjson('true'))).status).toBe(204);
    expect(await stored(key)).toBe(ndjson('true'));
  });

  it('is linked to without naming who made the link', async () => {
    const key = `${newRun()}/stage/step`;
    await upload(key, await service.pod(key), ndjson('x'));
    const { link } = (await (
      await service.call(`/blob/download?prefix=${key}`, { method: 'POST', headers: await service.user(ADMIN) })
    ).json()) as { link: string };
    const claims = decodeJwt(new URL(link).searchParams.get('signature') ?? '');
    expect(claims).toEqual({
      kind: 'archive',
      prefix: key,
      scopes: [{ orgId: 'default', projectId: 'shop' }],
      iss: 'log-service',
      aud: 'log-service',
      iat: expect.any(Number),
      exp: expect.any(Number),
    });
    expect((await fetch(link)).status).toBe(200);
  });
});

describe('a log token for an API key', () => {
  let service: RunningLogService;
  beforeAll(async () => {
    service = await runLogService({ LOG_SERVICE_TOKEN_SECONDS: '120' });
  });
  afterAll(() => service.stop());

  /** A user of ACC signed in with a key that ng-manager knows. */
  const withKey = (keyId: string, grants: readonly RoleGrant[] = [{ role: 'account_admin' }]): CallIdentity => {
    const who = testUser('ACC', grants);
    if (who.principal.type === 'service') throw new Error('a user is wanted');
    service.keys.set(`ACC/${keyId}`, { principal: who.principal, grants: [...grants] });
    return { ...who, origin: { clientAddress: '10.0.0.1', keyId } };
  };
  const tokenOf = async (who: CallIdentity): Promise<Record<string, string>> => ({
    'x-harness-token': await (await service.call('/token', { headers: await service.user(who) })).text(),
  });
  const statusOf = async (key: string, headers: Record<string, string>, init: RequestInit = {}): Promise<number> =>
    (await service.call(`/blob?key=${key}`, { ...init, headers })).status;
  const storedLog = async (): Promise<string> => {
    const key = `${newRun()}/stage/step`;
    await statusOf(key, await service.pod(key), { method: 'POST', body: ndjson('x') });
    return key;
  };

  it('lives for minutes and names itself and its key', async () => {
    const { iat = 0, exp = 0, ...claims } = decodeJwt((await tokenOf(withKey('k1')))['x-harness-token'] ?? '');
    expect(exp - iat).toBe(120);
    expect(claims).toMatchObject({
      kind: 'log',
      accountId: 'ACC',
      keyId: 'k1',
      jti: expect.stringMatching(/^[\w-]{16,}$/),
    });
  });

  it('stops with its key, within seconds', async () => {
    const key = await storedLog();
    const token = await tokenOf(withKey('k2'));
    expect(await statusOf(key, token)).toBe(200);
    service.keys.delete('ACC/k2');
    await waitFor(async () => (await statusOf(key, token)) === 401, { timeoutMs: 120_000, what: 'the token refused' });
    expect(await statusOf(`${newRun()}/a`, token, { method: 'POST', body: ndjson('x') })).toBe(401);
  });

  it('may do no more than the holder of its key may do now', async () => {
    const key = await storedLog();
    const token = await tokenOf(withKey('k3'));
    expect(await statusOf(`${newRun()}/a`, token, { method: 'POST', body: ndjson('x') })).toBe(204);
    withKey('k3', [{ role: 'viewer' }]);
    await waitFor(async () => (await statusOf(`${newRun()}/a`, token, { method: 'POST', body: ndjson('x') })) === 403, {
      timeoutMs: 120_000,
      what: 'the right to write gone',
    });
    expect(await statusOf(key, token)).toBe(200);
    withKey('k3', [{ role: 'viewer', orgId: 'default', projectId: 'other' }]);
    await waitFor(async () => (await statusOf(key, token)) === 403, {
      timeoutMs: 120_000,
      what: 'the right to read gone',
    });
  });

  it('is not believed while nobody can say whether its key is good; a pod goes on', async () => {
    const key = await storedLog();
    const token = await tokenOf(withKey('k4'));
    await service.ngManager.close();
    await waitFor(async () => (await statusOf(key, token)) === 503, {
      timeoutMs: 120_000,
      what: 'an answer that says so',
    });
    const own = `${newRun()}/a`;
    expect(await statusOf(own, await service.pod(own), { method: 'POST', body: ndjson('x') })).toBe(204);
  });
});
