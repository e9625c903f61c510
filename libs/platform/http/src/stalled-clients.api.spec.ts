import { connect, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Module } from '@nestjs/common';
import { waitFor } from '@sluice/kernel';
import { Metrics, Tracing, createLogger } from '@sluice/telemetry';
import { testIdentities, type TestIdentities } from '@sluice/testing';
import { startHttpApp, type RunningApp } from './http-app.js';

@Module({})
class Nothing {}

/** More than the system keeps of a connection on its way. */
const LARGE = Buffer.alloc(96 * 1024 * 1024, 'x');

describe('a client that takes nothing of its answer', () => {
  let identities: TestIdentities;
  let app: RunningApp;
  const sockets: Socket[] = [];
  /** Answers to /large that are over. */
  let over = 0;
  const late: (() => void)[] = [];
  beforeAll(async () => {
    identities = testIdentities();
    app = await startHttpApp({
      service: 'scm',
      module: Nothing,
      host: '127.0.0.1',
      port: 0,
      identity: await identities.of('scm'),
      log: createLogger('scm', 'silent'),
      tracing: Tracing.create('scm'),
      metrics: new Metrics('scm'),
      routes: [],
      stalledClientMs: 12_000,
      checkReady: () => Promise.resolve(),
      configure: async (fastify) => {
        fastify.get('/large', (_request, reply) => {
          reply.raw.once('close', () => (over += 1));
          return reply.send(LARGE);
        });
        fastify.get('/late', async () => {
          await new Promise<void>((resolve) => late.push(resolve));
          return 'late';
        });
      },
    });
  });
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
    over = 0;
  });
  afterAll(async () => {
    await app.close();
    identities.stop();
  });

  const silentClient = (): Socket => {
    const socket = connect(Number(new URL(app.url).port), '127.0.0.1');
    socket.on('error', () => undefined).pause();
    socket.write('GET /large HTTP/1.1\r\nhost: x\r\n\r\n');
    sockets.push(socket);
    return socket;
  };
  /** Bytes there are for a client that begins to read. */
  const rest = async (socket: Socket): Promise<number> => {
    let bytes = 0;
    await new Promise((resolve) =>
      socket
        .on('data', (chunk: Buffer) => (bytes += chunk.length))
        .once('close', resolve)
        .resume(),
    );
    return bytes;
  };

  it('is cut, and what was kept for it goes', async () => {
    const client = silentClient();
    await waitFor(() => over === 1, { timeoutMs: 120_000, what: 'the answer over' });
    expect(await rest(client)).toBeLessThan(LARGE.length);
  }, 300_000);

  it('does not take others with it: one that waits for an answer in the making gets it, one that reads gets all', async () => {
    const waiting = fetch(`${app.url}/late`);
    await waitFor(() => late.length === 1, { timeoutMs: 120_000, what: 'the question asked' });
    silentClient();
    await waitFor(() => over === 1, { timeoutMs: 120_000, what: 'the answer of the silent client over' });
    late[0]?.();
    expect(await (await waiting).text()).toBe('late');
    expect((await (await fetch(`${app.url}/large`)).arrayBuffer()).byteLength).toBe(LARGE.length);
  }, 300_000);
});
