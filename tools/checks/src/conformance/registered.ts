import { allCases, isComplete, publicRoutes, unlistedRoutes } from '@sluice/e2e';
import { resolve } from '@sluice/gateway';
import type { Registered } from './coverage.js';

/** What this checkout serves and tests: the services' lists of routes, the gateway's routing table, the conformance cases. */
export function registeredHere(): Registered {
  const cases = allCases();
  const routes = publicRoutes();
  return {
    routes: routes.map(({ owner, route: { id, method, path } }) => ({ id, method, path, owner })),
    tested: new Set(routes.filter((one) => isComplete(one, cases)).map(({ route }) => route.id)),
    unlisted: unlistedRoutes(),
    find: (path) => {
      const target = resolve(path);
      return target.kind === 'forward' ? { to: target.to, path: target.path } : undefined;
    },
  };
}
