import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf } from '@sluice/kernel';
import { startStack, type Stack } from '@sluice/local-stack';
import { allCases, isComplete } from './conformance/all-cases.js';
import { makePrincipals } from './conformance/principals.js';
import { makeWorld } from './conformance/make-world.js';
import { publicRoutes } from './conformance/public-routes.js';
import { runRoute, type RouteOutcome } from './conformance/route-run.js';
import { sideBySide } from './conformance/side-by-side.js';

/** Routes asked at the same time. */
const WIDTH = 8;
const cases = allCases();
const routes = publicRoutes();

describe('every route of the public API, through the gateway', () => {
  let stack: Stack | undefined;
  const dataDir = mkdtempSync(join(tmpdir(), 'sluice-conformance-'));
  const outcomes = new Map<string, RouteOutcome | Error>();

  beforeAll(async () => {
    const limits = { GATEWAY_RATE_LIMIT_PER_SECOND: '100000', GATEWAY_RATE_LIMIT_BURST: '100000', GATEWAY_SIGN_IN_FAILURES_PER_MINUTE: '100000' };
    stack = await startStack({ dataDir, ports: { kind: 'free' }, extraAccounts: ['Other'], environment: { gateway: limits } });
    const world = await makeWorld(stack);
    const principals = await makePrincipals(stack, world);
    const { gatewayUrl } = stack;
    await sideBySide(routes, WIDTH, async ({ route }) => {
      const row = cases[route.id];
      if (!row) return;
      outcomes.set(route.id, await runRoute(route, row, { gatewayUrl, world, principals }).catch((cause: unknown) => new Error(`${route.id}: ${messageOf(cause)}`, { cause })));
    });
  }, 240_000);

  afterAll(async () => {
    await stack?.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }, 60_000);

  it('has a complete case, and no case is without a route', () => {
    expect(routes.filter((route) => !isComplete(route, cases)).map(({ route }) => route.id)).toEqual([]);
    expect(Object.keys(cases).filter((id) => !routes.some(({ route }) => route.id === id))).toEqual([]);
  });

  for (const { route } of routes) {
    const row = cases[route.id];
    if (!row) continue;
    const outcome = (): RouteOutcome => {
      const found = outcomes.get(route.id);
      if (found instanceof Error) throw found;
      if (!found) throw new Error(`${route.id} was not asked`);
      return found;
    };
    describe(`${route.method} ${route.path}`, () => {
      it('answers as the contract says', () => expect(outcome().success).toEqual([]));
      if (!('none' in row.invalid)) it('refuses what its schema does not allow, and names it', () => expect(outcome().validationError).toEqual([]));
      if (!('none' in row.missing)) it('says that something does not exist', () => expect(outcome().notFound).toEqual([]));
      it('shows and changes nothing for another account', () => expect(outcome().otherTenant).toEqual([]));
      it('lets in who may and nobody else', () => expect(outcome().access).toEqual([]));
    });
  }
});
