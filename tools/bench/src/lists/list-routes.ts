import type { RouteDefinition } from '@sluice/api-conventions';
import { publicDbDevopsRoutes } from '@sluice/dbdevops-api';
import * as logApi from '@sluice/log-api';
import { ngManagerRoutes } from '@sluice/ng-manager-api';
import { PIPELINE_ROUTES } from '@sluice/pipeline-api';
import { z } from 'zod';

/** How a route is paged, and by which keys of its query. */
type Paging =
  | { readonly kind: 'v1' | 'ng' | 'spring'; readonly page: string; readonly size: string }
  | { readonly kind: 'whole' };

export interface ListRoute {
  readonly route: RouteDefinition;
  readonly paging: Paging;
  /** Largest page size the contract takes; 0 for a list that is never cut into pages. */
  readonly largest: number;
  readonly searchKey: string | undefined;
  /** Values of `sort`, where the contract names them. */
  readonly sorts: readonly string[];
}

/** Every public route that answers a list: a page of any dialect, an object with a page inside, or a bare array. */
export function listRoutes(): readonly ListRoute[] {
  const all: readonly RouteDefinition[] = [
    ...publicDbDevopsRoutes,
    ...ngManagerRoutes,
    ...PIPELINE_ROUTES,
    ...Object.values<unknown>(logApi).filter(isRoute),
  ];
  return all.filter((route) => isPublic(route) && isRead(route) && isList(route)).map(described);
}

function isRoute(value: unknown): value is RouteDefinition {
  return typeof value === 'object' && value !== null && 'method' in value && 'path' in value && 'response' in value;
}

function isPublic(route: RouteDefinition): boolean {
  return route.style !== 'internal' && (route.callers ?? ['gateway']).includes('gateway');
}

/** Lists are read by GET, or by POST where the filter is a body. */
function isRead({ method }: RouteDefinition): boolean {
  return method === 'GET' || method === 'POST';
}

function isList(route: RouteDefinition): boolean {
  if (route.isPaged || route.isPagedObject) return true;
  const response = unwrapped(route.response);
  if (response instanceof z.ZodArray) return true;
  return (
    response instanceof z.ZodObject &&
    response.shape['content'] instanceof z.ZodArray &&
    ('totalItems' in response.shape || 'totalElements' in response.shape)
  );
}

function described(route: RouteDefinition): ListRoute {
  const query = queryOf(route);
  const keys = Object.keys(query);
  const paging = pagingOf(keys);
  const sort = unwrapped(query['sort']);
  return {
    route,
    paging,
    largest: paging.kind === 'whole' ? 0 : largestOf(query[paging.size]),
    searchKey: ['search_term', 'searchTerm'].find((key) => keys.includes(key)),
    sorts: sort instanceof z.ZodEnum ? sort.options.map(String) : [],
  };
}

function queryOf(route: RouteDefinition): Readonly<Record<string, z.ZodType>> {
  const query = unwrapped(route.query);
  return query instanceof z.ZodObject ? (query.shape as Record<string, z.ZodType>) : {};
}

function pagingOf(keys: readonly string[]): Paging {
  if (keys.includes('pageIndex')) return { kind: 'ng', page: 'pageIndex', size: 'pageSize' };
  if (keys.includes('limit')) return { kind: 'v1', page: 'page', size: 'limit' };
  if (keys.includes('size')) return { kind: 'spring', page: 'page', size: 'size' };
  return { kind: 'whole' };
}

function largestOf(schema: z.ZodType | undefined): number {
  const { maximum } = schema
    ? (z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as { maximum?: number })
    : {};
  return maximum ?? 100;
}

/** The schema below defaults, optionals and the like. */
function unwrapped(schema: unknown): unknown {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodOptional || schema instanceof z.ZodNullable)
    return unwrapped(schema.unwrap());
  return schema;
}
