import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttp, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import type { ServiceTarget, TestServiceTask } from '@sluice/delegate-protocol';
import { freePort } from '@sluice/testing';
import { createLogger } from '@sluice/telemetry';
import { parseConfig } from '../config.js';
import { PodAuthority, type IssuedCertificate } from '../pod/pod-certificates.js';
import { failureOf, type TaskContext } from '../task/task-handler.js';
import { TestServiceHandler } from './test-service.handler.js';

type Serve = (request: IncomingMessage, response: ServerResponse, body: string) => void;
type Values = Readonly<Record<string, string>>;

const PASSWORD = 'p4ss-word-of-ann';
const TOKEN = 'token-of-the-connector';
const basic = (user: string, password: string): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
const json = (response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void =>
  void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));

describe('tests of services', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-services-'));
  const servers: Server[] = [];
  let authority: PodAuthority;
  let own: IssuedCertificate;
  let client: IssuedCertificate;
  let requests: IncomingMessage[];

  beforeAll(async () => {
    authority = await PodAuthority.create('127.0.0.1');
    [own, client] = [await authority.issue('cluster'), await authority.issue('ann')];
  });
  beforeEach(() => {
    requests = [];
  });
  afterAll(async () => {
    for (const server of servers) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
    rmSync(folder, { recursive: true, force: true });
  });

  const listen = async (serve: Serve, tls = false): Promise<string> => {
    const handler = (request: IncomingMessage, response: ServerResponse): void => {
      requests.push(request);
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => serve(request, response, Buffer.concat(chunks).toString()));
    };
    const server = tls
      ? createHttps(
          { cert: own.cert, key: own.key, ca: authority.pem, requestCert: true, rejectUnauthorized: false },
          handler,
        )
      : createHttp(handler);
    servers.push(server as Server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `${tls ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  const run = async (target: ServiceTarget, values: Values = {}, environment: Record<string, string> = {}) => {
    const config = parseConfig({ DELEGATE_SERVICE_URL: 'ws://none', DELEGATE_TOKEN_FILE: '/none', ...environment });
    const secrets = Object.keys(values).map((name) => ({ name, expression: `<+secrets.getValue("${name}")>` }));
    const task: TestServiceTask = { kind: 'test-service', target, secrets };
    const context: TaskContext = {
      taskId: 't',
      epoch: 1,
      term: () => ({ until: Infinity, stopWithinMs: 0 }),
      traceparent: undefined,
      signal: new AbortController().signal,
      log: createLogger('delegate', 'silent'),
      secrets: async () => new Map(secrets.map(({ name, expression }) => [expression, values[name] ?? ''])),
    };
    const outcome = await new TestServiceHandler(config)
      .run(task, context)
      .catch((cause: unknown) => failureOf(cause, context.signal));
    for (const value of Object.values(values)) expect(JSON.stringify(outcome)).not.toContain(value.trim());
    return outcome;
  };
  const refusal = (failureType: string, message: string) => ({
    status: 'failed',
    error: { failureType, message: expect.stringContaining(message) },
  });

  describe('a Kubernetes cluster', () => {
    /** Answers like the API server: an unknown identity is refused whatever is asked. */
    const cluster =
      (knows: (request: IncomingMessage) => boolean): Serve =>
      (request, response) => {
        if (!knows(request))
          return json(response, 401, { kind: 'Status', status: 'Failure', message: 'Unauthorized', code: 401 });
        if (request.url !== '/version') return json(response, 404, { kind: 'Status', code: 404 });
        return json(response, 200, { major: '1', minor: '31', gitVersion: 'v1.31.2' });
      };
    const manual = (url: string, auth: object, caCertSlot?: string) =>
      ({ type: 'kubernetes', manual: { url, auth, ...(caCertSlot ? { caCertSlot } : {}) } }) as ServiceTarget;
    const byToken = { type: 'token', tokenSlot: 'token' };
    const hasToken = cluster(({ headers }) => headers.authorization === `Bearer ${TOKEN}`);

    it('takes a service account token, over TLS with the CA of the connector', async () => {
      const url = await listen(hasToken, true);
      expect(await run(manual(`${url}/`, byToken, 'ca'), { token: `${TOKEN}\n`, ca: authority.pem })).toEqual({
        status: 'succeeded',
        product: 'Kubernetes v1.31.2',
      });
      expect(await run(manual(url, byToken, 'ca'), { token: 'another-token', ca: authority.pem })).toMatchObject(
        refusal('Authentication', 'refuses the credentials of the connector'),
      );
      expect(await run(manual(url, byToken), { token: TOKEN })).toMatchObject(
        refusal('Connectivity', 'TLS connection to the cluster'),
      );
    });

    it('takes user and password, also a user name from a secret', async () => {
      const url = await listen(cluster(({ headers }) => headers.authorization === basic('ann', PASSWORD)));
      expect(
        await run(manual(url, { type: 'basic', username: 'ann', passwordSlot: 'password' }), { password: PASSWORD }),
      ).toMatchObject({ status: 'succeeded' });
      expect(
        await run(manual(url, { type: 'basic', usernameSlot: 'user', passwordSlot: 'password' }), {
          user: 'ann',
          password: PASSWORD,
        }),
      ).toMatchObject({ status: 'succeeded' });
      expect(
        await run(manual(url, { type: 'basic', username: 'ann', passwordSlot: 'password' }), {
          password: 'not-the-password',
        }),
      ).toMatchObject(refusal('Authentication', 'refuses'));
    });

    it('takes a client certificate with its key', async () => {
      const url = await listen(
        cluster(({ socket }) => (socket as TLSSocket).authorized),
        true,
      );
      const auth = { type: 'certificate', certificateSlot: 'cert', keySlot: 'key' };
      expect(
        await run(manual(url, auth, 'ca'), { cert: client.cert, key: client.key, ca: authority.pem }),
      ).toMatchObject({ status: 'succeeded' });
      const stranger = await (await PodAuthority.create('127.0.0.1')).issue('ann');
      expect(
        await run(manual(url, auth, 'ca'), { cert: stranger.cert, key: stranger.key, ca: authority.pem }),
      ).toMatchObject(refusal('Authentication', 'refuses'));
      expect(
        await run(manual(url, auth, 'ca'), { cert: 'no certificate', key: client.key, ca: authority.pem }),
      ).toMatchObject({ status: 'failed' });
    });

    it('takes a token of an OpenID issuer, which it gets with user and password', async () => {
      const issuer: string = await listen((request, response, body) => {
        if (request.url === '/.well-known/openid-configuration')
          return json(response, 200, { token_endpoint: `${issuer}/token` });
        const form = new URLSearchParams(body);
        const isRight =
          form.get('grant_type') === 'password' &&
          form.get('client_id') === 'client-one' &&
          form.get('client_secret') === 'client-secret' &&
          form.get('username') === 'ann' &&
          form.get('password') === PASSWORD &&
          form.get('scope') === 'openid email';
        return isRight
          ? json(response, 200, { id_token: TOKEN })
          : json(response, 400, { error: 'invalid_grant', error_description: body });
      });
      const url = await listen(hasToken);
      const auth = {
        type: 'openId',
        issuerUrl: issuer,
        username: 'ann',
        passwordSlot: 'password',
        clientIdSlot: 'id',
        clientSecretSlot: 'secret',
        scopes: 'openid email',
      };
      const values = { password: PASSWORD, id: 'client-one', secret: 'client-secret' };
      expect(await run(manual(url, auth), values)).toMatchObject({ status: 'succeeded' });
      expect(await run(manual(url, auth), { ...values, password: 'not-the-password' })).toMatchObject(
        refusal('Authentication', 'gives no token (invalid_grant)'),
      );
    });

    it('takes the identity of a delegate inside it, and says when there is none', async () => {
      const url = await listen(hasToken, true);
      const accountDir = join(folder, 'account');
      mkdirSync(accountDir);
      writeFileSync(join(accountDir, 'token'), `${TOKEN}\n`);
      writeFileSync(join(accountDir, 'ca.crt'), authority.pem);
      const inside = { KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: new URL(url).port };
      expect(await run({ type: 'kubernetes' }, {}, { ...inside, DELEGATE_KUBERNETES_ACCOUNT_DIR: accountDir })).toEqual(
        { status: 'succeeded', product: 'Kubernetes v1.31.2' },
      );
      expect(
        await run({ type: 'kubernetes' }, {}, { ...inside, DELEGATE_KUBERNETES_ACCOUNT_DIR: join(folder, 'nowhere') }),
      ).toMatchObject(refusal('Authentication', 'has no service account there'));
      expect(await run({ type: 'kubernetes' })).toMatchObject(
        refusal('Unknown', 'does not run inside a Kubernetes cluster'),
      );
    });

    it.each([
      [403, {}, 'Authorization', 'does not let them ask'],
      [302, { location: 'http://127.0.0.1:1/' }, 'Connectivity', 'redirection'],
      [503, {}, 'Connectivity', 'status 503'],
      [200, {}, 'Unknown', 'not like the API of a Kubernetes cluster'],
    ])('tells what status %i means, and follows no redirection', async (status, headers, failureType, message) => {
      const url = await listen((_, response) => json(response, status, {}, headers as Record<string, string>));
      expect(await run(manual(url, byToken), { token: TOKEN })).toMatchObject(refusal(failureType, message));
      expect(requests).toHaveLength(1);
    });
  });

  describe('a Docker registry', () => {
    const version = { 'docker-distribution-api-version': 'registry/2.0' };
    const target = (url: string, rest: object = {}) => ({ type: 'docker-registry', url, ...rest }) as ServiceTarget;
    const login = { username: 'ann', passwordSlot: 'password' };
    const bearer = async (login: string | undefined): Promise<string> => {
      const url: string = await listen((request, response) => {
        const { pathname, searchParams } = new URL(request.url ?? '', url);
        if (pathname === '/v2/') {
          if (request.headers.authorization === `Bearer ${TOKEN}`) return json(response, 200, {}, version);
          return json(
            response,
            401,
            { errors: [{ code: 'UNAUTHORIZED' }] },
            { ...version, 'www-authenticate': `Bearer realm="${url}/token",service="registry.example"` },
          );
        }
        if (pathname !== '/token' || searchParams.get('service') !== 'registry.example') return json(response, 404, {});
        return request.headers.authorization === login
          ? json(response, 200, { token: TOKEN })
          : json(response, 401, { details: `wrong: ${request.headers.authorization}` });
      });
      return url;
    };

    it.each(['', '/', '/v2', '/v2/', '/v1/'])('dances for a token, with the address written as …%s', async (suffix) => {
      expect(
        await run(target(`${await bearer(basic('ann', PASSWORD))}${suffix}`, login), { password: PASSWORD }),
      ).toMatchObject({ status: 'succeeded', product: expect.stringContaining('registry/2.0') });
    });

    it('gets an anonymous token too, and says when user or password are refused', async () => {
      expect(await run(target(await bearer(undefined)))).toMatchObject({ status: 'succeeded' });
      expect(
        await run(target(await bearer(basic('ann', PASSWORD)), login), { password: 'not-the-password' }),
      ).toMatchObject(refusal('Authentication', 'refuses the user name or password'));
    });

    it('takes basic authentication, and misses credentials where some are needed', async () => {
      const url = await listen((request, response) =>
        request.headers.authorization === basic('ann', PASSWORD)
          ? json(response, 200, {}, version)
          : json(response, 401, {}, { 'www-authenticate': 'Basic realm="r"' }),
      );
      expect(
        await run(target(url, { usernameSlot: 'user', passwordSlot: 'password' }), { user: 'ann', password: PASSWORD }),
      ).toMatchObject({ status: 'succeeded' });
      expect(await run(target(url))).toMatchObject(refusal('Authentication', 'the connector has none'));
      expect(await run(target(url, login), { password: 'not-the-password' })).toMatchObject(
        refusal('Authentication', 'refuses'),
      );
    });

    it('does not call credentials right that nobody looked at', async () => {
      const url = await listen((request, response) =>
        request.headers.authorization && request.headers.authorization !== basic('ann', PASSWORD)
          ? json(response, 401, {})
          : json(response, 200, {}, version),
      );
      expect(await run(target(url, login), { password: 'not-the-password' })).toMatchObject(
        refusal('Authentication', 'refuses'),
      );
    });

    it('sends no credentials to a token service without TLS when the registry has it, nor after a redirection', async () => {
      const thief = await listen((_, response) => json(response, 200, { token: TOKEN }));
      const redirecting = await listen((_, response) => json(response, 307, {}, { location: `${thief}/v2/` }));
      expect(await run(target(redirecting, login), { password: PASSWORD })).toMatchObject(
        refusal('Connectivity', 'redirection'),
      );
      const odd = await listen((_, response) =>
        json(response, 401, {}, { 'www-authenticate': 'Bearer realm="gopher://x/token"' }),
      );
      expect(await run(target(odd, login), { password: PASSWORD })).toMatchObject(
        refusal('Connectivity', 'without TLS'),
      );
      expect(requests.filter(({ headers }) => headers.host === new URL(thief).host)).toEqual([]);
    });

    it('says when nothing or something else is there', async () => {
      expect(await run(target(await listen((_, response) => json(response, 404, {}))))).toMatchObject(
        refusal('Unknown', 'no Docker registry'),
      );
      expect(await run(target(`http://127.0.0.1:${await freePort()}`))).toMatchObject(
        refusal('Connectivity', 'connection refused'),
      );
      expect(await run(target('http://no-such-host.invalid'))).toMatchObject(
        refusal('Connectivity', 'cannot be found by the delegate'),
      );
      expect(
        await run(target(await listen((_, response) => void response.writeHead(200).end('x'.repeat(400_000))))),
      ).toMatchObject(refusal('Unknown', 'more than 256 KiB'));
    });
  });

  describe('Vault', () => {
    const vault =
      (state: { readonly health?: number; readonly namespace?: string } = {}): Serve =>
      (request, response, body) => {
        const { url, method, headers } = request;
        if (url === '/v1/sys/health')
          return json(response, state.health ?? 200, { initialized: true, sealed: false, version: '1.17.2' });
        if (state.namespace !== undefined && headers['x-vault-namespace'] !== state.namespace)
          return json(response, 403, { errors: ['permission denied'] });
        if (url === '/v1/auth/approle/login' && method === 'POST') {
          const sent = JSON.parse(body) as { role_id?: string; secret_id?: string };
          return sent.role_id === 'role-1' && sent.secret_id === 'the-secret-id'
            ? json(response, 200, { auth: { client_token: TOKEN } })
            : json(response, 400, { errors: [`invalid secret id ${sent.secret_id}`] });
        }
        if (headers['x-vault-token'] !== TOKEN) return json(response, 403, { errors: ['permission denied'] });
        if (url === '/v1/auth/token/lookup-self') return json(response, 200, { data: { id: TOKEN } });
        return url === '/v1/auth/token/revoke-self' && method === 'POST'
          ? json(response, 204, null)
          : json(response, 404, { errors: [] });
      };
    const target = (url: string, auth: object, rest: object = {}) =>
      ({ type: 'vault', url, auth, ...rest }) as ServiceTarget;
    const byToken = { type: 'token', tokenSlot: 'token' };

    it('takes a token, in the namespace of the connector', async () => {
      const url = await listen(vault({ namespace: 'team' }));
      expect(await run(target(url, byToken, { namespace: 'team' }), { token: TOKEN })).toEqual({
        status: 'succeeded',
        product: 'Vault 1.17.2',
      });
      expect(await run(target(url, byToken), { token: TOKEN })).toMatchObject(
        refusal('Authentication', 'refuses the token'),
      );
      expect(await run(target(url, byToken, { namespace: 'team' }), { token: 'not-the-token' })).toMatchObject(
        refusal('Authentication', 'refuses the token'),
      );
    });

    it('signs in with an AppRole and leaves no token behind', async () => {
      const url = await listen(vault());
      const auth = { type: 'appRole', roleId: 'role-1', secretIdSlot: 'id' };
      expect(await run(target(`${url}/`, auth), { id: 'the-secret-id' })).toMatchObject({ status: 'succeeded' });
      expect(requests.map((request) => request.url)).toEqual([
        '/v1/sys/health',
        '/v1/auth/approle/login',
        '/v1/auth/token/lookup-self',
        '/v1/auth/token/revoke-self',
      ]);
      expect(await run(target(url, auth), { id: 'another-secret-id' })).toMatchObject(
        refusal('Authentication', 'refuses the AppRole'),
      );
    });

    it.each([
      [429, 'succeeded', ''],
      [472, 'succeeded', ''],
      [473, 'succeeded', ''],
      [503, 'failed', 'is sealed'],
      [501, 'failed', 'is not initialised'],
      [404, 'failed', 'does not answer like Vault'],
    ])('reads health %i', async (health, status, message) => {
      const outcome = await run(target(await listen(vault({ health })), byToken), { token: TOKEN });
      expect(outcome.status).toBe(status);
      expect(JSON.stringify(outcome)).toContain(message);
    });
  });
});
