import { createServer as createTlsServer } from 'node:https';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { SecurityEventRecord } from '@sluice/api-conventions';
import { AppError, isErrorCode } from '@sluice/kernel';
import { authenticateKey, receiveSecurityEvents, type SignedIn } from '@sluice/ng-manager-api';
import type { ServiceName, VerifiedCall } from '@sluice/service-identity';
import { startRedis, testIdentities, type TestIdentities } from '@sluice/testing';
import { bootstrap } from '../bootstrap.js';

/** What an upstream saw. */
export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  /** Who the service token speaks for; undefined when no token came. */
  readonly call: VerifiedCall | undefined;
}

export type Handler = (request: IncomingMessage, response: ServerResponse, seen: Seen) => void | Promise<void>;

export interface UpstreamDouble {
  readonly url: string;
  readonly seen: Seen[];
  /** Answers everything but what the double itself answers; echoes by default. */
  handler: Handler;
  stop(): Promise<void>;
}

/** Certificate and key (PEM) that doubles show. */
export interface UpstreamTls {
  readonly cert: Buffer;
  readonly key: Buffer;
}

export const KEY_A = 'pat.ACCA.key1.secret-of-a';
export const KEY_B = 'sat.ACCB.key2.secret-of-b';

/** The accounts ng-manager knows in these specs; an error code instead of an account refuses the key. */
type KnownKeys = Map<string, SignedIn | string>;

export function signedInAs(accountId: string, keyId: string, cacheMs = 60_000): SignedIn {
  return {
    accountId,
    keyId,
    cacheMs,
    principal: {
      type: 'user',
      id: `user-${accountId}`,
      name: `User ${accountId}`,
      email: `user@${accountId.toLowerCase()}.example`,
    },
    grants: [{ role: 'account_admin' }],
  };
}

/** A gateway in front of doubles of its upstreams, with a real Redis. The double of ng-manager parses and answers by the contract. Support for specs. */
export async function runGateway(env: Readonly<Record<string, string>> = {}, upstreamTls?: UpstreamTls) {
  const redis = await startRedis();
  const identities = testIdentities();
  const keys: KnownKeys = new Map<string, SignedIn | string>([
    [KEY_A, signedInAs('ACCA', 'key1')],
    [KEY_B, signedInAs('ACCB', 'key2')],
  ]);
  const asked: string[] = [];
  const securityEvents: SecurityEventRecord[] = [];
  const takesEvents = { value: true };
  const doubles = {
    'ng-manager': await double(
      'ng-manager',
      identities,
      async (request, response) =>
        (await answerKey(request, response, identities, keys, asked)) ||
        takeEvents(request, response, identities, takesEvents.value ? securityEvents : undefined),
      upstreamTls,
    ),
    pipeline: await double('pipeline', identities, undefined, upstreamTls),
    'log-service': await double('log-service', identities, undefined, upstreamTls),
  };
  const environment = {
    LOG_LEVEL: 'silent',
    GATEWAY_PORT: '0',
    GATEWAY_SERVICE_KEY_FILE: identities.keyFile('gateway'),
    SERVICE_KEYS_DIR: identities.keysDir,
    GATEWAY_NG_MANAGER_URL: doubles['ng-manager'].url,
    GATEWAY_PIPELINE_URL: doubles.pipeline.url,
    GATEWAY_LOG_SERVICE_URL: doubles['log-service'].url,
    GATEWAY_REDIS_URL: redis.url,
    GATEWAY_RATE_LIMIT_PER_SECOND: '10000',
    ...env,
  };
  const app = await bootstrap(environment);
  return {
    app,
    environment,
    redis,
    identities,
    doubles,
    keys,
    /** Keys ng-manager was asked about, in order. */
    asked,
    /** Security events ng-manager was told of. */
    securityEvents,
    /** Whether ng-manager takes security events. */
    takesEvents,
    call: (path: string, init: RequestInit = {}, key: string | undefined = KEY_A): Promise<Response> =>
      fetch(`${app.url}${path}`, {
        redirect: 'manual',
        ...init,
        headers: { ...(key ? { 'x-api-key': key } : {}), ...(init.headers as Record<string, string> | undefined) },
      }),
    stop: async () => {
      await app.close();
      await Promise.all([...Object.values(doubles).map((one) => one.stop()), redis.stop()]);
      identities.stop();
    },
  };
}
export type RunningGateway = Awaited<ReturnType<typeof runGateway>>;

async function double(
  service: ServiceName,
  identities: TestIdentities,
  first?: (request: IncomingMessage, response: ServerResponse) => Promise<boolean>,
  tls?: UpstreamTls,
): Promise<UpstreamDouble> {
  const identity = await identities.of(service);
  const seen: Seen[] = [];
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    void (async () => {
      if (await first?.(request, response)) return;
      const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
      const call = token ? await identity.verifyCall(token, ['gateway']) : undefined;
      const one: Seen = { method: request.method ?? '', url: request.url ?? '', headers: request.headers, call };
      seen.push(one);
      await result.handler(request, response, one);
    })().catch((cause: unknown) => response.destroy(cause instanceof Error ? cause : undefined));
  };
  const server: Server = tls ? createTlsServer(tls, answer) : createServer(answer);
  const port = await new Promise<number>((resolve) =>
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)),
  );
  const result: UpstreamDouble = {
    url: `${tls ? 'https' : 'http'}://127.0.0.1:${port}`,
    seen,
    handler: echo,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return result;
}

export const echo: Handler = async (request, response, seen) => {
  const body = await read(request);
  response.writeHead(200, {
    'content-type': 'application/json',
    'x-total-elements': '7',
    'set-cookie': 'a=b',
    connection: 'keep-alive, x-private',
    'x-private': 'yes',
  });
  response.end(
    JSON.stringify({
      method: seen.method,
      url: seen.url,
      account: seen.call?.accountId,
      bodyBytes: body.length,
      body: body.subarray(0, 200).toString(),
    }),
  );
};

export async function read(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

async function answerKey(
  request: IncomingMessage,
  response: ServerResponse,
  identities: TestIdentities,
  keys: KnownKeys,
  asked: string[],
): Promise<boolean> {
  if (request.method !== authenticateKey.method || request.url !== authenticateKey.path) return false;
  const identity = await identities.of('ng-manager');
  await identity.verifyCall(/^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '', ['gateway']);
  const body = authenticateKey.body?.parse(JSON.parse((await read(request)).toString()));
  asked.push(body?.apiKey ?? '');
  const known = keys.get(body?.apiKey ?? '') ?? 'INVALID_TOKEN';
  if (typeof known !== 'string')
    response
      .writeHead(200, { 'content-type': 'application/json' })
      .end(JSON.stringify(authenticateKey.response.parse(known)));
  else {
    const error = new AppError(isErrorCode(known) ? known : 'INVALID_TOKEN', `the key is refused: ${known}`);
    response
      .writeHead(error.httpStatus, { 'content-type': 'application/json' })
      .end(JSON.stringify({ code: error.code, message: error.message, correlationId: '', details: {} }));
  }
  return true;
}

async function takeEvents(
  request: IncomingMessage,
  response: ServerResponse,
  identities: TestIdentities,
  taken: SecurityEventRecord[] | undefined,
): Promise<boolean> {
  if (request.method !== receiveSecurityEvents.method || request.url !== receiveSecurityEvents.path) return false;
  const identity = await identities.of('ng-manager');
  await identity.verifyCall(/^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '', ['gateway']);
  const events = receiveSecurityEvents.body?.parse(JSON.parse((await read(request)).toString())).events ?? [];
  if (!taken) {
    response.writeHead(503).end();
    return true;
  }
  for (const { event } of events) if (!taken.some(({ eventId }) => eventId === event.eventId)) taken.push(event);
  response
    .writeHead(200, { 'content-type': 'application/json' })
    .end(JSON.stringify(receiveSecurityEvents.response.parse({ received: events.length })));
  return true;
}
