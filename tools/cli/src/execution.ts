import { z } from 'zod';
import type { ProjectRef } from './entities.js';
import type { GatewayClient } from './gateway-client.js';

/** Statuses a pipeline execution never leaves (api-contract 4.4). */
const FINAL = new Set([
  'Success',
  'Failed',
  'Aborted',
  'Expired',
  'Errored',
  'AbortedByFreeze',
  'ApprovalRejected',
  'IgnoreFailed',
  'Skipped',
  'Suspended',
]);

const started = z.looseObject({ data: z.looseObject({ planExecution: z.looseObject({ uuid: z.string() }) }) });

const executableResponse = z.record(z.string(), z.looseObject({ logKeys: z.array(z.string()).optional() }).nullish());
const node = z.looseObject({
  uuid: z.string(),
  name: z.string().nullish(),
  identifier: z.string(),
  stepType: z.string().nullish(),
  status: z.string(),
  logBaseKey: z.string().nullish(),
  failureInfo: z.looseObject({ message: z.string().nullish() }).nullish(),
  executableResponses: z.array(executableResponse).nullish(),
  progressData: z
    .looseObject({ notes: z.array(z.string()).nullish(), resourceHolder: z.looseObject({}).nullish() })
    .nullish(),
});
const detail = z.looseObject({
  data: z.looseObject({
    pipelineExecutionSummary: z.looseObject({
      pipelineIdentifier: z.string(),
      status: z.string(),
      executionErrorInfo: z.looseObject({ message: z.string().nullish() }).nullish(),
      failureInfo: z.looseObject({ message: z.string().nullish() }).nullish(),
    }),
    executionGraph: z
      .looseObject({
        nodeMap: z.record(z.string(), node).nullish(),
        nodeAdjacencyListMap: z
          .record(z.string(), z.looseObject({ children: z.array(z.string()).nullish() }))
          .nullish(),
      })
      .nullish(),
  }),
});

/** A log of an execution: one step's, as a rule. */
interface ExecutionLog {
  readonly key: string;
  readonly stepName: string;
}

export interface ExecutionView {
  readonly pipeline: string;
  readonly status: string;
  readonly isFinal: boolean;
  /** Logs of what has begun so far, each once: several nodes may name the same one. */
  readonly logs: readonly ExecutionLog[];
  /** For each step that waits for a database instance: the step, and which run holds the instance. */
  readonly waits: readonly string[];
  /** Why it failed, innermost cause; undefined when it did not, or does not say. */
  readonly failure: string | undefined;
}

const listed = z.looseObject({
  data: z.looseObject({
    content: z.array(
      z.looseObject({
        planExecutionId: z.string(),
        pipelineIdentifier: z.string(),
        status: z.string(),
        startTs: z.number().nullish(),
        endTs: z.number().nullish(),
        executionErrorInfo: z.looseObject({ message: z.string().nullish() }).nullish(),
      }),
    ),
  }),
});
export type ListedExecution = z.infer<typeof listed>['data']['content'][number];

/** The newest executions of a project, at most `limit`. @throws GatewayError */
export async function listExecutions(
  gateway: GatewayClient,
  at: ProjectRef,
  limit: number,
): Promise<readonly ListedExecution[]> {
  const query = { ...scopeOf(gateway, at), page: 0, size: limit, sort: 'startTs,DESC' };
  return listed.parse(
    await gateway.call('POST', '/pipeline/api/pipelines/execution/summary', {
      query,
      body: { filterType: 'PipelineExecution' },
    }),
  ).data.content;
}

/** The page of the UI that shows an execution. */
export function pageOfExecution(
  gateway: GatewayClient,
  at: ProjectRef,
  pipeline: string,
  planExecutionId: string,
): string {
  const path = [
    'account',
    gateway.accountId,
    'all',
    'orgs',
    at.org,
    'projects',
    at.project,
    'pipelines',
    pipeline,
    'deployments',
    planExecutionId,
    'pipeline',
  ];
  return `${gateway.baseUrl}/ng/${path.map(encodeURIComponent).join('/')}`;
}

/** Starts a pipeline. Answers the execution's id. */
export async function execute(gateway: GatewayClient, at: ProjectRef, pipeline: string): Promise<string> {
  const answer = await gateway.call('POST', `/pipeline/api/pipeline/execute/${pipeline}`, {
    query: { ...scopeOf(gateway, at), moduleType: 'DBOPS' },
    yaml: '',
  });
  return started.parse(answer).data.planExecution.uuid;
}

/** Asks for an end; the execution ends a little later. */
export async function abort(gateway: GatewayClient, at: ProjectRef, planExecutionId: string): Promise<void> {
  await gateway.call('PUT', `/pipeline/api/pipeline/execute/interrupt/${planExecutionId}`, {
    query: { ...scopeOf(gateway, at), interruptType: 'AbortAll' },
  });
}

export async function readExecution(
  gateway: GatewayClient,
  at: ProjectRef,
  planExecutionId: string,
  signal?: AbortSignal,
): Promise<ExecutionView> {
  const answer = await gateway.call('GET', `/pipeline/api/pipelines/execution/v2/${planExecutionId}`, {
    query: { ...scopeOf(gateway, at), renderFullBottomGraph: true },
    signal,
  });
  const { pipelineExecutionSummary: summary, executionGraph } = detail.parse(answer).data;
  const nodes = Object.values(executionGraph?.nodeMap ?? {});
  const isLeaf = ({ uuid }: { readonly uuid: string }): boolean =>
    (executionGraph?.nodeAdjacencyListMap?.[uuid]?.children ?? []).length === 0;
  return {
    pipeline: summary.pipelineIdentifier,
    status: summary.status,
    isFinal: FINAL.has(summary.status),
    logs: uniqueLogs(nodes.flatMap((one) => logsOf(one, isLeaf(one)))),
    waits: nodes.filter((one) => !isLeaf(one)).flatMap(waitOf),
    failure:
      summary.failureInfo?.message ||
      summary.executionErrorInfo?.message ||
      nodes.filter((one) => isLeaf(one) && one.failureInfo?.message).at(-1)?.failureInfo?.message ||
      undefined,
  };
}

/** A node says its log keys itself once a task runs; a leaf that says none has at most its own. */
function logsOf(one: z.infer<typeof node>, isLeaf: boolean): ExecutionLog[] {
  if (['NotStarted', 'Skipped', 'Queued'].includes(one.status)) return [];
  const named = (one.executableResponses ?? []).flatMap((response) =>
    Object.values(response).flatMap((kind) => kind?.logKeys ?? []),
  );
  const keys = named.length > 0 ? named : isLeaf && one.logBaseKey ? [one.logBaseKey] : [];
  return keys.map((key) => ({ key, stepName: one.name ?? one.identifier }));
}

/** A step's parts name its log again, under names of their own; the step comes first. */
function uniqueLogs(logs: readonly ExecutionLog[]): ExecutionLog[] {
  const seen = new Set<string>();
  return logs.filter(({ key }) => !seen.has(key) && seen.add(key));
}

/** The note about the holder comes last. A step's parts repeat it, and they are the leaves. */
function waitOf({ name, identifier, progressData }: z.infer<typeof node>): string[] {
  const note = progressData?.resourceHolder ? progressData.notes?.at(-1) : undefined;
  return note === undefined ? [] : [`${name ?? identifier} ${note}`];
}

function scopeOf(gateway: GatewayClient, at: ProjectRef): Record<string, string> {
  return { accountIdentifier: gateway.accountId, orgIdentifier: at.org, projectIdentifier: at.project };
}
