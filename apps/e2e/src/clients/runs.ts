import { pause, waitFor } from '@sluice/kernel';
import { parse, stringify } from 'yaml';
import type { McpClient } from './requests.js';
import { dataOf, path, property } from './rows.js';

/** Statuses at which the MCP client stops waiting (api-contract 4.4). */
const TERMINAL = new Set([
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
const EXECUTE = '/pipeline/api/pipeline/execute';

export interface Summary {
  readonly planExecutionId: string;
  readonly status: string;
}

/** Where the client finds the id of what it started: the first that is there. */
export function executionIdOf(data: unknown): string {
  const places = [
    property(data, 'planExecutionId'),
    path(data, 'planExecution', 'uuid'),
    path(data, 'planExecution', 'metadata', 'executionUuid'),
    property(data, 'executionId'),
  ];
  const found = places.find((value) => typeof value === 'string' && value !== '');
  if (typeof found !== 'string') throw new Error(`there is no execution id in ${JSON.stringify(data).slice(0, 300)}`);
  return found;
}

/** `pipeline.run` without inputs. */
export async function run(client: McpClient, pipeline: string, yaml = ''): Promise<string> {
  return executionIdOf(
    dataOf(
      await client.send({
        method: 'POST',
        path: `${EXECUTE}/${pipeline}`,
        scope: 'S',
        query: { module: 'dbops' },
        yaml,
      }),
    ),
  );
}

/** `pipeline.run` with a value by name of variable: the template is fetched and filled. @throws Error naming what has no value */
export async function runWithInputs(
  client: McpClient,
  pipeline: string,
  inputs: Readonly<Record<string, string>>,
): Promise<string> {
  const { org, project } = client.place;
  const template = dataOf(
    await client.send({
      method: 'POST',
      path: '/pipeline/api/inputSets/template',
      scope: 'A',
      query: { pipelineIdentifier: pipeline, orgIdentifier: org, projectIdentifier: project },
      body: {},
    }),
  );
  const text = property(template, 'inputSetTemplateYaml');
  if (typeof text !== 'string') return run(client, pipeline);
  const document = parse(text) as { pipeline: { variables?: { name: string; value: string }[] } };
  const missing = (document.pipeline.variables ?? [])
    .filter(({ name }) => inputs[name] === undefined)
    .map(({ name }) => name);
  if (missing.length > 0)
    throw new Error(`no value for ${missing.join(', ')}; input sets: ${await hint(client, pipeline)}`);
  document.pipeline.variables = (document.pipeline.variables ?? []).map((variable) => ({
    ...variable,
    value: inputs[variable.name] ?? '',
  }));
  return run(client, pipeline, stringify(document));
}

/** The input sets the client names when inputs are missing. */
async function hint(client: McpClient, pipeline: string): Promise<string> {
  const { org, project } = client.place;
  const page = dataOf(
    await client.send({
      method: 'GET',
      path: '/pipeline/api/inputSets',
      scope: 'A',
      query: { pipelineIdentifier: pipeline, orgIdentifier: org, projectIdentifier: project, size: 5 },
    }),
  );
  return ((property(page, 'content') ?? []) as { identifier: string }[]).map(({ identifier }) => identifier).join(', ');
}

/** `pipeline.run` with input sets: the client reads each, merges them itself and sends the pipeline part, without their identifiers. */
export async function runWithInputSets(client: McpClient, pipeline: string, sets: readonly string[]): Promise<string> {
  let merged: Record<string, unknown> = {};
  for (const set of sets) {
    const detail = dataOf(
      await client.send({
        method: 'GET',
        path: `/pipeline/api/inputSets/${set}`,
        scope: 'S',
        query: { pipelineIdentifier: pipeline },
      }),
    );
    const document = parse(String(property(detail, 'inputSetYaml'))) as {
      inputSet: { pipeline: Record<string, unknown> };
    };
    merged = { ...merged, ...document.inputSet.pipeline };
  }
  return run(client, pipeline, stringify({ pipeline: merged }));
}

/** What an execution is at now, without its graph. */
export async function summaryOf(client: McpClient, executionId: string): Promise<Summary> {
  return property(
    dataOf(
      await client.send({ method: 'GET', path: `/pipeline/api/pipelines/execution/v2/${executionId}`, scope: 'S' }),
    ),
    'pipelineExecutionSummary',
  ) as Summary;
}

/** Waits as the client does: first after 3 s, then half as long again each time, at most 30 s between two looks and 600 s in all. */
export async function waitAsClient(client: McpClient, executionId: string): Promise<Summary> {
  const until = Date.now() + 600_000;
  for (let interval = 3_000; Date.now() < until; interval = Math.min(interval * 1.5, 30_000)) {
    await pause(interval);
    const summary = await summaryOf(client, executionId);
    if (TERMINAL.has(summary.status)) return summary;
  }
  throw new Error(`execution ${executionId} did not end within 600 s`);
}

/** Waits without the client's patience. */
export function ended(client: McpClient, executionId: string): Promise<Summary> {
  return waitFor(
    async () => {
      const summary = await summaryOf(client, executionId);
      return TERMINAL.has(summary.status) ? summary : undefined;
    },
    { timeoutMs: 600_000, intervalMs: 150, what: `execution ${executionId} has ended` },
  );
}
