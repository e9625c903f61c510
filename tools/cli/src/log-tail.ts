import { pause } from '@sluice/kernel';
import { createParser } from 'eventsource-parser';
import { z } from 'zod';
import type { GatewayClient } from './gateway-client.js';

const line = z.looseObject({
  level: z.string().default('INFO'),
  pos: z.number().int().optional(),
  out: z.string(),
  time: z.string().default(''),
});
export type LogLine = z.infer<typeof line>;

export interface TailOptions {
  readonly key: string;
  readonly onLine: (line: LogLine) => void;
  /** Ends the tail. What is stored by then is still read once. */
  readonly signal: AbortSignal;
  /** Nothing new will begin: a log without a line by then is read from the store, if it is there, and waited for no longer. */
  readonly over?: AbortSignal;
}

const RETRY_MS = 250;

/**
 * Follows one log from its first line until it is closed: the live stream while it is open, resumed after a broken connection, the
 * stored blob for what came before or was missed. Every line is given once, in order.
 */
export async function tailLog(gateway: GatewayClient, options: TailOptions): Promise<void> {
  let next = 0;
  let lastEventId: string | undefined;
  const giveUp = new AbortController();
  const giveUpIfEmpty = (): void => {
    if (next === 0) giveUp.abort();
  };
  if (options.over?.aborted) giveUpIfEmpty();
  options.over?.addEventListener('abort', giveUpIfEmpty, { once: true });
  const signal = AbortSignal.any([options.signal, giveUp.signal]);
  const take = (raw: unknown): void => {
    const parsed = line.safeParse(raw);
    if (!parsed.success) return;
    const position = parsed.data.pos ?? next;
    if (position < next) return;
    next = position + 1;
    options.onLine(parsed.data);
  };
  while (!signal.aborted) {
    const outcome = await followStream(gateway, { key: options.key, signal }, lastEventId, take).catch(
      (): StreamOutcome => ({ state: 'broken', lastEventId }),
    );
    if (outcome.state === 'closed') return;
    lastEventId = outcome.lastEventId;
    if (outcome.state === 'missing' && (await readBlob(gateway, options.key, take))) return;
    await pause(RETRY_MS, signal).catch(() => undefined);
  }
  await readBlob(gateway, options.key, take).catch(() => false);
}

interface StreamOutcome {
  /** `missing`: not opened yet, or closed already and stored. */
  readonly state: 'closed' | 'broken' | 'missing';
  readonly lastEventId: string | undefined;
}

async function followStream(
  gateway: GatewayClient,
  { key, signal }: Pick<TailOptions, 'key' | 'signal'>,
  resumeAfter: string | undefined,
  take: (raw: unknown) => void,
): Promise<StreamOutcome> {
  const response = await gateway.fetch('GET', '/log-service/stream', {
    query: { accountID: gateway.accountId, key },
    signal,
    headers: { accept: 'text/event-stream', ...(resumeAfter ? { 'last-event-id': resumeAfter } : {}) },
  });
  if (!response.ok || !response.body) {
    await response.body?.cancel();
    return { state: response.status === 404 ? 'missing' : 'broken', lastEventId: resumeAfter };
  }
  let lastEventId = resumeAfter;
  let isClosed = false;
  const parser = createParser({
    onEvent: ({ id, event, data }) => {
      if (id) lastEventId = id;
      if (event === 'error' && data === 'eof') isClosed = true;
      else if (event === undefined || event === 'message') take(tryParse(data));
    },
  });
  const decoder = new TextDecoder();
  try {
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>)
      parser.feed(decoder.decode(chunk, { stream: true }));
  } catch (cause: unknown) {
    if (!isClosed) return { state: 'broken', lastEventId };
    if (signal.aborted) throw cause;
  }
  return { state: isClosed ? 'closed' : 'broken', lastEventId };
}

/** Every line of a stored log, in order. False when there is no such blob (yet). */
export async function readLog(gateway: GatewayClient, key: string, onLine: (line: LogLine) => void): Promise<boolean> {
  return readBlob(gateway, key, (raw) => {
    const parsed = line.safeParse(raw);
    if (parsed.success) onLine(parsed.data);
  });
}

/** False when there is no such blob yet. */
async function readBlob(gateway: GatewayClient, key: string, take: (raw: unknown) => void): Promise<boolean> {
  const response = await gateway.fetch('GET', '/log-service/blob', {
    query: { accountID: gateway.accountId, key },
    signal: AbortSignal.timeout(30_000),
  });
  const text = await response.text();
  if (!response.ok) return false;
  for (const row of text.split('\n')) if (row !== '') take(tryParse(row));
  return true;
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
