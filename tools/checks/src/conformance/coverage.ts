import { isDeepStrictEqual } from 'node:util';
import { addressesOf, type ContractRoute, type ContractScope } from './contract-routes.js';

/** What the coverage needs of a registered route. */
interface ServedRoute {
  readonly id: string;
  readonly method: string;
  /** With `:name` for parameters. */
  readonly path: string;
  /** Service that serves it. */
  readonly owner: string;
}

/** Where the gateway sends an address: the service and the path it gets; undefined when it goes nowhere. */
type RouteFinder = (path: string) => { readonly to: string; readonly path: string } | undefined;

/** One row of the table: a route of the contract, or one of our own. */
export interface CoverageRow {
  readonly section: string;
  readonly route: string;
  /** `own` for routes the contract does not know. */
  readonly scope: ContractScope | 'own';
  /** Id of the registered route; undefined when none has this method and path. */
  readonly id: string | undefined;
  readonly isServed: boolean;
  readonly isTested: boolean;
  /** What is wrong, in words; empty when nothing is. */
  readonly complaints: readonly string[];
}

export interface Registered {
  readonly routes: readonly ServedRoute[];
  /** Ids of the routes that have a complete conformance case. */
  readonly tested: ReadonlySet<string>;
  /** Routes that exist as data but stand in no service's list. */
  readonly unlisted: readonly string[];
  readonly find: RouteFinder;
}

/** The whole table. Pure. */
export function coverageOf(contract: readonly ContractRoute[], registered: Registered): readonly CoverageRow[] {
  const byAddress = new Map(registered.routes.map((route) => [addressKey(route.method, route.path), route]));
  const inContract = contract.map((row) =>
    contractRow(row, byAddress.get(addressKey(row.method, row.path)), registered),
  );
  const known = new Set(contract.map((row) => addressKey(row.method, row.path)));
  const own = registered.routes
    .filter((route) => !known.has(addressKey(route.method, route.path)))
    .map((route) => ownRow(route, registered));
  const unlisted = registered.unlisted.map((id): CoverageRow => ({
    section: 'ours',
    route: id,
    scope: 'own',
    id,
    isServed: false,
    isTested: false,
    complaints: ['stands in no service’s list of routes'],
  }));
  return [...inContract, ...own, ...unlisted];
}

/** Does the row keep the product from being released? */
export function isFailure(row: CoverageRow): boolean {
  return row.complaints.length > 0 && (row.scope !== 'later work' || row.id !== undefined);
}

function contractRow(row: ContractRoute, route: ServedRoute | undefined, registered: Registered): CoverageRow {
  const base = { section: row.section, route: `${row.method} ${row.path}`, scope: row.scope, id: route?.id };
  if (!route)
    return { ...base, isServed: false, isTested: false, complaints: row.scope === 'required' ? ['not served'] : [] };
  const lost = addressesOf(row).flatMap((address) => strayed(address, row.path, route.owner, registered.find));
  return {
    ...base,
    isServed: lost.length === 0,
    isTested: registered.tested.has(route.id),
    complaints: [...lost, ...untested(route, registered)],
  };
}

function ownRow(route: ServedRoute, registered: Registered): CoverageRow {
  const path = route.path.replace(/:(\w+)/g, '{$1}');
  const lost = strayed(`/gateway${path}`, path, route.owner, registered.find);
  return {
    section: 'ours',
    route: `${route.method} ${path}`,
    scope: 'own',
    id: route.id,
    isServed: lost.length === 0,
    isTested: registered.tested.has(route.id),
    complaints: [...lost, ...untested(route, registered)],
  };
}

function strayed(address: string, path: string, owner: string, find: RouteFinder): string[] {
  const [asked, wanted] = [example(address), example(path)];
  const found = find(asked);
  if (isDeepStrictEqual(found, { to: owner, path: wanted })) return [];
  return [found ? `${address} goes to ${found.to} as ${found.path}` : `the gateway does not know ${address}`];
}

function untested({ id }: ServedRoute, { tested }: Registered): string[] {
  return tested.has(id) ? [] : [`${id} has no complete conformance case`];
}

/** A path with something in the place of its parameters. */
function example(path: string): string {
  return path.replace(/\{[\w-]+\}/g, 'x1');
}

/** Equal for the same route, however the two sides name its parameters. */
function addressKey(method: string, path: string): string {
  return `${method} ${path.replace(/\{[\w-]+\}|:\w+/g, '{}')}`;
}
