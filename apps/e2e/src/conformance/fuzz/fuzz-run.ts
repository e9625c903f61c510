import { Agent } from 'node:http';
import type { RouteDefinition } from '@sluice/api-conventions';
import { messageOf } from '@sluice/kernel';
import fc from 'fast-check';
import { errorStyleOf, leaksIn, propertyOf } from '../answers.js';
import type { CaseRequest } from '../route-case.js';
import { fuzzRequests, type FuzzRequest } from './fuzz-requests.js';
import { exchangeOverWire, type WireAnswer } from './wire.js';
import { asksDelegate } from '../route-run.js';

/** Nothing may take longer, except what asks a delegate, of which there is none. Milliseconds. */
const SLOWEST_MS = 5_000;
const DELEGATE_MS = 32_000;
/** Longer than both, so that a slow answer is reported as one. */
const GIVE_UP_MS = 120_000;

export interface FuzzPlan {
  readonly gatewayUrl: string;
  readonly apiKey: string;
  readonly seed: number;
  /** Requests to each route. */
  readonly runs: number;
}

/** Sends one route its share of bad requests. Answers what is wrong with the first answer that is, with the smallest request that shows it; undefined when nothing is. */
export async function fuzzRoute(
  route: RouteDefinition,
  base: CaseRequest,
  { gatewayUrl, apiKey, seed, runs }: FuzzPlan,
): Promise<string | undefined> {
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  const isSigned = base.headers?.['x-harness-token'] !== undefined || base.query?.['signature'] !== undefined;
  try {
    const result = await fc.check(
      fc.asyncProperty(fuzzRequests(route, base), async (sent) => {
        const headers = isSigned ? sent.headers : { ...sent.headers, 'x-api-key': apiKey };
        const ask = (): Promise<WireAnswer> => exchangeOverWire(gatewayUrl, { ...sent, headers }, agent, GIVE_UP_MS);
        // A machine that has other things to do is slow once or twice; a request that takes long takes long again.
        let answer = await ask();
        for (let again = 0; again < 2 && isSlow(answer, route); again += 1) answer = await ask();
        const wrong = complaintsAbout(answer, route);
        if (wrong.length > 0) throw new Error(`${wrong.join('; ')}: ${answer.status} ${answer.text.slice(0, 300)}`);
      }),
      { seed, numRuns: runs, interruptAfterTimeLimit: 60_000, skipAllAfterTimeLimit: 90_000 },
    );
    if (!result.failed || result.interrupted) return undefined;
    const [request] = result.counterexample ?? [];
    return `${messageOf(result.errorInstance)}\n  ${request ? describeRequest(request) : ''}\n  seed ${result.seed}, path ${result.counterexamplePath ?? ''}`;
  } finally {
    agent.destroy();
  }
}

function isSlow({ ms }: Pick<WireAnswer, 'ms'>, route: RouteDefinition): boolean {
  return ms > (asksDelegate(route) ? DELEGATE_MS : SLOWEST_MS);
}

function complaintsAbout({ status, contentType, text, ms }: WireAnswer, route: RouteDefinition): string[] {
  const complaints = leaksIn(text);
  if (isSlow({ ms }, route)) complaints.push(`took ${Math.round(ms)} ms`);
  if (status >= 500 && !(asksDelegate(route) && (status === 503 || status === 504)))
    complaints.push('is an error of ours');
  if (status >= 400) complaints.push(...shapeComplaints(contentType, text, route));
  return complaints;
}

/** An error is JSON with a message where its generation has it; a path that was bent out of its generation answers in the form of the gateway. */
function shapeComplaints(contentType: string, text: string, route: RouteDefinition): string[] {
  if (!contentType.startsWith('application/json'))
    return [`an error is JSON, this one is ${contentType || 'without a type'}`];
  const body = parsed(text);
  const message =
    propertyOf(body, errorStyleOf(route) === 'log' ? 'error_msg' : 'message') ?? propertyOf(body, 'message');
  return typeof message === 'string' && message !== '' ? [] : ['an error says what is wrong'];
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function describeRequest({ method, target, body }: FuzzRequest): string {
  const content = body
    ? ` (${body.contentType ?? 'no type'}) ${JSON.stringify(Buffer.from(body.bytes).toString('utf8').slice(0, 600))}`
    : '';
  return `${method} ${target.slice(0, 600)}${content}`;
}
