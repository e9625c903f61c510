import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Tracing } from '@sluice/telemetry';
import { startTraceReceiver, type TraceReceiver } from './trace-receiver.js';

describe('trace receiver', () => {
  let receiver: TraceReceiver;
  beforeAll(async () => {
    receiver = await startTraceReceiver({ port: 0 });
  });
  afterAll(() => receiver.close());

  const traceId = '0af7651916cd43dd8448eb211c80319c';
  const parent = `00-${traceId}-b7ad6b7169203331-01`;

  it('turns the spans our apps export into rows of the network table, in the order they happened', async () => {
    const gateway = Tracing.create('gateway', receiver.url);
    await gateway.run(
      'POST /execute',
      { kind: 'server', parent, hop: { from: 'client', to: 'gateway', protocol: 'http' } },
      ({ traceparent }) =>
        gateway.run(
          'forward',
          { kind: 'client', parent: traceparent, hop: { from: 'gateway', to: 'pipeline', protocol: 'http' } },
          () => Promise.resolve(),
        ),
    );
    await gateway.close();
    expect(receiver.hopsOf(traceId).map(({ row, from, to }) => [row, from, to])).toEqual([
      [1, 'client', 'gateway'],
      [4, 'gateway', 'pipeline'],
    ]);
    expect(receiver.unexpectedCalls(traceId)).toEqual([]);
    expect(receiver.spansOf(traceId).map((span) => span.service)).toEqual(['gateway', 'gateway']);
  });

  it('names a call that neither the table nor the design allows', async () => {
    const pipeline = Tracing.create('pipeline', receiver.url);
    await pipeline.run(
      'shortcut',
      { kind: 'client', parent, hop: { from: 'pipeline', to: 'dbdevops', protocol: 'http' } },
      () => Promise.resolve(),
    );
    await pipeline.close();
    expect(receiver.unexpectedCalls(traceId)).toMatchObject([
      { from: 'pipeline', to: 'dbdevops', protocol: 'http', count: 1 },
    ]);
  });

  it('joins a call seen by other means to the trace', () => {
    receiver.recordCall({ traceId, from: 'delegate', to: 'git', protocol: 'http', at: Date.now() });
    expect(receiver.hopsOf(traceId).map(({ row }) => row)).toContain(12);
  });

  it('refuses what is not a trace export without ending', async () => {
    expect((await fetch(`${receiver.url}/v1/traces`, { method: 'POST', body: 'not json' })).status).toBe(400);
    expect((await fetch(`${receiver.url}/v1/logs`, { method: 'POST', body: '{}' })).status).toBe(404);
  });
});
