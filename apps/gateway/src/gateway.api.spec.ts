import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { waitFor } from '@sluice/kernel';
import {
  KEY_A,
  KEY_B,
  echo,
  read,
  runGateway,
  signedInAs,
  type RunningGateway,
  type Seen,
} from './testing/running-gateway.js';

const P = '/v1/orgs/default/projects/shop';

describe('the gateway', () => {
  let gateway: RunningGateway;
  beforeAll(async () => {
    gateway = await runGateway({ GATEWAY_SIGN_IN_FAILURES_PER_MINUTE: '1000' });
  });
  afterAll(() => gateway.stop());
  afterEach(() => {
    for (const double of Object.values(gateway.doubles)) double.handler = echo;
  });

  const lastSeen = (service: keyof RunningGateway['doubles']): Seen => {
    const seen = gateway.doubles[service].seen.at(-1);
    if (!seen) throw new Error(`${service} saw nothing`);
    return seen;
  };
  const ngFailure = (code: string) => ({
    status: 'FAILURE',
    code,
    message: expect.any(String),
    correlationId: expect.any(String),
    errors: [],
    responseMessages: [expect.objectContaining({ code })],
  });

  it.each([
    [
      '/gateway/ng/api/organizations?accountIdentifier=ACCA&pageIndex=0',
      'ng-manager',
      '/ng/api/organizations?accountIdentifier=ACCA&pageIndex=0',
    ],
    [`/gateway/dbops${P}/dbschema?page=1`, 'ng-manager', `${P}/dbschema?page=1`],
    [`${P}/pipelines`, 'pipeline', `${P}/pipelines`],
    ['/pipeline/api/pipelines/list', 'pipeline', '/pipeline/api/pipelines/list'],
    ['/gateway/log-service/blob?key=a/b&accountID=ACCA', 'log-service', '/log-service/blob?key=a/b&accountID=ACCA'],
  ] as const)('forwards %s to %s with the user inside a service token', async (path, service, url) => {
    const response = await gateway.call(path, { headers: { 'Harness-Account': 'ACCA' } });
    expect([response.status, response.headers.get('x-total-elements')]).toEqual([200, '7']);
    expect(await response.json()).toMatchObject({ url, account: 'ACCA' });
    expect(lastSeen(service)).toMatchObject({
      method: 'GET',
      url,
      call: {
        caller: 'gateway',
        accountId: 'ACCA',
        principal: { id: 'user-ACCA' },
        grants: [{ role: 'account_admin' }],
      },
    });
  });

  it('passes on the body, and a trace that continues the client’s', async () => {
    const trace = '0af7651916cd43dd8448eb211c80319c';
    const response = await gateway.call('/ng/api/projects', {
      method: 'POST',
      body: '{"a":1}',
      headers: {
        'content-type': 'application/json',
        traceparent: `00-${trace}-b7ad6b7169203331-01`,
        'x-request-id': 'req-7',
      },
    });
    expect(await response.json()).toMatchObject({ method: 'POST', bodyBytes: 7, body: '{"a":1}' });
    const { headers } = lastSeen('ng-manager');
    expect(headers['traceparent']).toMatch(new RegExp(`^00-${trace}-(?!b7ad6b7169203331)[0-9a-f]{16}-01$`));
    expect([headers['x-request-id'], response.headers.get('x-request-id'), headers['content-type']]).toEqual([
      'req-7',
      'req-7',
      'application/json',
    ]);
  });

  it('passes on a form byte for byte, without reading it', async () => {
    const bytes = Uint8Array.from({ length: 100_000 }, (_, at) => (at * 7) % 256);
    const parts = new FormData();
    parts.append('spec', '{}');
    parts.append('file', new File([bytes], 'key.bin'));
    const form = new Response(parts);
    const sent = Buffer.from(await form.arrayBuffer());
    const contentType = form.headers.get('content-type') ?? '';
    let arrived: Buffer = Buffer.alloc(0);
    gateway.doubles['ng-manager'].handler = async (request, response, seen) => {
      arrived = await read(request);
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(seen.headers['content-type']));
    };
    const response = await gateway.call('/ng/api/v2/secrets/files?accountIdentifier=ACCA', {
      method: 'POST',
      body: new Uint8Array(sent),
      headers: { 'content-type': contentType },
    });
    expect([response.status, await response.json(), arrived.equals(sent)]).toEqual([200, contentType, true]);
  });

  it('lets no client speak for the gateway, and passes on no credential or connection header', async () => {
    await gateway.call('/ng/api/x', {
      headers: {
        'x-sluice-caller': 'pipeline',
        'x-sluice-errors': 'internal',
        'X-Sluice-Anything': '1',
        'x-forwarded-for': '6.6.6.6',
        cookie: 'a=b',
        te: 'trailers',
        'x-harness-token': 'mine',
        'x-request-id': 'bad id {}',
      },
    });
    const { headers } = lastSeen('ng-manager');
    expect(headers).toMatchObject({
      'x-sluice-caller': 'gateway',
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': gateway.app.url.slice(7),
    });
    for (const name of ['x-api-key', 'x-sluice-errors', 'x-sluice-anything', 'cookie', 'te', 'x-harness-token'])
      expect(headers[name]).toBeUndefined();
    expect(headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('says inside the service token where the request came from and with which key, whatever the client claims', async () => {
    await gateway.call('/ng/api/x', {
      headers: { 'user-agent': `curl/8 ${'x'.repeat(1_000)}`, 'x-forwarded-for': '6.6.6.6' },
    });
    expect(lastSeen('ng-manager').call).toMatchObject({
      origin: { clientAddress: '127.0.0.1', userAgent: `curl/8 ${'x'.repeat(249)}`, keyId: 'key1' },
    });
  });

  it('drops headers that the connection header names, both ways', async () => {
    const seen = await new Promise<string>((resolve, reject) => {
      const request = httpRequest(
        `${gateway.app.url}/ng/api/x`,
        { headers: { 'x-api-key': KEY_A, connection: 'close, x-secret-hop', 'x-secret-hop': 'yes' } },
        (response) => {
          response
            .resume()
            .on('end', () =>
              resolve(
                `${String(response.headers['x-private'])} ${String(response.headers['set-cookie'])} ${String(response.headers['x-content-type-options'])} ${String(response.headers['cache-control'])}`,
              ),
            );
        },
      );
      request.on('error', reject).end();
    });
    expect(seen).toBe('undefined undefined nosniff no-store');
    expect(lastSeen('ng-manager').headers['x-secret-hop']).toBeUndefined();
  });

  it('takes a key as a bearer token too, and answers 401 for none, for a session token and for a malformed one', async () => {
    expect((await gateway.call('/ng/api/x', { headers: { authorization: `Bearer ${KEY_B}` } }, '')).status).toBe(200);
    expect(lastSeen('ng-manager').call?.accountId).toBe('ACCB');
    for (const headers of [
      {},
      { authorization: 'Bearer a.b.c' },
      { authorization: 'Basic abc' },
      { 'x-api-key': 'pat.only.three' },
      { 'x-api-key': `${KEY_A} x` },
    ] as Record<string, string>[]) {
      const response = await gateway.call('/ng/api/x', { headers }, '');
      expect([response.status, await response.json()]).toEqual([401, ngFailure('INVALID_TOKEN')]);
    }
  });

  it('answers an address that cannot be decoded in the shape of the place it looks like', async () => {
    const ng = await gateway.call('/ng/api/connectors/%zz');
    expect([ng.status, await ng.json()]).toEqual([400, ngFailure('INVALID_REQUEST')]);
    const db = await gateway.call(`/gateway/dbops${P}/dbschema/%ED%A0%80`);
    expect([db.status, await db.json()]).toEqual([400, { message: expect.stringContaining('percent sign') }]);
  });

  it.each([
    ['INVALID_TOKEN', 401],
    ['EXPIRED_TOKEN', 401],
    ['REVOKED_TOKEN', 401],
    ['ACCESS_DENIED', 403],
  ])('answers what ng-manager says of a key: %s', async (code, status) => {
    const key = `pat.ACCA.${code}.x`;
    gateway.keys.set(key, code);
    const response = await gateway.call('/ng/api/x', {}, key);
    expect([response.status, await response.json()]).toEqual([status, ngFailure(code)]);
  });

  it('asks about a key once, however many requests bring it at the same time, and again when the answer is old', async () => {
    const askedFor = (key: string): number => gateway.asked.filter((one) => one === key).length;
    const long = 'pat.ACCA.once.x';
    gateway.keys.set(long, signedInAs('ACCA', 'once', 600_000));
    await Promise.all(Array.from({ length: 20 }, () => gateway.call('/ng/api/x', {}, long)));
    await gateway.call('/ng/api/x', {}, long);
    expect(askedFor(long)).toBe(1);
    /** How often ng-manager is asked about a key that is revoked, by seven calls at least. */
    const askedAboutRevoked = async (attempt: number): Promise<number> => {
      const brief = `pat.ACCA.brief${attempt}.x`;
      gateway.keys.set(brief, signedInAs('ACCA', `brief${attempt}`, 500));
      await gateway.call('/ng/api/x', {}, brief);
      gateway.keys.set(brief, 'REVOKED_TOKEN');
      await waitFor(async () => (await gateway.call('/ng/api/x', {}, brief)).status === 401, {
        timeoutMs: 120_000,
        what: 'the revocation',
      });
      await Promise.all(Array.from({ length: 5 }, () => gateway.call('/ng/api/x', {}, brief)));
      return askedFor(brief);
    };
    // A refusal is remembered for five seconds: a machine that stands still for longer spoils one attempt.
    let asked = 0;
    for (let attempt = 1; attempt <= 3 && asked !== 2; attempt += 1) asked = await askedAboutRevoked(attempt);
    expect(asked).toBe(2);
  });

  it.each([
    ['header', '/ng/api/x', { 'Harness-Account': 'ACCB' }],
    ['accountIdentifier', '/ng/api/x?accountIdentifier=ACCB', {}],
    ['accountID', '/gateway/ng/api/x?accountIdentifier=ACCA&accountID=ACCB', {}],
    ['routingId', '/ng/api/x?routingId=ACCB', {}],
    ['an encoded name', '/ng/api/x?%61ccountIdentifier=ACCB', {}],
    ['a repeated name', '/ng/api/x?accountIdentifier=ACCA&accountIdentifier=ACCB', {}],
  ])('refuses a request whose %s names another account than the key', async (_, path, headers) => {
    const response = await gateway.call(path, { headers: headers as Record<string, string> });
    expect([response.status, await response.json()]).toEqual([403, ngFailure('ACCESS_DENIED')]);
  });

  it('answers unknown operations with 404 in JSON before it asks for a key', async () => {
    const response = await gateway.call('/gateway/chaos/api/x', { method: 'POST', body: 'x' }, '');
    expect([response.status, await response.json()]).toEqual([
      404,
      { ...ngFailure('ROUTE_NOT_FOUND'), message: expect.stringContaining('no matching operation was found') },
    ]);
    expect((await gateway.call('/ng/api/internal/authenticate', { method: 'POST' })).status).toBe(404);
    expect((await gateway.call('/ng/api/x', { method: 'OPTIONS' })).status).toBe(405);
    expect((await gateway.call('/ng/api/%2e%2e%2fx')).status).toBe(400);
  });

  it.each([
    [
      'ng-manager',
      '/ng/api/x',
      (body: unknown) => expect(body).toMatchObject({ status: 'ERROR', code: 'UPSTREAM_UNAVAILABLE' }),
    ],
    [
      'ng-manager',
      `${P}/dbschema`,
      (body: unknown) => expect(body).toEqual({ message: expect.stringContaining('ng-manager cannot be reached') }),
    ],
    [
      'log-service',
      '/log-service/blob',
      (body: unknown) =>
        expect(body).toEqual({
          error_msg: expect.stringContaining('log-service cannot be reached'),
          message: expect.stringContaining('log-service cannot be reached'),
        }),
    ],
  ] as const)(
    'answers 503 in the style of the path when %s breaks the connection of %s',
    async (service, path, check) => {
      gateway.doubles[service].handler = (request) => void request.socket.destroy();
      for (const init of [
        {},
        { method: 'POST', body: 'x'.repeat(100) },
        { method: 'POST', body: 'x'.repeat(200_000) },
      ]) {
        const response = await gateway.call(path, init);
        expect([response.status, response.headers.get('retry-after')]).toEqual([503, '2']);
        check(await response.json());
      }
    },
  );

  it('answers 504 when an upstream does not begin to answer in time', async () => {
    const impatient = await runGateway({ GATEWAY_REQUEST_TIMEOUT_SECONDS: '1' });
    try {
      impatient.doubles.pipeline.handler = () => undefined;
      const response = await impatient.call('/pipeline/api/x');
      expect([response.status, await response.json()]).toEqual([
        504,
        expect.objectContaining({ code: 'REQUEST_TIMEOUT', message: expect.stringContaining('within 1 s') }),
      ]);
    } finally {
      await impatient.stop();
    }
  });

  it('repeats a GET whose kept connection was cut, and nothing else', async () => {
    let cuts = 0;
    gateway.doubles.pipeline.handler = (request, response, seen) => {
      cuts += 1;
      return cuts % 2 === 1 ? void request.socket.destroy() : echo(request, response, seen);
    };
    expect((await gateway.call('/pipeline/api/x')).status).toBe(200);
    expect((await gateway.call('/pipeline/api/x', { method: 'DELETE' })).status).toBe(503);
  });

  it('refuses bodies beyond the limit, announced or not, and names the limit', async () => {
    const announced = await gateway.call('/ng/api/x', { method: 'POST', body: Buffer.alloc(10 * 1024 * 1024 + 1) });
    expect([announced.status, await announced.json()]).toEqual([
      413,
      expect.objectContaining({ code: 'PAYLOAD_TOO_LARGE', message: expect.stringContaining('10485760 bytes') }),
    ]);
    const piece = Buffer.alloc(1024 * 1024);
    let left = 12;
    const stream = new ReadableStream<Uint8Array>({
      pull: (controller) => ((left -= 1) < 0 ? controller.close() : controller.enqueue(piece)),
    });
    const flowing = await gateway.call('/ng/api/x', { method: 'POST', body: stream, duplex: 'half' } as RequestInit);
    expect([flowing.status, await flowing.json()]).toEqual([
      413,
      expect.objectContaining({ message: expect.stringContaining('10485760 bytes') }),
    ]);
    const whole = await gateway.call('/ng/api/x', { method: 'POST', body: Buffer.alloc(10 * 1024 * 1024) });
    expect(await whole.json()).toMatchObject({ bodyBytes: 10 * 1024 * 1024 });
    expect(
      (await gateway.call('/log-service/blob?key=k', { method: 'POST', body: Buffer.alloc(25 * 1024 * 1024) })).status,
    ).toBe(200);
  });

  it('hands server-sent events on one by one, and hangs up upstream when the reader goes', async () => {
    let isUpstreamGone = false;
    const sent: (() => void)[] = [];
    gateway.doubles['log-service'].handler = async (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
      response.on('close', () => (isUpstreamGone = true));
      for (let index = 0; !isUpstreamGone; index += 1) {
        await new Promise<void>((resolve) => sent.push(resolve));
        response.write(`id: ${index}\ndata: {}\n\n`);
      }
    };
    const response = await gateway.call('/gateway/log-service/stream?key=k');
    const reader = response.body?.getReader();
    for (let index = 0; index < 3; index += 1) {
      (await waitFor(() => sent.shift(), { timeoutMs: 120_000, what: 'the upstream' }))();
      const chunk = await reader?.read();
      expect(new TextDecoder().decode(chunk?.value)).toBe(`id: ${index}\ndata: {}\n\n`);
    }
    await reader?.cancel();
    await waitFor(() => isUpstreamGone, { timeoutMs: 120_000, what: 'the end upstream' });
  });

  it('lets 200 MB through at the pace of the reader, without holding them', async () => {
    const size = 200 * 1024 * 1024;
    const piece = Buffer.alloc(256 * 1024, 'x');
    let written = 0;
    gateway.doubles['log-service'].handler = async (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/zip', 'content-length': String(size) });
      for (written = 0; written < size; written += piece.length)
        if (!response.write(piece)) await new Promise((resolve) => response.once('drain', resolve));
      response.end();
    };
    const response = await gateway.call('/gateway/log-service/blob/archive/x.zip');
    const reader = response.body?.getReader();
    await reader?.read();
    const stalledAt = await waitFor(
      (() => {
        let last = -1;
        return () => {
          const isStill = written === last;
          last = written;
          return isStill && written;
        };
      })(),
      { timeoutMs: 120_000, intervalMs: 300, what: 'back pressure' },
    );
    expect(stalledAt).toBeLessThan(40 * 1024 * 1024);
    let received = 0;
    for (let chunk = await reader?.read(); chunk && !chunk.done; chunk = await reader?.read())
      received += chunk.value.length;
    expect(written).toBe(size);
    expect(received).toBeGreaterThan(size - 1024 * 1024);
  });

  it('cuts the answer off when the upstream breaks in the middle, so that half does not look whole', async () => {
    let cut = (): void => undefined;
    gateway.doubles.pipeline.handler = (request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write('{"half":');
      cut = () => void request.socket.destroy();
    };
    const response = await gateway.call('/pipeline/api/x');
    cut();
    await expect(response.text()).rejects.toThrow();
  });

  it('passes a log token or a signed link on to the log service without a key, and nothing without either', async () => {
    expect(
      (
        await gateway.call(
          '/log-service/stream?key=k&accountID=ACCA',
          { method: 'PUT', body: '[]', headers: { 'X-Harness-Token': 'pods-token' } },
          '',
        )
      ).status,
    ).toBe(200);
    expect(lastSeen('log-service')).toMatchObject({ call: undefined, headers: { 'x-harness-token': 'pods-token' } });
    expect((await gateway.call('/gateway/log-service/blob/archive/x.zip?prefix=p&signature=s', {}, '')).status).toBe(
      200,
    );
    const refused = await gateway.call('/log-service/stream?key=k', {}, '');
    expect([refused.status, await refused.json()]).toEqual([
      401,
      { error_msg: expect.stringContaining('x-api-key'), message: expect.stringContaining('x-api-key') },
    ]);
    expect((await gateway.call('/ng/api/x?signature=s', { headers: { 'X-Harness-Token': 't' } }, '')).status).toBe(401);
  });

  it('answers pipelined requests in their order, and nonsense without falling over', async () => {
    const say = (text: string): Promise<string> =>
      new Promise((resolve) => {
        let all = '';
        const socket = connect(Number(new URL(gateway.app.url).port), '127.0.0.1', () => socket.write(text));
        socket.on('data', (chunk: Buffer) => (all += chunk.toString())).on('close', () => resolve(all));
      });
    const get = (path: string, last: string): string =>
      `GET ${path} HTTP/1.1\r\nhost: x\r\nx-api-key: ${KEY_A}\r\nconnection: ${last}\r\n\r\n`;
    expect(await say(`${get('/ng/api/one', 'keep-alive')}${get('/ng/api/two', 'close')}`)).toMatch(
      /"\/ng\/api\/one"[\s\S]*"\/ng\/api\/two"/,
    );
    expect(await say('NONSENSE\r\n\r\n')).toMatch(/^HTTP\/1.1 400/);
    expect((await gateway.call('/ng/api/x')).status).toBe(200);
  });

  it('tells its health and its metrics', async () => {
    expect(await (await fetch(`${gateway.app.url}/health/live`)).json()).toEqual({ status: 'up' });
    expect((await fetch(`${gateway.app.url}/health/ready`)).status).toBe(200);
    expect(await (await gateway.call('/metrics')).text()).toContain('gateway_active_requests');
  });

  it('shows metrics and its own API description to administrators only', async () => {
    gateway.keys.set('pat.ACCA.viewer1.x', { ...signedInAs('ACCA', 'viewer1'), grants: [{ role: 'viewer' }] });
    for (const path of ['/metrics', '/openapi.json']) {
      const statuses = await Promise.all(
        [
          ['', 401],
          ['pat.ACCA.none.x', 401],
          ['pat.ACCA.viewer1.x', 403],
          [KEY_A, 200],
        ].map(async ([key, expected]) => [(await gateway.call(path, {}, String(key))).status, expected]),
      );
      expect([path, statuses]).toEqual([path, statuses.map(([, expected]) => [expected, expected])]);
    }
  });

  it.each<[string, RequestInit, string, number]>([
    ['/ng/api/x', {}, '', 401],
    ['/no/such/address', {}, KEY_A, 404],
    ['/ng/api/x', { method: 'OPTIONS' }, KEY_A, 405],
    ['/ng/api/%00x', {}, KEY_A, 400],
    ['/ng/api/x?accountIdentifier=OTHER', {}, KEY_A, 403],
  ])('its own answers are kept by no cache and taken for nothing else: %s %j', async (path, init, key, status) => {
    const response = await gateway.call(path, init, key);
    expect([
      response.status,
      response.headers.get('x-content-type-options'),
      response.headers.get('cache-control'),
    ]).toEqual([status, 'nosniff', 'no-store']);
  });
});
