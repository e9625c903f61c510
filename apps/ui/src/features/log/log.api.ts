import { createParser } from 'eventsource-parser';

import type { GatewayClient } from '../../gateway/gateway-client.js';
import { GatewayError } from '../../gateway/gateway-error.js';
import { parseLogLine, type LogLine } from './log-line.js';

/** What the tail of a running log brings: lines as they come, then its end. */
type LogEvent = { readonly kind: 'lines'; readonly lines: readonly LogLine[] } | { readonly kind: 'end' };

/** Where log lines come from. Both answer undefined when there is no such log (yet). */
export interface LogSource {
  /** Live lines after `lastIndex`. Ends without an `end` event when the connection breaks. */
  tail(
    key: string,
    options: { readonly lastIndex: number | undefined; readonly signal: AbortSignal },
  ): Promise<AsyncIterable<LogEvent> | undefined>;
  /** All lines of a finished log, in batches. */
  stored(
    key: string,
    options: { readonly signal: AbortSignal },
  ): Promise<AsyncIterable<readonly LogLine[]> | undefined>;
}

/** The log service behind the gateway (api-contract 5). @throws GatewayError for everything but a missing log. */
export function gatewayLogSource(gateway: GatewayClient): LogSource {
  return {
    tail: async (key, { lastIndex, signal }) => {
      const response = await unlessMissing(
        gateway.raw({
          path: '/log-service/stream',
          query: { accountID: gateway.accountId, key },
          headers: {
            accept: 'text/event-stream',
            ...(lastIndex === undefined ? {} : { 'last-event-id': String(lastIndex) }),
          },
          signal,
        }),
      );
      return response && tailEvents(response, lastIndex);
    },
    stored: async (key, { signal }) => {
      const response = await unlessMissing(
        gateway.raw({
          path: '/log-service/blob',
          query: { accountID: gateway.accountId, key },
          headers: { accept: 'application/x-ndjson, text/plain, */*' },
          signal,
        }),
      );
      return response && storedLines(response);
    },
  };
}

async function unlessMissing(request: Promise<Response>): Promise<Response | undefined> {
  try {
    return await request;
  } catch (cause: unknown) {
    if (cause instanceof GatewayError && cause.status === 404) return undefined;
    throw cause;
  }
}

async function* tailEvents(response: Response, lastIndex: number | undefined): AsyncGenerator<LogEvent> {
  let nextIndex = lastIndex === undefined ? 0 : lastIndex + 1;
  let lines: LogLine[] = [];
  let isEnded = false;
  let refusal: string | undefined;
  const parser = createParser({
    onEvent: (event) => {
      // "event: error, data: eof" is how the log service marks the end of a stream; a ping keeps proxies awake.
      if (event.event === 'error' && event.data === 'eof') isEnded = true;
      else if (event.event === 'error') refusal = event.data;
      else if (event.event === undefined || event.event === 'message') {
        const id = Number(event.id || Number.NaN);
        const line = parseLogLine(event.data, Number.isInteger(id) ? id : nextIndex);
        nextIndex = line.index + 1;
        lines.push(line);
      }
    },
  });
  for await (const chunk of textChunks(response)) {
    parser.feed(chunk);
    if (lines.length > 0) yield { kind: 'lines', lines };
    lines = [];
    // The rights are known only once the log is, which may be after the answer has begun.
    if (refusal !== undefined)
      throw new GatewayError(`The log service ended the log: ${refusal}.`, { kind: 'http', status: 403 });
    if (isEnded) {
      yield { kind: 'end' };
      return;
    }
  }
}

async function* storedLines(response: Response): AsyncGenerator<readonly LogLine[]> {
  let rest = '';
  let nextIndex = 0;
  const parse = (texts: readonly string[]): readonly LogLine[] =>
    texts
      .filter((text) => text.trim() !== '')
      .map((text) => {
        const line = parseLogLine(text, nextIndex);
        nextIndex = line.index + 1;
        return line;
      });
  for await (const chunk of textChunks(response)) {
    const parts = (rest + chunk).split('\n');
    rest = parts.pop() ?? '';
    yield parse(parts);
  }
  yield parse([rest]);
}

/** Body as text; a reader (not `for await` on the body) because Safari has no asynchronous iteration of streams. */
async function* textChunks(response: Response): AsyncGenerator<string> {
  const reader = response.body?.getReader();
  if (!reader) return;
  const decoder = new TextDecoder();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      yield decoder.decode(value, { stream: true });
    }
    yield decoder.decode();
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
