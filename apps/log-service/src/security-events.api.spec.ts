import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { waitFor } from '@sluice/kernel';
import { ADMIN, newRun, runLogService, type RunningLogService } from './testing/running-log-service.js';

const LOOK = { timeoutMs: 120_000, what: 'the security events' };
const ORIGIN = { clientAddress: '198.51.100.9', userAgent: 'curl/8', keyId: 'k9' };

describe('security events of the log service', () => {
  let logs: RunningLogService;
  const of = (kind: string, identifier?: string) =>
    logs.securityEvents.filter(
      (event) => event.kind === kind && (identifier === undefined || event.identifier === identifier),
    );
  const store = (key: string, headers: Record<string, string>, body: string) =>
    logs.call(`/blob?key=${key}`, { method: 'POST', headers, body });

  beforeAll(async () => {
    logs = await runLogService();
    logs.keys.set('ACC/k9', {
      principal: { type: 'user', id: 'u', name: 'Ann', email: 'ann@acc.example' },
      grants: [...ADMIN.grants],
    });
  }, 300_000);
  afterAll(() => logs.stop());

  const userToken = async (): Promise<Record<string, string>> => ({
    'x-harness-token': (
      await (await logs.call('/token?accountID=ACC', { headers: await logs.user({ ...ADMIN, origin: ORIGIN }) })).text()
    )
      .replaceAll('"', '')
      .trim(),
  });

  it('tell of each token and link that opens logs: who, with which key, from where, and what it opens', async () => {
    const key = `${newRun()}/a`;
    const pod = await logs.pod(key);
    await store(key, pod, '{"out":"x"}\n');
    await userToken();
    const headers = await logs.user({ ...ADMIN, origin: ORIGIN });
    expect((await logs.call(`/blob/link/download?key=${key}`, { method: 'POST', headers })).status).toBe(200);
    expect((await logs.call(`/blob/download?prefix=${key}`, { method: 'POST', headers })).status).toBe(200);
    await waitFor(() => of('logTokenIssued').length >= 3, LOOK);
    const who = { outcome: 'allowed', accountId: 'ACC', origin: ORIGIN, actor: { id: ADMIN.principal.id } };
    expect(of('logTokenIssued', 'ACC')).toMatchObject([
      { ...who, resourceType: 'logToken', details: { what: 'token' } },
    ]);
    expect(
      of('logTokenIssued', key)
        .map(({ details }) => details['what'])
        .sort(),
    ).toEqual(['archiveLink', 'downloadLink']);
  });

  it('tell of a finished log that is written over, and of an attempt that is refused; the same bytes again are neither', async () => {
    const key = `${newRun()}/step`;
    const pod = await logs.pod(key);
    expect((await store(key, await userToken(), '{"out":"by hand"}\n')).status).toBe(204);
    await waitFor(() => of('logUploaded', key).length === 1, LOOK);
    expect(of('logUploaded', key)).toMatchObject([
      { outcome: 'allowed', resourceType: 'log', actor: { id: 'key:k9' } },
    ]);
    expect((await store(key, pod, '{"out":"of the pod"}\n')).status).toBe(204);
    expect((await store(key, pod, '{"out":"of the pod"}\n')).status).toBe(204);
    expect((await store(key, await userToken(), '{"out":"forged"}\n')).status).toBe(409);
    await waitFor(() => of('logOverwritten', key).length === 2, LOOK);
    expect(of('logOverwritten', key)).toMatchObject([
      { outcome: 'allowed', count: 1, actor: { id: `pod:${key}` }, details: { earlierWriter: 'key:k9' } },
      { outcome: 'refused', count: 1, actor: { id: 'key:k9' }, details: { earlierWriter: `pod:${key}` } },
    ]);
    expect(of('logUploaded', key)).toHaveLength(1);
  });

  it.each<[string, string, string, RequestInit]>([
    ['a pod that reads', 'GET /log-service/blob', '/blob?key=', {}],
    ['a pod that stores beside its prefix', 'POST /log-service/blob', '/blob?key=', { method: 'POST', body: '{}\n' }],
    ['a pod that opens a stream beside its prefix', 'POST /log-service/stream', '/stream?key=', { method: 'POST' }],
    ['a pod that asks for a token', 'GET /log-service/token', '/token?accountID=ACC&key=', {}],
  ])('tell of %s and is refused', async (_, route, path, init) => {
    const [own, other] = [newRun(), `${newRun()}/step`];
    await store(other, await logs.pod(other), '{"out":"x"}\n');
    expect((await logs.call(`${path}${other}`, { ...init, headers: await logs.pod(own) })).status).toBe(403);
    await waitFor(() => of('accessDenied', route).some(({ actor }) => actor.id === `pod:${own}`), LOOK);
    expect(of('accessDenied', route).find(({ actor }) => actor.id === `pod:${own}`)).toMatchObject({
      outcome: 'refused',
      accountId: 'ACC',
      resourceType: 'route',
      count: 1,
    });
  });
});
