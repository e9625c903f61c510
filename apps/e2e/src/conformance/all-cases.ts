import type { RouteCase, RouteCases } from './route-case.js';
import type { PublicRoute } from './public-routes.js';

const AREAS: readonly RouteCases[] = [];

/** Every case there is, by the id of its route. @throws Error when two areas have one for the same route */
export function allCases(areas: readonly RouteCases[] = AREAS): RouteCases {
  const cases: Record<string, RouteCase> = {};
  for (const [id, row] of areas.flatMap((area) => Object.entries(area))) {
    if (cases[id]) throw new Error(`two conformance cases for ${id}`);
    cases[id] = row;
  }
  return cases;
}

/** A case is complete when it says which right is asked for, by itself or through its route; its type asks for the rest. */
export function isComplete({ route }: PublicRoute, cases: RouteCases): boolean {
  const row = cases[route.id];
  return row !== undefined && (typeof route.access === 'object' || row.rights !== undefined);
}
