import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { runGateway, type RunningGateway } from './testing/running-gateway.js';

describe('pages of the gateway', () => {
  let gateway: RunningGateway;
  const uiDir = mkdtempSync(join(tmpdir(), 'sluice-ui-'));
  const script = `console.log(${JSON.stringify('x'.repeat(3_000))});`;
  beforeAll(async () => {
    gateway = await runGateway({ GATEWAY_UI_DIR: uiDir });
  });
  afterAll(async () => {
    await gateway.stop();
    rmSync(uiDir, { recursive: true, force: true });
  });
  const get = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
    gateway.call(path, { headers }, '');

  it('say clearly that the user interface is not built, to people and to programs', async () => {
    const page = await get('/ng/', { accept: 'text/html' });
    expect([page.status, page.headers.get('content-type'), await page.text()]).toEqual([
      404,
      'text/html; charset=utf-8',
      expect.stringContaining('npm run build'),
    ]);
    expect(await (await get('/ng/')).json()).toMatchObject({
      status: 'FAILURE',
      message: expect.stringContaining('not built'),
    });
  });

  it('lead to the user interface from / and /ng', async () => {
    for (const path of ['/', '/ng', '/gateway/', '/gateway/ng/']) {
      const response = await get(path);
      expect([path, response.status, response.headers.get('location')]).toEqual([path, 302, '/ng/']);
    }
  });

  it('lead from below /gateway to the page itself, with what the address says further: clients make links of a base that ends in /gateway', async () => {
    for (const page of [
      '/ng/account/A/all/orgs/o/projects/p/pipelines/x/pipeline-studio?storeType=INLINE',
      '/ng/account/A?step=a%26b&stage=c',
      '/ng/caf%C3%A9%3F/a',
    ]) {
      const response = await get(`/gateway${page}`);
      expect([page, response.status, response.headers.get('location')]).toEqual([page, 302, page]);
    }
    expect((await get('/ng?x=1')).headers.get('location')).toBe('/ng/?x=1');
  });

  it('are the built files, its own paths falling back to the start page, with strict headers', async () => {
    mkdirSync(join(uiDir, 'assets'));
    writeFileSync(join(uiDir, 'index.html'), '<!doctype html><title>UI</title>');
    writeFileSync(join(uiDir, 'assets/app-1234.js'), script);
    writeFileSync(join(uiDir, '.hidden'), 'no');
    for (const path of ['/ng/', '/ng/account/ACC/executions/EX?tab=log', '/ng/anything']) {
      const page = await get(path);
      expect([page.status, await page.text(), page.headers.get('cache-control')]).toEqual([
        200,
        '<!doctype html><title>UI</title>',
        'no-cache',
      ]);
      expect(page.headers.get('content-security-policy')).toMatch(/script-src 'self';.*frame-ancestors 'none'/);
      expect([
        page.headers.get('x-content-type-options'),
        page.headers.get('referrer-policy'),
        page.headers.get('set-cookie'),
      ]).toEqual(['nosniff', 'no-referrer', null]);
    }
    const asset = await get('/ng/assets/app-1234.js', { 'accept-encoding': 'gzip' });
    expect([
      await asset.text(),
      asset.headers.get('content-type'),
      asset.headers.get('cache-control'),
      asset.headers.get('content-encoding'),
    ]).toEqual([script, 'text/javascript; charset=utf-8', 'public, max-age=31536000, immutable', 'gzip']);
    expect((await get('/ng/assets/app-1234.js', { 'if-none-match': String(asset.headers.get('etag')) })).status).toBe(
      304,
    );
    expect((await gateway.call('/ng/', { method: 'HEAD' }, '')).status).toBe(200);
  });

  it('show no file outside of the folder, and no missing or hidden one', async () => {
    for (const path of [
      '/ng/assets/none.js',
      '/ng/.hidden',
      '/ng/assets/%2e%2e%2f%2e%2e%2fetc/passwd.txt',
      '/ng/..%2fx.js',
    ])
      expect([400, 404]).toContain((await get(path)).status);
    expect((await get('/ng/assets/none.js')).headers.get('cache-control')).toBeNull();
    expect((await gateway.call('/ng/', { method: 'POST' }, '')).status).toBe(404);
  });

  it.each([
    ['', 'ng-manager'],
    ['?service=pipeline', 'pipeline'],
    ['?service=../../x', 'ng-manager'],
    ['?service=none', 'ng-manager'],
  ])('the documentation with %p loads the description of %s, a service it knows', async (search, service) => {
    const asked: string[] = [];
    runInNewContext(await (await get('/gateway/docs/start.js')).text(), {
      location: { search },
      URLSearchParams,
      fetch: (url: string) => {
        asked.push(url);
        return new Promise(() => undefined);
      },
    });
    expect(asked).toEqual([`openapi/${service}.json`]);
  });

  it('document every service with a page that loads nothing from elsewhere', async () => {
    gateway.doubles['ng-manager'].handler = (request, response) =>
      void response.writeHead(request.url === '/openapi.json' ? 200 : 404).end('{"openapi":"3.0.3"}');
    expect((await get('/gateway/docs')).headers.get('location')).toBe('/gateway/docs/');
    const page = await get('/gateway/docs/');
    expect([page.status, await page.text()]).toEqual([200, expect.not.stringMatching(/https?:\/\//)]);
    for (const file of ['swagger-ui.css', 'swagger-ui-bundle.js', 'start.js'])
      expect((await get(`/gateway/docs/${file}`)).status).toBe(200);
    expect(await (await get('/gateway/docs/openapi.json')).json()).toEqual(
      ['ng-manager', 'pipeline', 'log-service'].map((name) => ({ name, url: `/gateway/docs/openapi/${name}.json` })),
    );
    expect(await (await get('/docs/openapi/ng-manager.json')).json()).toEqual({ openapi: '3.0.3' });
    expect((await get('/gateway/docs/package.json')).status).toBe(404);
    await gateway.doubles.pipeline.stop();
    expect((await get('/gateway/docs/openapi/pipeline.json')).status).toBe(503);
  });
});
