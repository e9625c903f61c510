import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Module } from '@nestjs/common';
import { waitFor } from '@sluice/kernel';
import { Metrics, Tracing, createLogger } from '@sluice/telemetry';
import { testIdentities, type TestIdentities } from '@sluice/testing';
import { startHttpApp, type RunningApp } from './http-app.js';

@Module({})
class Nothing {}

/** A busy machine stands still for less, most of the time. */
const LIMIT_MS = 2_000;

describe('readiness', () => {
  let identities: TestIdentities;
  let app: RunningApp;
  let isStoreThere = true;
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
      eventLoopDelayLimitMs: LIMIT_MS,
      checkReady: () => (isStoreThere ? Promise.resolve() : Promise.reject(new Error('no store'))),
    });
  });
  afterAll(async () => {
    await app.close();
    identities.stop();
  });

  const ready = async (): Promise<{ status: number; body: { status: string; eventLoopDelayMs: number } }> => {
    const answer = await fetch(`${app.url}/health/ready`);
    return { status: answer.status, body: (await answer.json()) as { status: string; eventLoopDelayMs: number } };
  };
  const isReady = (): Promise<{ status: number; body: { status: string; eventLoopDelayMs: number } }> =>
    waitFor(
      async () => {
        const answer = await ready();
        return answer.status === 200 && answer;
      },
      { timeoutMs: 240_000, what: 'ready' },
    );

  it('shows how long the event loop stood still, ends above the limit, and comes back', async () => {
    expect((await isReady()).body).toEqual({ status: 'ready', eventLoopDelayMs: expect.any(Number) });
    const end = performance.now() + 2 * LIMIT_MS;
    while (performance.now() < end) Math.sqrt(end);
    const stood = await ready();
    expect(stood).toMatchObject({ status: 503, body: { status: 'notReady' } });
    expect(stood.body.eventLoopDelayMs).toBeGreaterThan(LIMIT_MS);
    const metrics = await (await fetch(`${app.url}/metrics`)).text();
    expect(Number(/^event_loop_delay_longest_seconds\S* (\S+)$/m.exec(metrics)?.[1])).toBeGreaterThan(LIMIT_MS / 1000);
    await isReady();
  }, 600_000);

  it('ends when a store is away', async () => {
    await isReady();
    isStoreThere = false;
    expect((await ready()).status).toBe(503);
    isStoreThere = true;
    await isReady();
  }, 600_000);
});
