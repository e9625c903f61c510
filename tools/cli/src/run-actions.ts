import { messageOf, waitFor } from '@sluice/kernel';
import { Entities, type ProjectRef } from './entities.js';
import { displayName, earlierIdentifierOf, entityNamesOf, identifierOf } from './entity-names.js';
import { abort, listExecutions, pageOfExecution, readExecution, type ExecutionView } from './execution.js';
import { followExecution } from './follow-execution.js';
import { GatewayError, type GatewayClient } from './gateway-client.js';
import { formatLogLine } from './log-printer.js';
import { readLog } from './log-tail.js';

/** How long the end of an aborted execution is waited for; after that the command says that it has not ended yet. */
const ABORT_WITHIN_MS = 60_000;

type Print = (line: string) => void;

/** Asks for the end of an execution and waits for it. Answers what became of it, in a sentence. @throws GatewayError */
export async function abortAndWait(
  gateway: GatewayClient,
  at: ProjectRef,
  planExecutionId: string,
): Promise<{ readonly sentence: string; readonly hasEnded: boolean }> {
  await abort(gateway, at, planExecutionId);
  const ended = await waitFor(
    async () => {
      const view = await readExecution(gateway, at, planExecutionId);
      return view.isFinal ? view.status : undefined;
    },
    { timeoutMs: ABORT_WITHIN_MS, intervalMs: 250, what: 'the end' },
  ).catch(() => undefined);
  return ended
    ? { sentence: `execution ${planExecutionId} ended ${ended}`, hasEnded: true }
    : { sentence: `execution ${planExecutionId} is being aborted and has not ended yet`, hasEnded: false };
}

/** Follows an execution that runs already, or ended before. @throws GatewayError, StillRunningError */
export async function watch(
  gateway: GatewayClient,
  at: ProjectRef,
  planExecutionId: string,
  timeoutMs: number,
  print: Print,
  signal: AbortSignal,
): Promise<ExecutionView> {
  const { pipeline } = await readExecution(gateway, at, planExecutionId, signal);
  print(`- execution ${planExecutionId}: ${pageOfExecution(gateway, at, pipeline, planExecutionId)}`);
  return followExecution(gateway, at, planExecutionId, {
    onLine: (stepName, line) => print(formatLogLine(stepName, line)),
    onStatus: (status) => print(`- ${status}`),
    onWait: (text) => print(`- ${text}`),
    signal,
    timeoutMs,
  });
}

/** Prints what the steps of an execution wrote. What is not stored is said, never left out. @throws GatewayError */
export async function printLogs(
  gateway: GatewayClient,
  at: ProjectRef,
  planExecutionId: string,
  print: Print,
): Promise<void> {
  const { logs, isFinal } = await readExecution(gateway, at, planExecutionId);
  if (logs.length === 0) print('No step of this execution has a log.');
  for (const { key, stepName } of logs) {
    const isStored = await readLog(gateway, key, (line) => print(formatLogLine(stepName, line)));
    if (!isStored)
      print(`- ${stepName}: no log is stored${isFinal ? '' : ` yet; follow it with watch ${planExecutionId}`}`);
  }
}

/** The newest executions of the project, one a line. @throws GatewayError also when there is no such project */
export async function printRuns(gateway: GatewayClient, at: ProjectRef, limit: number, print: Print): Promise<void> {
  const runs = await listExecutions(gateway, at, limit);
  if (runs.length === 0) {
    await requireProject(gateway, at);
    print(`No executions in project ${at.project} of organization ${at.org}.`);
  }
  for (const { planExecutionId, status, startTs, pipelineIdentifier } of runs) {
    print(
      [
        planExecutionId.padEnd(24),
        status.padEnd(16),
        startTs ? new Date(startTs).toISOString() : 'not started',
        pipelineIdentifier,
      ].join('  '),
    );
  }
}

/** A project that does not exist has no executions either. @throws GatewayError */
async function requireProject(gateway: GatewayClient, { org, project }: ProjectRef): Promise<void> {
  const found = await gateway.find(`/ng/api/projects/${encodeURIComponent(project)}`, {
    query: { accountIdentifier: gateway.accountId, orgIdentifier: org },
  });
  if (found === undefined)
    throw new GatewayError(
      `there is no project ${project} in organization ${org}; name another with --org and --project`,
      404,
      undefined,
    );
}

/** Removes the entities deploy made under a name. Nothing in the database changes. @throws GatewayError when there are none, or one is in use */
export async function removeDeployment(
  gateway: GatewayClient,
  at: ProjectRef,
  name: string,
  print: Print,
): Promise<void> {
  const entities = new Entities(gateway, at);
  const candidates = [...new Set([identifierOf(name, ''), earlierIdentifierOf(name), name])].filter((identifier) =>
    /^\w{1,128}$/.test(identifier),
  );
  for (const identifier of candidates) {
    const schemaName = await entities.nameOfSchema(identifier);
    if (schemaName === undefined || (identifier !== name && schemaName !== displayName(name))) continue;
    for (const removed of await entities.removeAll(entityNamesOf(identifier))) print(`- removed ${removed}`);
    print('The database and what was deployed to it are as they were.');
    return;
  }
  throw new GatewayError(
    `no deployment "${name}" in project ${at.project} of organization ${at.org}; its DB schemas are listed in the UI`,
    undefined,
    undefined,
  );
}

/** {@link abortAndWait} as one sentence, also when the abort itself fails: the reader must learn that the execution goes on. */
export async function abortOrSay(gateway: GatewayClient, at: ProjectRef, planExecutionId: string): Promise<string> {
  return abortAndWait(gateway, at, planExecutionId).then(
    ({ sentence }) => `interrupted: ${sentence}`,
    (cause: unknown) =>
      `interrupted, and execution ${planExecutionId} could not be aborted (${messageOf(cause)}); it goes on`,
  );
}
