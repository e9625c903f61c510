import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { request, type ClientRequest } from 'node:http';
import { connect as connectTcp, type Socket } from 'node:net';
import type { TaskPayload } from '@sluice/delegate-protocol';
import { DELEGATE_PATH, KEY_PROOF_VERSION } from '@sluice/delegate-protocol';
import { newId, waitFor } from '@sluice/kernel';
import { generateSealingKeyPair, type SealingKeyPair } from '@sluice/sealed-secrets';
import { CLOSE_CODES, ScriptedDelegate, type ScriptedDelegateOptions } from './testing/scripted-delegate.js';
import { ServiceUnderTest } from './testing/service-under-test.js';

/** A machine that stands still for a moment cuts no connection that speaks. */
const HANDSHAKE_MS = 20_000;
const SECRET = '<+secrets.getValue("p")>';
const work = (): TaskPayload => ({
  kind: 'test-jdbc',
  url: 'jdbc:postgresql://h/d',
  secrets: [{ name: 'p', expression: SECRET }],
  passwordSlot: 'p',
});

describe('who a delegate is', () => {
  let sut: ServiceUnderTest;
  let accountToken: string;
  let projectToken: string;
  let pair: SealingKeyPair;
  const connected: ScriptedDelegate[] = [];

  beforeAll(async () => {
    sut = await ServiceUnderTest.start({
      DELEGATE_SERVICE_STRANGERS_PER_ADDRESS: '400',
      DELEGATE_SERVICE_HANDSHAKE_MS: String(HANDSHAKE_MS),
    });
    accountToken = await sut.token('A1', 'account wide');
    projectToken = await sut.token('A1', 'of p2', { orgId: 'default', projectId: 'p2' });
    pair = await generateSealingKeyPair();
  }, 300_000);
  afterAll(() => sut.stop());
  afterEach(() => connected.splice(0).forEach((delegate) => delegate.kill()));

  const connect = async (over: Partial<ScriptedDelegateOptions> = {}): Promise<ScriptedDelegate> => {
    const delegate = await ScriptedDelegate.connect({
      url: sut.service.url,
      token: accountToken,
      name: newId(),
      keyPair: pair,
      ...over,
    });
    connected.push(delegate);
    return delegate;
  };
  const rowOf = async (id: string) =>
    (
      await sut.postgres.query(
        'delegate_service',
        'SELECT name, project_id, public_key, connection_id IS NOT NULL AS is_connected FROM delegates WHERE id = $1',
        [id],
      )
    )[0];

  it.each([
    ['proves another key', true],
    ['names the same key and proves none', false],
  ])(
    'a token of a project with the instance id of an account-wide delegate gets a row of its own, when it %s',
    async (_, proves) => {
      const real = await connect();
      const taskId = await sut.submit(work());
      expect(await real.acquire(taskId)).toMatchObject({ type: 'acquired', epoch: 1 });
      const before = await rowOf(real.delegateId);

      const thief = await connect({
        token: projectToken,
        instanceId: real.instanceId,
        ...(proves ? { keyPair: await generateSealingKeyPair() } : { publicKey: pair.publicKey, keyPair: undefined }),
        held: [{ taskId, epoch: 1 }],
      });
      expect(thief.delegateId).not.toBe(real.delegateId);
      expect(thief.received.find(({ type }) => type === 'welcome')).toMatchObject({ lost: [{ taskId, epoch: 1 }] });
      expect(await thief.acquire(taskId)).toMatchObject({ type: 'notAcquired' });
      thief.send({ type: 'secrets', taskId, epoch: 1 });
      expect(await thief.next('secretsFailed')).toMatchObject({ taskId });
      thief.send({
        type: 'result',
        taskId,
        epoch: 1,
        result: { kind: 'test-jdbc', outcome: { status: 'succeeded', product: 'PostgreSQL' } },
      });
      expect(await thief.next('resultAck')).toMatchObject({ outcome: 'unknown' });

      expect(await rowOf(real.delegateId)).toEqual(before);
      real.send({
        type: 'result',
        taskId,
        epoch: 1,
        result: { kind: 'test-jdbc', outcome: { status: 'succeeded', product: 'PostgreSQL' } },
      });
      expect(await real.next('resultAck')).toMatchObject({ outcome: 'accepted' });
    },
  );

  it('a process with another key gets no row and no lease of the one it names, with the same token too', async () => {
    const real = await connect();
    const taskId = await sut.submit(work());
    await real.acquire(taskId);
    const other = await connect({ instanceId: real.instanceId, keyPair: await generateSealingKeyPair() });
    expect(other.delegateId).not.toBe(real.delegateId);
    expect(await other.acquire(taskId)).toMatchObject({ type: 'notAcquired', reason: 'taken' });
    expect(real.closeCode).toBeUndefined();
  });

  it('a process that proves its key is itself again, with another token of its scope too, and its leases go on', async () => {
    const real = await connect({ name: 'rotating' });
    const taskId = await sut.submit(work());
    await real.acquire(taskId);
    const back = await connect({
      name: 'rotating',
      token: await sut.token('A1', `rotated-${newId()}`),
      instanceId: real.instanceId,
      held: [{ taskId, epoch: 1 }],
    });
    expect(back.delegateId).toBe(real.delegateId);
    expect(back.received.find(({ type }) => type === 'welcome')).toMatchObject({ lost: [] });
    expect(await real.closed()).toBe(CLOSE_CODES.REPLACED);
  });

  it('one that cannot open the challenge, or says anything before it has, is let in no further', async () => {
    const liar = ScriptedDelegate.connect({
      url: sut.service.url,
      token: accountToken,
      keyPair: pair,
      nonce: 'a guess',
    });
    await expect(liar).rejects.toThrow(/welcome/);
    const hello = (publicKey: string) => ({
      type: 'hello' as const,
      protocol: { min: 1, max: KEY_PROOF_VERSION },
      name: 'n',
      hostName: 'h',
      version: '1',
      tags: [],
      taskKinds: [],
      maxConcurrentTasks: 1,
      publicKey,
      held: [],
    });
    const early = await ScriptedDelegate.open({ url: sut.service.url, token: accountToken });
    early.send({ ...hello(pair.publicKey), instanceId: early.instanceId });
    await early.next('challenge');
    early.send({ type: 'acquire', taskId: 'x', instanceId: early.instanceId, wantsSecrets: false });
    expect(await early.closed()).toBe(CLOSE_CODES.BAD_MESSAGE);
    const keyless = await ScriptedDelegate.open({ url: sut.service.url, token: accountToken });
    keyless.send({ ...hello('no key'), instanceId: keyless.instanceId });
    expect(await keyless.closed()).toBe(CLOSE_CODES.BAD_MESSAGE);
    const silent = await ScriptedDelegate.open({ url: sut.service.url, token: accountToken });
    silent.send({ ...hello(pair.publicKey), instanceId: silent.instanceId });
    expect(await silent.closed()).toBe(CLOSE_CODES.BAD_MESSAGE);
  });

  describe('while strangers flood the door', () => {
    const flood = (authorization: () => string, perSecond: number) => {
      const counts = { sent: 0, answered: 0 };
      const open = new Set<ClientRequest>();
      const timer = setInterval(() => {
        for (let n = 0; n < perSecond / 20; n += 1) {
          counts.sent += 1;
          const headers = {
            connection: 'Upgrade',
            upgrade: 'websocket',
            'sec-websocket-version': '13',
            'sec-websocket-key': Buffer.alloc(16).toString('base64'),
            authorization: authorization(),
          };
          const one = request(`${sut.service.url}${DELEGATE_PATH}`, { headers, agent: false });
          one
            .on('error', () => undefined)
            .on('response', (response) => (response.resume(), (counts.answered += 1)))
            .on(
              'upgrade',
              (_, socket) => (socket.on('error', () => undefined), socket.resume(), (counts.answered += 1)),
            );
          open.add(one.on('close', () => open.delete(one)));
          one.end();
        }
      }, 50);
      // What is still on its way would take the places of the connections of the next test, and hold up the end of this process.
      const stop = (): void => {
        clearInterval(timer);
        for (const one of open) one.destroy();
      };
      return { counts, stop };
    };
    /** Connections are taken in the order they come: when a delegate is in, none of a flood waits any more. */
    afterEach(
      async () =>
        void (await waitFor(() => connect().catch(() => undefined), {
          timeoutMs: 120_000,
          what: 'the door to be free again',
        })),
    );

    it.each([
      ['junk', () => 'Delegate junk'],
      ['nothing', () => ''],
      ['unknown tokens of the right form', () => `Delegate ${newId()}.${'x'.repeat(43)}`],
      ['wrong secrets of a real token', () => `Delegate ${accountToken.split('.')[0] ?? ''}.${'x'.repeat(43)}`],
    ])(
      'a real delegate of the same address connects: 300 upgrades a second with %s',
      async (_, authorization) => {
        const attack = flood(authorization, 300);
        try {
          await waitFor(() => attack.counts.sent >= 600, { timeoutMs: 60_000, what: 'the flood to last' });
          for (let round = 0; round < 3; round += 1) {
            const delegate = await waitFor(() => connect().catch(() => undefined), {
              timeoutMs: 120_000,
              what: 'a real delegate to be let in',
            });
            expect(delegate.delegateId).not.toBe('');
          }
        } finally {
          attack.stop();
        }
      },
      600_000,
    );

    it('connections that say nothing are cut, and more of one address than its share are not taken', async () => {
      const { hostname, port } = new URL(sut.service.url);
      const sockets: Socket[] = [];
      // In portions: what the system has no room to hand over at once, it may drop without a word to either side.
      while (sockets.length < 450) {
        const portion = Array.from({ length: 50 }, () =>
          connectTcp(Number(port), hostname).on('error', () => undefined),
        );
        sockets.push(...portion);
        await Promise.all(
          portion.map((socket) => new Promise((resolve) => socket.once('connect', resolve).once('close', resolve))),
        );
      }
      await waitFor(() => sockets.filter((socket) => socket.closed || socket.destroyed).length >= 50, {
        timeoutMs: 120_000,
        what: 'those above the share to be closed',
      });
      await waitFor(() => sockets.every((socket) => socket.closed || socket.destroyed), {
        timeoutMs: 120_000,
        what: 'the silent ones to be cut',
      });
      await connect();
    }, 300_000);
  });
});
