import { scopeFromPathOrQuery, type Permission, type RouteDefinition } from '@sluice/api-conventions';
import { isEmptyList } from './answers.js';
import type { Exchange } from './exchange.js';
import type { CaseRequest, RouteCase } from './route-case.js';

/** Everybody the access walk sends. */
export const VISITORS = [
  'no key',
  'garbage key',
  'expired key',
  'revoked key',
  'disabled user',
  'viewer',
  'admin of another project',
  'admin of another account',
] as const;
export type Visitor = (typeof VISITORS)[number];

/** What somebody must get: a status, or anything but a refusal. */
export type AccessExpectation = { readonly kind: 'status'; readonly status: number } | { readonly kind: 'allowed' };

const ALLOWED: AccessExpectation = { kind: 'allowed' };
const refused = (status: number): AccessExpectation => ({ kind: 'status', status });

/**
 * Who may do what, from what the route declares. The viewer is one of the whole account; the admin of another project has every right
 * there and none here; the admin of another account names ours. Written apart from the code that decides, so that the two check each other.
 */
export function accessExpected(
  visitor: Visitor,
  route: RouteDefinition,
  row: RouteCase,
  request: CaseRequest,
): AccessExpectation {
  switch (visitor) {
    case 'no key':
      return isSigned(request) ? ALLOWED : refused(401);
    case 'garbage key':
    case 'expired key':
    case 'revoked key':
    case 'disabled user':
      return refused(401);
    case 'admin of another account':
      return refused(403);
    case 'viewer':
    case 'admin of another project':
      return roleExpected(visitor, route, row, request);
  }
}

function roleExpected(
  visitor: 'viewer' | 'admin of another project',
  route: RouteDefinition,
  row: RouteCase,
  request: CaseRequest,
): AccessExpectation {
  const needs = rightOf(route, row);
  if (needs === 'self' || needs === 'listed') return ALLOWED;
  if (needs === 'proof') return isSigned(request) ? ALLOWED : refused(403);
  if (visitor === 'viewer') return isLooking(needs) ? ALLOWED : refused(403);
  // A right somewhere inside is enough for some routes; everything but the account itself lies beside the other project.
  return isEnoughInside(route) && isAboutAccount(route, request) ? ALLOWED : refused(403);
}

/** The right a route asks for, whoever checks it. @throws Error for a case that does not say so where the route does not */
function rightOf(
  { id, access }: Pick<RouteDefinition, 'id' | 'access'>,
  { rights }: Pick<RouteCase, 'rights'>,
): Permission | 'self' | 'listed' | 'proof' {
  if (typeof access === 'object') return access.permission;
  if (rights) return rights;
  throw new Error(`${id} is declared as "${access}", so its case must say which right its handler asks for`);
}

function isLooking(permission: Permission): boolean {
  return permission.endsWith('.view') && permission !== 'audit.view';
}

function isEnoughInside({ access }: RouteDefinition): boolean {
  return typeof access === 'object' && access.orInside === true;
}

function isAboutAccount({ access }: RouteDefinition, { params, query, json }: CaseRequest): boolean {
  const from = (typeof access === 'object' && access.scopeFrom) || scopeFromPathOrQuery;
  const { orgId, projectId } = from({ params, query, body: json });
  return orgId === undefined && projectId === undefined;
}

/** A signed link is its own proof; a key shown beside it must be good all the same. */
function isSigned({ query }: CaseRequest): boolean {
  return query?.['signature'] !== undefined;
}

/** What is wrong with what a visitor got. */
export function accessComplaints({ status }: Pick<Exchange, 'status'>, expected: AccessExpectation): string[] {
  if (expected.kind === 'allowed')
    return status === 401 || status === 403 ? [`answers ${status} to somebody who may`] : [];
  return status === expected.status ? [] : [`answers ${status}, not ${expected.status}`];
}

/**
 * What is wrong with what another account got for a request that names our things as its own: a refusal, an empty list, or, where the case
 * says so, an answer of its own; nothing of ours in any of them.
 */
export function otherAccountComplaints(
  exchange: Exchange,
  route: RouteDefinition,
  row: RouteCase,
  marker: string,
): string[] {
  const { status, text, json } = exchange;
  const leak = text.includes(marker) ? ['shows something of the first account'] : [];
  if ([400, 403, 404].includes(status)) return leak;
  if (row.otherAccount !== undefined || status === row.status) return leak;
  if (status < 300 && isEmptyList(route.style, json)) return leak;
  return [...leak, `answers ${status}: ${text.slice(0, 200)}`];
}
