import type { RouteDefinition } from '@sluice/api-conventions';
import { quickestMs } from '@sluice/testing';
import { contentOf, differences, errorFormComplaints, errorStyleOf, leaksIn, propertyOf } from './answers.js';
import { changed, send, type Exchange, type Sender } from './exchange.js';
import { accessComplaints, accessExpected, otherAccountComplaints, VISITORS, type Visitor } from './expectations.js';
import type { Principals } from './principals.js';
import { isApplicable, type CaseRequest, type InvalidCase, type MissingCase, type RouteCase } from './route-case.js';
import type { World } from './world.js';

/** Nothing may take longer. Milliseconds. */
const SLOWEST_MS = 5_000;
/** Asked of a delegate: the contract gives it half a minute. */
const DELEGATE_MS = 30_000;

/** Tests of connections, and the change log lock of a database: answered by a delegate. */
export function asksDelegate({ path }: Pick<RouteDefinition, 'path'>): boolean {
  return /test[-A-Z]|\/changelog-lock(\/|$)/.test(path);
}

/** What a route got wrong, by the kind of test; a kind that makes no sense for the route is undefined. */
export interface RouteOutcome {
  readonly success: readonly string[];
  readonly validationError: readonly string[] | undefined;
  readonly notFound: readonly string[] | undefined;
  readonly otherTenant: readonly string[];
  /** Of everybody of the access walk, each complaint with who it is about. */
  readonly access: readonly string[];
}

export interface RouteRun {
  readonly gatewayUrl: string;
  readonly world: World;
  readonly principals: Principals;
}

/**
 * Sends everything one route is asked, with one prepared request: first what must be refused and change nothing, last the request that
 * works, which notices when something did change.
 */
export async function runRoute(route: RouteDefinition, row: RouteCase, run: RouteRun): Promise<RouteOutcome> {
  const request = await row.request(run.world);
  const administrator = senderOf(request, run.principals.administrator);
  const ask = (sent: CaseRequest, sender: Sender): Promise<Exchange> =>
    asked(route, () => send(run.gatewayUrl, route, sent, sender));
  const access: string[] = [];
  for (const visitor of VISITORS)
    access.push(
      ...(await visit(visitor, { route, row, request, run, ask })).map((complaint) => `${visitor}: ${complaint}`),
    );
  const foreign = asAccount(request, run);
  const stranger = await ask(foreign, senderOf(foreign, run.principals['owner of another account']));
  const otherTenant = [
    ...formComplaints(stranger, route),
    ...otherAccountComplaints(stranger, route, row, run.world.marker),
  ];
  const invalid = typeof row.invalid === 'function' ? row.invalid(run.world) : row.invalid;
  const validationError = isApplicable<InvalidCase>(invalid)
    ? invalidComplaints(await ask(changed(request, invalid.change), administrator), route, invalid)
    : undefined;
  const missing = typeof row.missing === 'function' ? row.missing(run.world) : row.missing;
  const notFound = isApplicable<MissingCase>(missing)
    ? missingComplaints(await ask(changed(request, missing.change), administrator), route, missing)
    : undefined;
  const success = successComplaints(await ask(request, administrator), { route, row, request, world: run.world });
  return { success, validationError, notFound, otherTenant, access };
}

/** The first answer, with the time of the quickest: a slow one is asked for again, because a machine that stands still for a moment is no fault of the route. */
async function asked(route: RouteDefinition, ask: () => Promise<Exchange>): Promise<Exchange> {
  const answers: Exchange[] = [];
  const ms = await quickestMs(slowestOf(route), async () => {
    const answer = await ask();
    answers.push(answer);
    return answer.ms;
  });
  const [first] = answers;
  if (!first) throw new Error(`${route.id} was not asked`);
  return { ...first, ms };
}

function slowestOf(route: RouteDefinition): number {
  return asksDelegate(route) ? DELEGATE_MS : SLOWEST_MS;
}

interface Visit {
  readonly route: RouteDefinition;
  readonly row: RouteCase;
  readonly request: CaseRequest;
  readonly run: RouteRun;
  readonly ask: (request: CaseRequest, sender: Sender) => Promise<Exchange>;
}

/** A visitor shows a key and nothing else: a log token would make somebody else of them. */
async function visit(visitor: Visitor, { route, row, request, run, ask }: Visit): Promise<readonly string[]> {
  const { 'x-harness-token': _, ...headers } = request.headers ?? {};
  const sent = { ...request, headers };
  const exchange = await ask(sent, run.principals[visitor]);
  const complaints = accessComplaints(exchange, accessExpected(visitor, route, row, sent));
  return told(exchange, [...complaints, ...formComplaints(exchange, route)]);
}

/** Who shows a proof of their own shows no key besides. */
function senderOf(request: CaseRequest, sender: Sender): Sender {
  return request.headers?.['x-harness-token'] === undefined && request.query?.['signature'] === undefined
    ? sender
    : { headers: {} };
}

/** The same request as another account sends it: what names an account names its own. */
function asAccount(request: CaseRequest, { world, principals }: RouteRun): CaseRequest {
  const own = principals['owner of another account'].headers['x-api-key']?.split('.')[1] ?? '';
  const { 'harness-account': _, 'x-harness-token': __, ...headers } = request.headers ?? {};
  const query = Object.fromEntries(
    Object.entries(request.query ?? {}).map(([key, value]) => [key, value === world.account ? own : value]),
  );
  return { ...request, query, headers };
}

function successComplaints(
  exchange: Exchange,
  {
    route,
    row,
    request,
    world,
  }: { readonly route: RouteDefinition; readonly row: RouteCase; readonly request: CaseRequest; readonly world: World },
): readonly string[] {
  const { status, json, text } = exchange;
  const expected = row.status ?? route.status ?? 200;
  if (status !== expected) return told(exchange, [`answers ${status}, not ${expected}`]);
  const known = typeof row.answers === 'function' ? row.answers(world, request) : row.answers;
  const content = expected >= 400 ? json : contentOf(route.style, json);
  const wrong = [row.check?.(text, exchange.headers)].filter((one): one is string => one !== undefined);
  const shape = expected >= 400 ? [] : shapeComplaints(exchange, route);
  return told(exchange, [...shape, ...differences(content, known), ...wrong, ...formComplaints(exchange, route)]);
}

/** Is the answer what the contract's schema says, in the envelope of its generation? */
function shapeComplaints({ json, text, headers, status }: Exchange, route: RouteDefinition): string[] {
  if (status === 204) return text === '' ? [] : ['a 204 has no body'];
  if (route.bodyKind === 'raw') return [];
  if (route.style === 'ng' && propertyOf(json, 'status') !== 'SUCCESS') return ['"status" is not SUCCESS'];
  if (route.style === 'ng' && typeof propertyOf(json, 'correlationId') !== 'string') return ['has no correlationId'];
  const parsed = route.response.safeParse(valueOf(route, json, text, headers));
  return (parsed.error?.issues ?? []).slice(0, 5).map((issue) => `${issue.path.join('.')}: ${issue.message}`);
}

function valueOf(route: RouteDefinition, json: unknown, text: string, headers: Headers): unknown {
  const total = {
    total: Number(headers.get('x-total-elements') ?? NaN),
    page: Number(headers.get('x-page-number') ?? NaN),
    limit: Number(headers.get('x-page-size') ?? NaN),
  };
  if (route.isPaged) return { items: json, ...total };
  if (route.isPagedObject) return { body: json, ...total };
  return contentOf(route.style, json === undefined ? text : json);
}

function invalidComplaints(
  exchange: Exchange,
  route: RouteDefinition,
  { field, status = 400 }: InvalidCase,
): readonly string[] {
  const complaints = exchange.status === status ? [] : [`answers ${exchange.status}, not ${status}`];
  if (!exchange.text.includes(field)) complaints.push(`does not name ${field}`);
  return told(exchange, [...complaints, ...formComplaints(exchange, route)]);
}

function missingComplaints(
  exchange: Exchange,
  route: RouteDefinition,
  { code, status = 404 }: MissingCase,
): readonly string[] {
  const complaints = exchange.status === status ? [] : [`answers ${exchange.status}, not ${status}`];
  const found = propertyOf(exchange.json, 'code');
  if (code !== undefined && found !== code) complaints.push(`has the code ${String(found)}, not ${code}`);
  return told(exchange, [...complaints, ...formComplaints(exchange, route)]);
}

function formComplaints(exchange: Exchange, route: RouteDefinition): string[] {
  const slow = exchange.ms > slowestOf(route) ? [`took ${Math.round(exchange.ms)} ms`] : [];
  return [
    ...slow,
    ...(exchange.status >= 400 ? errorFormComplaints(exchange, errorStyleOf(route)) : leaksIn(exchange.text)),
  ];
}

/** Complaints with the request and the beginning of the answer, when there are any. */
function told({ request, status, text }: Exchange, complaints: readonly string[]): readonly string[] {
  return complaints.length === 0 ? [] : [...complaints, `${request} → ${status} ${text.slice(0, 400)}`];
}
