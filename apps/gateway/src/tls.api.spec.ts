import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { waitFor } from '@sluice/kernel';
import { testPodAuthority } from '@sluice/testing';
import { bootstrap } from './bootstrap.js';
import { KEY_A, runGateway, type RunningGateway } from './testing/running-gateway.js';

describe('the gateway with a certificate', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-gateway-tls-'));
  let files: { readonly ca: string; readonly cert: string; readonly key: string };
  let gateway: RunningGateway;
  beforeAll(async () => {
    files = await (await testPodAuthority(folder)).issue('localhost');
    gateway = await runGateway(
      { GATEWAY_TLS_CERT_FILE: files.cert, GATEWAY_TLS_KEY_FILE: files.key, SERVICE_CA_FILE: files.ca },
      { cert: readFileSync(files.cert), key: readFileSync(files.key) },
    );
  });
  afterAll(async () => {
    await gateway.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const get = (
    path: string,
    headers: Readonly<Record<string, string>>,
    ca: Buffer | undefined,
  ): Promise<{ readonly status: number | undefined; readonly hsts: string | undefined; readonly text: string }> =>
    new Promise((resolve, reject) => {
      request(`${gateway.app.url}${path}`, { headers, ca }, (response) => {
        let text = '';
        response
          .on('data', (chunk: Buffer) => (text += chunk.toString()))
          .on('end', () =>
            resolve({ status: response.statusCode, hsts: response.headers['strict-transport-security'], text }),
          );
      })
        .on('error', reject)
        .end();
    });

  it('speaks TLS to clients and to the services behind it, which must prove themselves by the authority it was given', async () => {
    expect(gateway.app.url).toMatch(/^https:/);
    expect(gateway.doubles.pipeline.url).toMatch(/^https:/);
    expect(await get('/pipeline/api/x', { 'x-api-key': KEY_A }, readFileSync(files.ca))).toMatchObject({
      status: 200,
      text: expect.stringContaining('"account":"ACCA"'),
    });
    await expect(get('/pipeline/api/x', { 'x-api-key': KEY_A }, undefined)).rejects.toMatchObject({
      code: expect.stringMatching(/CERT|SIGNATURE|ISSUER/),
    });
  });

  it('lets nobody fall back to clear text: HSTS with its own answers and those it passes on, and no answer over HTTP', async () => {
    for (const [path, headers] of [
      ['/pipeline/api/x', { 'x-api-key': KEY_A }],
      ['/pipeline/api/x', {}],
      ['/health/live', {}],
      ['/ng/', {}],
    ] as const) {
      expect([path, (await get(path, headers, readFileSync(files.ca))).hsts]).toEqual([path, 'max-age=31536000']);
    }
    await expect(fetch(`${gateway.app.url.replace('https:', 'http:')}/health/live`)).rejects.toThrow();
  });

  it('does not start beyond loopback without TLS, unless a proxy ends it', async () => {
    const environment = {
      ...gateway.environment,
      GATEWAY_HOST: '0.0.0.0',
      GATEWAY_TLS_CERT_FILE: undefined,
      GATEWAY_TLS_KEY_FILE: undefined,
    };
    await expect(bootstrap(environment)).rejects.toThrow(
      /GATEWAY_TLS_CERT_FILE and GATEWAY_TLS_KEY_FILE, or GATEWAY_TLS_TERMINATED_BY_PROXY=true/,
    );
    const behindProxy = await bootstrap({ ...environment, GATEWAY_TLS_TERMINATED_BY_PROXY: 'true' });
    await behindProxy.close();
  });

  it('is found ready by the health check of its image, which finds nothing ready in clear text, at a closed port, or when the service says no', async () => {
    const script = fileURLToPath(new URL('../../../docker/health.mjs', import.meta.url));
    const { port } = new URL(gateway.app.url);
    const check = (env: Readonly<Record<string, string>>): Promise<number | null> =>
      new Promise((resolve) => void spawn(process.execPath, [script], { env, stdio: 'ignore' }).once('exit', resolve));
    // It has 2.5 s for an answer, and docker asks again as well.
    await waitFor(async () => (await check({ HEALTH_PORT: port, GATEWAY_TLS_CERT_FILE: files.cert })) === 0, {
      timeoutMs: 120_000,
      what: 'the check to find it ready',
    });
    expect(await check({ HEALTH_PORT: port })).toBe(1);
    const notReady = createServer((_request, response) => void response.writeHead(503).end());
    await new Promise<void>((resolve) => void notReady.listen(0, '127.0.0.1', resolve));
    const other = String((notReady.address() as AddressInfo).port);
    expect(await check({ HEALTH_PORT: other })).toBe(1);
    await new Promise((resolve) => notReady.close(resolve));
    expect(await check({ HEALTH_PORT: other })).toBe(1);
  }, 300_000);
});
