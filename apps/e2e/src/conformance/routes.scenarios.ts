import { beforeAll, describe, expect, it } from '@jest/globals';
import { messageOf } from '@sluice/kernel';
import { allCases, isComplete } from './all-cases.js';
import { publicRoutes } from './public-routes.js';
import { isApplicable } from './route-case.js';
import { runRoute, type RouteOutcome } from './route-run.js';
import { sideBySide } from './side-by-side.js';
import { WIDTH, type Suite } from './suite.js';

/** Every public route: success, validation error, not found, other tenant, and everybody of the access walk. */
export function routeScenarios(suite: () => Suite): void {
  const cases = allCases();
  const routes = publicRoutes();

  describe('every route of the public API, through the gateway', () => {
    const outcomes = new Map<string, RouteOutcome | Error>();

    beforeAll(async () => {
      const { stack, world, principals } = suite();
      await sideBySide(routes, WIDTH, async ({ route }) => {
        const row = cases[route.id];
        if (!row) return;
        outcomes.set(
          route.id,
          await runRoute(route, row, { gatewayUrl: stack.gatewayUrl, world, principals }).catch(
            (cause: unknown) => new Error(`${route.id}: ${messageOf(cause)}`, { cause }),
          ),
        );
      });
    }, 1_200_000);

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
      const hasInvalid = typeof row.invalid === 'function' || isApplicable(row.invalid);
      const hasMissing = typeof row.missing === 'function' || isApplicable(row.missing);
      describe(`${route.method} ${route.path}`, () => {
        it('answers as the contract says', () => expect(outcome().success).toEqual([]));
        if (hasInvalid)
          it('refuses what its schema does not allow, and names it', () =>
            expect(outcome().validationError).toEqual([]));
        if (hasMissing) it('says that something does not exist', () => expect(outcome().notFound).toEqual([]));
        it('shows and changes nothing for another account', () => expect(outcome().otherTenant).toEqual([]));
        it('lets in who may and nobody else', () => expect(outcome().access).toEqual([]));
      });
    }
  });
}
