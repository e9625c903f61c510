import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';

import { GatewayClient, segment } from './gateway-client.js';
import { GatewayError, errorFromResponse } from './gateway-error.js';

interface Sent {
  readonly url: string;
  readonly init: RequestInit;
}

/** A client whose requests are answered by `answer`, and what it sent. */
function aClient(answer: (sent: Sent) => Response | Promise<Response>, timeoutMs = 1_000) {
  const sent: Sent[] = [];
  let unauthorized = 0;
  const client = new GatewayClient({
    credentials: () => ({ apiKey: 'pat.ACC.id.secret', accountId: 'ACC' }),
    onUnauthorized: () => {
      unauthorized += 1;
    },
    timeoutMs,
    fetch: async (url, init) => {
      const request = { url: String(url), init: init ?? {} };
      sent.push(request);
      return answer(request);
    },
  });
  return { client, sent, unauthorizedCount: () => unauthorized };
}

const failureOf = async (call: Promise<unknown>): Promise<GatewayError> => {
  const error: unknown = await call.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  if (error instanceof GatewayError) return error;
  throw new Error(`expected a GatewayError, got ${String(error)}`);
};

describe('a gateway request', () => {
  it('carries the key and the account, repeats arrays in the query and leaves out what is undefined', async () => {
    const { client, sent } = aClient(() => Response.json({ ok: true }));
    await client.json(z.object({ ok: z.boolean() }), {
      path: '/x',
      query: { status: ['A', 'B'], page: 0, q: undefined },
    });
    expect(sent[0]?.url).toBe('/gateway/x?status=A&status=B&page=0');
    const headers = new Headers(sent[0]?.init.headers);
    expect([headers.get('x-api-key'), headers.get('harness-account')]).toEqual(['pat.ACC.id.secret', 'ACC']);
  });

  it('sends JSON bodies as JSON and raw bodies as they are', async () => {
    const { client, sent } = aClient(() => Response.json({}));
    await client.json(z.unknown(), { method: 'POST', path: '/x', body: { a: 1 } });
    await client.json(z.unknown(), {
      method: 'POST',
      path: '/x',
      rawBody: { contentType: 'application/yaml', text: 'a: 1' },
    });
    expect(sent.map(({ init }) => [new Headers(init.headers).get('content-type'), init.body])).toEqual([
      ['application/json', '{"a":1}'],
      ['application/yaml', 'a: 1'],
    ]);
  });

  it('gives an answer of another shape away as such, with the field', async () => {
    const { client } = aClient(() => Response.json({ data: 'text' }, { headers: { 'x-correlation-id': 'c-1' } }));
    const error = await failureOf(client.json(z.object({ data: z.number() }), { path: '/x' }));
    expect([error.kind, error.correlationId]).toEqual(['shape', 'c-1']);
    expect(error.message).toContain('GET /x');
    expect(error.message).toContain('data');
  });

  it('says so when HTML comes instead of JSON', async () => {
    const { client } = aClient(() => new Response('<html>', { status: 200 }));
    expect((await failureOf(client.json(z.unknown(), { path: '/x' }))).message).toContain('not JSON');
  });

  it('takes an empty success body as nothing', async () => {
    const { client } = aClient(() => new Response(null, { status: 204 }));
    expect((await client.json(z.undefined(), { path: '/x' })).data).toBeUndefined();
  });

  it('ends the session on 401 and only then', async () => {
    const refused = aClient(() => Response.json({ message: 'no' }, { status: 401 }));
    await failureOf(refused.client.json(z.unknown(), { path: '/x' }));
    expect(refused.unauthorizedCount()).toBe(1);
    const forbidden = aClient(() => Response.json({ message: 'no' }, { status: 403 }));
    await failureOf(forbidden.client.json(z.unknown(), { path: '/x' }));
    expect(forbidden.unauthorizedCount()).toBe(0);
  });

  it('turns a broken connection into an error that may pass, and a slow one into a timeout', async () => {
    const broken = aClient(() => {
      throw new TypeError('fetch failed');
    });
    const network = await failureOf(broken.client.json(z.unknown(), { path: '/x' }));
    expect([network.kind, network.isTransient]).toEqual(['network', true]);
    const slow = aClient(
      ({ init }) =>
        new Promise((_, reject) => {
          init.signal?.addEventListener('abort', () => reject(init.signal?.reason));
        }),
      20,
    );
    expect((await failureOf(slow.client.json(z.unknown(), { path: '/x' }))).kind).toBe('timeout');
  });

  it('is not reported as a failure when the caller cancelled it', async () => {
    const { client } = aClient(
      ({ init }) =>
        new Promise((_, reject) => {
          init.signal?.addEventListener('abort', () => reject(init.signal?.reason));
        }),
    );
    const stop = new AbortController();
    const call = client.json(z.unknown(), { path: '/x', signal: stop.signal });
    stop.abort();
    await expect(call).rejects.not.toBeInstanceOf(GatewayError);
  });

  it('does not leave the process without a key', async () => {
    const client = new GatewayClient({
      credentials: () => undefined,
      onUnauthorized: () => undefined,
      fetch: () => Promise.reject(new Error('must not be called')),
    });
    expect((await failureOf(client.json(z.unknown(), { path: '/x' }))).status).toBe(401);
  });
});

describe('a path segment', () => {
  it('cannot change the path', () => {
    expect(segment('../a/b?c')).toBe('..%2Fa%2Fb%3Fc');
  });
});

describe('an error body', () => {
  it.each([
    [
      'NG',
      '{"status":"ERROR","code":"RESOURCE_NOT_FOUND","message":"no project","correlationId":"c-2","responseMessages":[{"message":"no project"},{"message":"create it"}]}',
      'no project',
      'RESOURCE_NOT_FOUND',
      'c-2',
      ['create it'],
    ],
    [
      'NG with fields',
      '{"code":"INVALID_REQUEST","message":"bad","errors":[{"fieldId":"name","error":"too long"}]}',
      'bad',
      'INVALID_REQUEST',
      'c-h',
      ['name: too long'],
    ],
    ['DB DevOps', '{"message":"no schema"}', 'no schema', undefined, 'c-h', []],
    ['log service', '{"error_msg":"no stream"}', 'no stream', undefined, 'c-h', []],
    ['something else', '<html>', 'The requested item does not exist.', undefined, 'c-h', []],
  ])('of %s is read', (_, text, message, code, correlationId, hints) => {
    const error = errorFromResponse(404, text, 'c-h');
    expect([error.message, error.code, error.correlationId, error.hints]).toEqual([
      message,
      code,
      correlationId,
      hints,
    ]);
  });
});
