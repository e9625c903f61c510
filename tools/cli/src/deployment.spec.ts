import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { deploy, type Deployment } from './deployment.js';
import { GatewayClient } from './gateway-client.js';

const DEPLOYMENT: Deployment = {
  at: { org: 'default', project: 'deployments' },
  projectNames: { org: 'default', project: 'deployments' },
  identifier: 'orders',
  name: 'orders',
  repository: { kind: 'http', url: 'https://git.example.com/orders.git', ref: { branch: 'main' } },
  changelog: 'db/chnagelog.xml',
  database: { jdbcUrl: 'jdbc:postgresql://db/orders', username: 'app', password: 'secret-word' },
  contexts: '',
  timeoutMs: 60_000,
};

let server: Server;
let requests: string[];
let pipelines: string[];
/** The answer to the preview of the changelog: status and text. */
let preview: readonly [number, string];
/** Another client creates everything after this one has looked and before it creates. */
let isRaced: boolean;

beforeEach(async () => {
  requests = [];
  pipelines = [];
  isRaced = false;
  server = createServer((request, response) => {
    const path = (request.url ?? '').replace('/gateway', '').replace(/\?.*/, '');
    const wasAsked = requests.includes(`${request.method} ${path}`);
    requests.push(`${request.method} ${path}`);
    if (path.endsWith('/pipelines/v2')) request.setEncoding('utf8').on('data', (text: string) => pipelines.push(text));
    const [status, body] = path.endsWith('/changelog-preview')
      ? [preview[0], { message: preview[1] }]
      : path.includes('/pipeline/execute/')
        ? [400, { code: 'REACHED', message: 'the execution was asked for' }]
        : request.method === 'GET' && !(isRaced && wasAsked)
          ? [404, { message: 'not found' }]
          : request.method === 'POST' && isRaced
            ? [400, { code: 'DUPLICATE_FIELD', message: 'exists already' }]
            : [200, { data: {} }];
    response.writeHead(Number(status), { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
});
afterEach(() => {
  server.closeAllConnections();
  return new Promise((done) => server.close(done));
});

const run = (deployment = DEPLOYMENT): Promise<unknown> => {
  const { port } = server.address() as AddressInfo;
  return deploy(new GatewayClient({ url: `http://127.0.0.1:${port}`, apiKey: 'pat.ACC.id.secret' }), deployment, {
    onStep: () => undefined,
    onLine: () => undefined,
  });
};

it('a changelog that is not in the repository ends the deployment before anything runs, and what was made for it is removed', async () => {
  preview = [404, 'there is no file "db/chnagelog.xml"'];
  await expect(run()).rejects.toThrow('there is no file "db/chnagelog.xml"');
  const made = requests.filter((one) => one.startsWith('POST '));
  expect(made.length).toBeGreaterThan(5);
  expect(requests.filter((one) => one.startsWith('DELETE '))).toHaveLength(made.length);
  expect(made.filter((one) => one.includes('/execute/'))).toEqual([]);
});

it('the database step gets the time limit that was asked for, also a short one', async () => {
  preview = [400, ''];
  await expect(run({ ...DEPLOYMENT, timeoutMs: 2_500 })).rejects.toThrow('the execution was asked for');
  expect(pipelines).toEqual([expect.stringContaining('timeout: 3s')]);
});

it('the database step keeps its own time limit when the end is waited for a shorter time', async () => {
  preview = [400, ''];
  await expect(run({ ...DEPLOYMENT, timeoutMs: 2_500, stepTimeoutMs: 1_800_000 })).rejects.toThrow(
    'the execution was asked for',
  );
  expect(pipelines).toEqual([expect.stringContaining('timeout: 1800s')]);
});

it('a repository that only delegates reach is no reason to stop', async () => {
  preview = [400, 'the repository cannot be reached'];
  await expect(run()).rejects.toThrow('the execution was asked for');
  expect(requests.filter((one) => one.startsWith('DELETE '))).toEqual([]);
});

it('what another deployment creates at the same moment is used and updated, and is not removed by this one', async () => {
  preview = [404, 'there is no file "db/chnagelog.xml"'];
  isRaced = true;
  await expect(run()).rejects.toThrow('there is no file "db/chnagelog.xml"');
  expect(requests.filter((one) => one.startsWith('PUT ')).length).toBeGreaterThan(3);
  expect(requests.filter((one) => one.startsWith('DELETE '))).toEqual([]);
});
