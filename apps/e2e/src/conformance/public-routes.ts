import type { RouteDefinition } from '@sluice/api-conventions';
import * as dbdevops from '@sluice/dbdevops-api';
import * as logs from '@sluice/log-api';
import * as ngManager from '@sluice/ng-manager-api';
import * as pipeline from '@sluice/pipeline-api';

/** Services the gateway forwards to. */
export type RouteOwner = 'ng-manager' | 'pipeline' | 'log-service';

/** A route of the public API and the service behind the gateway that answers it. */
export interface PublicRoute {
  readonly owner: RouteOwner;
  readonly route: RouteDefinition;
}

const LISTS: readonly { readonly owner: RouteOwner; readonly routes: readonly RouteDefinition[] }[] = [
  { owner: 'ng-manager', routes: [...ngManager.ngManagerRoutes, ...dbdevops.publicDbDevopsRoutes] },
  { owner: 'pipeline', routes: pipeline.PIPELINE_ROUTES },
  { owner: 'log-service', routes: logs.logRoutes },
];

/** Every route a client may call, from the lists the services are started with. What is between our services is left out. */
export function publicRoutes(): readonly PublicRoute[] {
  return LISTS.flatMap(({ owner, routes }) => routes.filter(isPublic).map((route) => ({ owner, route })));
}

/** Ids of public routes that a contract package exports and no service lists: they would be served unseen by documents and tests. */
export function unlistedRoutes(): readonly string[] {
  const listed = new Set(publicRoutes().map(({ route }) => route));
  const exported = [dbdevops, logs, ngManager, pipeline].flatMap((contract): unknown[] => Object.values(contract));
  return exported
    .filter(isRoute)
    .filter((route) => isPublic(route) && !listed.has(route))
    .map(({ id }) => id);
}

function isPublic(route: RouteDefinition): boolean {
  return route.access !== 'service' && route.style !== 'internal';
}

function isRoute(value: unknown): value is RouteDefinition {
  return typeof value === 'object' && value !== null && 'method' in value && 'path' in value && 'access' in value;
}
