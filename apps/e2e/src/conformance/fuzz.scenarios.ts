import { beforeAll, describe, expect, it } from '@jest/globals';
import { messageOf } from '@sluice/kernel';
import { allCases } from './all-cases.js';
import { fuzzRoute } from './fuzz/fuzz-run.js';
import { exchangeOverSocket } from './fuzz/wire.js';
import { publicRoutes } from './public-routes.js';
import { sideBySide } from './side-by-side.js';
import { WIDTH, type Suite } from './suite.js';

/** Both may be set for a longer search: `SLUICE_FUZZ_SEED`, `SLUICE_FUZZ_RUNS`. */
const SEED = Number(process.env['SLUICE_FUZZ_SEED'] ?? 20_260_101);
const RUNS = Number(process.env['SLUICE_FUZZ_RUNS'] ?? 15);

/** Requests made from the schemas of every route, and bent: none may end in an error of ours, in silence, or in a look inside. */
export function fuzzScenarios(suite: () => Suite): void {
  const cases = allCases();
  const routes = publicRoutes();

  describe(`bad requests (seed ${SEED}, ${RUNS} to each route)`, () => {
    const findings = new Map<string, string | undefined>();

    beforeAll(
      async () => {
        const { stack, world } = suite();
        // What happens to be a good request starts a pipeline; without a delegate that costs nothing.
        await stack.delegate.stop();
        const plan = { gatewayUrl: stack.gatewayUrl, apiKey: stack.apiKey, seed: SEED, runs: RUNS };
        await sideBySide(routes, WIDTH, async ({ route }) => {
          const row = cases[route.id];
          if (!row) return;
          findings.set(
            route.id,
            await Promise.resolve(row.request(world))
              .then((base) => fuzzRoute(route, base, plan))
              .catch((cause: unknown) => `could not be asked: ${messageOf(cause)}`),
          );
        });
      },
      60_000 + RUNS * 80_000,
    );

    it.each(
      routes
        .filter(({ route }) => cases[route.id])
        .map(({ route }) => [`${route.method} ${route.path}`, route.id] as const),
    )('%s answers each with what is wrong', (_, id) => {
      expect(findings.has(id)).toBe(true);
      expect(findings.get(id)).toBeUndefined();
    });
  });

  describe('the gateway itself', () => {
    const line = (request: string, headers = ''): string =>
      `${request} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n${headers}\r\n`;
    it.each<[string, string]>([
      ['a broken percent sign', line('GET /gateway/ng/api/%zz')],
      ['bytes that are no UTF-8', line('GET /gateway/ng/api/%c3%28')],
      ['raw bytes in the path', line('GET /gateway/ng/api/\xff\xfe')],
      ['dot segments', line('GET /gateway/../ng/api/internal/authenticate')],
      ['encoded dot segments', line('GET /gateway/%2e%2e/ng/api/internal')],
      ['a NUL in the path', line('GET /gateway/ng/api/%00')],
      ['a path of 100 kB', line(`GET /gateway/ng/api/${'x'.repeat(100_000)}`)],
      ['a header of 100 kB', line('GET /gateway/ng/api/organizations', `x-big: ${'x'.repeat(100_000)}\r\n`)],
      [
        'five thousand headers',
        line(
          'GET /gateway/ng/api/organizations',
          Array.from({ length: 5_000 }, (_, index) => `x-${index}: 1\r\n`).join(''),
        ),
      ],
      ['a method nobody knows', line('BREW /gateway/ng/api/organizations')],
      ['a method that is not used', line('PROPFIND /gateway/ng/api/organizations')],
      ['TRACE', line('TRACE /gateway/ng/api/organizations')],
      ['CONNECT', line('CONNECT example.com:443')],
      ['an absolute address', line('GET http://169.254.169.254/latest/meta-data')],
      ['an asterisk', line('OPTIONS *')],
      ['an upgrade', line('GET /gateway/ng/api/organizations', 'upgrade: websocket\r\n')],
      ['two lengths', line('POST /gateway/ng/api/organizations', 'content-length: 5\r\ncontent-length: 6\r\n')],
      [
        'a length and chunks',
        line('POST /gateway/ng/api/organizations', 'content-length: 5\r\ntransfer-encoding: chunked\r\n'),
      ],
      ['a length that is none', line('POST /gateway/ng/api/organizations', 'content-length: -1\r\n')],
      ['chunks that are none', `${line('POST /gateway/ng/api/organizations', 'transfer-encoding: chunked\r\n')}zz\r\n`],
      ['a version of HTTP from elsewhere', 'GET / HTTP/9.9\r\n\r\n'],
      ['what is no HTTP', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
    ])('%s is refused, and the next request is served', async (_, bytes) => {
      const { gatewayUrl } = suite().stack;
      const text = await exchangeOverSocket(gatewayUrl, bytes);
      const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0);
      // Node itself closes the connection of what it cannot read; an answer, when there is one, is never an error of ours.
      if (status !== 0) expect(status).toBeLessThan(500);
      expect(text).not.toMatch(/\n\s+at |node_modules|<html/);
      expect((await fetch(new URL('/health/live', gatewayUrl))).status).toBe(200);
    });
  });
}
