import { createServer, type IncomingMessage } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { messageOf } from '@sluice/kernel';
import { z } from 'zod';
import { rowOf } from './network-table.js';

const attribute = z.object({ key: z.string(), value: z.looseObject({ stringValue: z.string().optional() }) });
const span = z.object({
  traceId: z.string(),
  spanId: z.string(),
  parentSpanId: z.string().optional(),
  name: z.string(),
  startTimeUnixNano: z.union([z.string(), z.number()]),
  endTimeUnixNano: z.union([z.string(), z.number()]).optional(),
  attributes: z.array(attribute).default([]),
});
const exportRequest = z.object({
  resourceSpans: z
    .array(
      z.object({
        resource: z.object({ attributes: z.array(attribute).default([]) }).optional(),
        scopeSpans: z.array(z.object({ spans: z.array(span).default([]) })).default([]),
      }),
    )
    .default([]),
});

interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly service: string;
  readonly name: string;
  /** Milliseconds since the epoch, with fractions. */
  readonly startedAt: number;
  readonly attributes: Readonly<Record<string, string>>;
}

/** One call between two parties as the spans of a trace show it. */
interface SeenCall {
  readonly from: string;
  readonly to: string;
  readonly protocol: string;
  /** When it was first seen in this trace; milliseconds since the epoch. */
  readonly firstAt: number;
  /** Spans above the first one in the trace. */
  readonly depth: number;
  readonly count: number;
}

/** A call the network table knows. `row` is null for one that only the design names. */
export interface Hop extends SeenCall {
  readonly row: number | null;
}

export interface TraceReceiver {
  /** Base URL for `OTEL_EXPORTER_OTLP_ENDPOINT`. */
  readonly url: string;
  spansOf(traceId: string): readonly ReceivedSpan[];
  /** Adds a call that was seen by other means than a span (the Git server's request headers). */
  recordCall(call: {
    readonly traceId: string;
    readonly from: string;
    readonly to: string;
    readonly protocol: string;
    readonly at: number;
  }): void;
  /** The calls of a trace that the network table knows, in the order they first happened. */
  hopsOf(traceId: string): readonly Hop[];
  /** The calls of a trace that nobody allowed. */
  unexpectedCalls(traceId: string): readonly SeenCall[];
  close(): Promise<void>;
}

const MAX_BODY_BYTES = 32 * 1024 * 1024;
const MAX_TRACES = 2_000;

/**
 * Takes traces by OTLP/HTTP (JSON) and keeps the newest in memory. `forwardTo` is another OTLP endpoint that gets every request as
 * it came; whether it answers changes nothing here.
 */
export async function startTraceReceiver(options: {
  readonly port: number;
  readonly forwardTo?: string | undefined;
}): Promise<TraceReceiver> {
  const traces = new Map<string, ReceivedSpan[]>();
  const keep = (received: ReceivedSpan): void => {
    const known = traces.get(received.traceId);
    if (known) {
      known.push(received);
      return;
    }
    traces.set(received.traceId, [received]);
    const oldest = traces.size > MAX_TRACES ? traces.keys().next().value : undefined;
    if (oldest !== undefined) traces.delete(oldest);
  };
  const server = createServer((request, response) => {
    const reply = (status: number, body: object): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    if (request.method !== 'POST' || request.url !== '/v1/traces') {
      reply(404, { message: 'only POST /v1/traces is served here' });
      return;
    }
    readBody(request)
      .then((raw) => {
        for (const received of spansIn(raw, request.headers['content-encoding'])) keep(received);
        if (options.forwardTo) forward(options.forwardTo, raw, request);
        reply(200, {});
      })
      .catch((cause: unknown) => reply(400, { message: messageOf(cause) }));
  });
  await new Promise<void>((done, fail) => {
    server.once('error', fail);
    server.listen(options.port, '127.0.0.1', done);
  });
  const address = server.address();
  const port = address && typeof address === 'object' ? address.port : options.port;
  const callsOf = (traceId: string): Map<string, SeenCall> => countCalls(traces.get(traceId) ?? []);
  return {
    url: `http://127.0.0.1:${port}`,
    spansOf: (traceId) => traces.get(traceId) ?? [],
    recordCall: ({ traceId, from, to, protocol, at }) =>
      keep({
        traceId,
        spanId: '',
        parentSpanId: undefined,
        service: to,
        name: `${from} calls ${to}`,
        startedAt: at,
        attributes: { 'sluice.hop.from': from, 'sluice.hop.to': to, 'sluice.hop.protocol': protocol },
      }),
    hopsOf: (traceId) =>
      [...callsOf(traceId).values()]
        .flatMap((call) => {
          const row = rowOf(call);
          return row ? [{ row: row.row, ...call }] : [];
        })
        .sort(inOrder),
    unexpectedCalls: (traceId) => [...callsOf(traceId).values()].filter((call) => !rowOf(call)),
    close: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

function countCalls(spans: readonly ReceivedSpan[]): Map<string, SeenCall> {
  const byId = new Map(spans.map((item) => [item.spanId, item]));
  const calls = new Map<string, SeenCall>();
  for (const item of spans) {
    const { 'sluice.hop.from': from, 'sluice.hop.to': to, 'sluice.hop.protocol': protocol } = item.attributes;
    if (!from || !to || !protocol) continue;
    const key = `${from} ${to} ${protocol}`;
    const known = calls.get(key);
    const seen = {
      from,
      to,
      protocol,
      firstAt: item.startedAt,
      depth: depthOf(item, byId),
      count: (known?.count ?? 0) + 1,
    };
    const first = known && inOrder(known, seen) <= 0 ? known : seen;
    calls.set(key, { ...first, count: seen.count });
  }
  return calls;
}

/** Spans carry whole milliseconds; within one of them the caller's span comes before what it called. */
function inOrder(a: SeenCall, b: SeenCall): number {
  return a.firstAt - b.firstAt || a.depth - b.depth;
}

function depthOf(start: ReceivedSpan, byId: ReadonlyMap<string, ReceivedSpan>): number {
  let depth = 0;
  let parent = byId.get(start.parentSpanId ?? '');
  while (parent && depth < byId.size) {
    depth += 1;
    parent = byId.get(parent.parentSpanId ?? '');
  }
  return depth;
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new Error('the request is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function spansIn(raw: Buffer, encoding: string | undefined): ReceivedSpan[] {
  const text = (encoding === 'gzip' ? gunzipSync(raw, { maxOutputLength: MAX_BODY_BYTES }) : raw).toString('utf8');
  const { resourceSpans } = exportRequest.parse(JSON.parse(text));
  return resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const service = textAttributes(resource?.attributes ?? [])['service.name'] ?? 'unknown';
    return scopeSpans.flatMap(({ spans }) =>
      spans.map((item) => ({
        traceId: item.traceId,
        spanId: item.spanId,
        parentSpanId: item.parentSpanId,
        service,
        name: item.name,
        startedAt: Number(BigInt(item.startTimeUnixNano) / 1_000n) / 1_000,
        attributes: textAttributes(item.attributes),
      })),
    );
  });
}

function textAttributes(attributes: readonly z.infer<typeof attribute>[]): Record<string, string> {
  return Object.fromEntries(
    attributes.map(({ key, value }) => [key, value.stringValue ?? String(Object.values(value)[0] ?? '')]),
  );
}

function forward(endpoint: string, raw: Buffer, request: IncomingMessage): void {
  const headers: Record<string, string> = { 'content-type': request.headers['content-type'] ?? 'application/json' };
  const encoding = request.headers['content-encoding'];
  if (encoding) headers['content-encoding'] = encoding;
  void fetch(`${endpoint.replace(/\/$/, '')}/v1/traces`, {
    method: 'POST',
    headers,
    body: new Uint8Array(raw),
    signal: AbortSignal.timeout(5_000),
  }).catch(() => undefined);
}
