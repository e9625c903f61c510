import { deploy, GatewayClient, type DeploymentEvents, type DeploymentResult } from '@sluice/cli';
import { waitFor } from '@sluice/kernel';
import { DOCUMENTED_ROWS } from './network-table.js';
import { SAMPLE_CHANGELOG_PATH, SAMPLE_CONTEXT, sampleChangelogFiles } from './sample-changelog.js';
import type { Stack } from './stack.js';

export interface FirstDeployment extends DeploymentResult {
  /** Rows of the network table this deployment is known to have used, ascending. */
  readonly hops: readonly number[];
  /** Trace all its requests share. */
  readonly traceId: string;
}

export interface FirstDeploymentOptions {
  /** Gives up following; the execution goes on. */
  readonly signal?: AbortSignal | undefined;
  /** How long rows that are missing after a success are waited for; 15 s when absent. */
  readonly lastSpansMs?: number;
}

const REPOSITORY = 'orders';
const TIME_LIMIT_MS = 10 * 60_000;
/** Spans leave the apps in batches; the last ones arrive a moment after the result. A deployment that worked has used every row. */
const LAST_SPANS_MS = 15_000;
/** One that did not has used some; nobody knows which, so this is how long more of them are waited for. */
const SETTLE_MS = 1_000;

/**
 * Deploys the sample changelog to the sample database the way a user would: over the gateway API, with a key. May be repeated;
 * when nothing is new the execution succeeds and changes nothing.
 */
export async function runFirstDeployment(
  stack: Stack,
  events: DeploymentEvents,
  { signal, lastSpansMs = LAST_SPANS_MS }: FirstDeploymentOptions = {},
): Promise<FirstDeployment> {
  if (!stack.git.hasRepository(REPOSITORY)) await stack.git.createRepository(REPOSITORY, sampleChangelogFiles());
  const gateway = new GatewayClient({ url: stack.gatewayUrl, apiKey: stack.apiKey });
  const { customerDatabase: database } = stack;
  const result = await deploy(
    gateway,
    {
      at: { org: 'default', project: 'orders' },
      projectNames: { org: 'Default', project: 'Orders' },
      identifier: 'orders',
      name: 'Orders',
      repository: { kind: 'http', url: stack.git.urlOf(REPOSITORY), ref: { branch: 'main' } },
      changelog: SAMPLE_CHANGELOG_PATH,
      database: { jdbcUrl: database.jdbcUrl, username: database.username, password: database.password },
      contexts: SAMPLE_CONTEXT,
      tag: 'first-deployment',
      timeoutMs: TIME_LIMIT_MS,
    },
    events,
    signal,
  );
  return { ...result, traceId: gateway.traceId, hops: await hopsOf(stack, result, gateway.traceId, lastSpansMs) };
}

/** The rows seen, once all of them are or no more come in time. */
async function hopsOf(
  stack: Stack,
  { status }: DeploymentResult,
  traceId: string,
  lastSpansMs: number,
): Promise<number[]> {
  const seen = (): number[] => {
    const rows = stack.traces.hopsOf(traceId).flatMap((hop) => (hop.row === null ? [] : [hop.row]));
    return [...new Set(rows)].sort((a, b) => a - b);
  };
  const timeoutMs = status === 'Success' ? lastSpansMs : SETTLE_MS;
  await waitFor(() => seen().length === DOCUMENTED_ROWS.size, {
    timeoutMs,
    intervalMs: 100,
    what: 'the last spans',
  }).catch(() => undefined);
  return seen();
}
