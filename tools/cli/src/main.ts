import { messageOf, waitFor } from '@sluice/kernel';
import { parseAuditCommand, verifyAuditTrail } from './audit-command.js';
import { changesetTable, countChangesets } from './changeset-table.js';
import { findConnection } from './connection.js';
import { parseDeployCommand, USAGE, UsageError } from './deploy-command.js';
import { deploy } from './deployment.js';
import type { ProjectRef } from './entities.js';
import { abort, readExecution } from './execution.js';
import { GatewayClient, GatewayError } from './gateway-client.js';
import { parseKeysCommand, runKeysCommand } from './keys-command.js';
import { formatLogLine } from './log-printer.js';

const ABORT_WITHIN_MS = 20_000;

export const EXIT = { success: 0, failed: 1, usage: 2, aborted: 130 } as const;

export interface CommandLine {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly print: (line: string) => void;
  readonly complain: (line: string) => void;
  /** Aborts the deployment under way (Ctrl-C). */
  readonly signal: AbortSignal;
  /** Data folder of the local stack when none is named. */
  readonly defaultDataDir: string;
}

/** Runs the command line. Answers the exit code. */
export async function main(command: CommandLine): Promise<number> {
  const [name, ...args] = command.args;
  if (name === undefined || name === 'help' || command.args.includes('--help') || command.args.includes('-h')) {
    command.print(USAGE.trimEnd());
    return name === undefined ? EXIT.usage : EXIT.success;
  }
  try {
    if (name === 'keys') return await runKeys(args, command);
    if (name === 'audit') return await runAudit(args, command);
    if (name !== 'deploy') throw new UsageError(`there is no command "${name}"; the commands are deploy, keys and audit`);
    return await runDeploy(args, command);
  } catch (cause: unknown) {
    if (cause instanceof UsageError) {
      command.complain(`${cause.message}\nTry: npm run sluice -- --help`);
      return EXIT.usage;
    }
    command.complain(messageOf(cause));
    return command.signal.aborted ? EXIT.aborted : EXIT.failed;
  }
}

/** Answers what became of the execution, in a sentence. */
async function abortAndWait(gateway: GatewayClient, at: ProjectRef, planExecutionId: string): Promise<string> {
  await abort(gateway, at, planExecutionId);
  const ended = await waitFor(
    async () => {
      const view = await readExecution(gateway, at, planExecutionId);
      return view.isFinal ? view.status : undefined;
    },
    { timeoutMs: ABORT_WITHIN_MS, intervalMs: 250, what: 'the end' },
  ).catch(() => undefined);
  return ended ? `interrupted: execution ${planExecutionId} ended ${ended}` : `interrupted: execution ${planExecutionId} is being aborted`;
}

async function runKeys(args: readonly string[], { env, print, defaultDataDir }: CommandLine): Promise<number> {
  const { action, connection } = parseKeysCommand(args);
  await runKeysCommand(new GatewayClient(findConnection({ ...connection, dataDir: connection.dataDir ?? defaultDataDir }, env)), action, print);
  return EXIT.success;
}

async function runAudit(args: readonly string[], { env, print, signal, defaultDataDir }: CommandLine): Promise<number> {
  const { known, connection } = parseAuditCommand(args);
  const gateway = new GatewayClient(findConnection({ ...connection, dataDir: connection.dataDir ?? defaultDataDir }, env));
  return (await verifyAuditTrail(gateway, known, print, signal)) ? EXIT.success : EXIT.failed;
}

async function runDeploy(args: readonly string[], { env, print, complain, signal, defaultDataDir }: CommandLine): Promise<number> {
  const { deployment, server, apiKeyVariable, dataDir } = parseDeployCommand(args, env);
  const gateway = new GatewayClient(findConnection({ server, apiKeyVariable, dataDir: dataDir ?? defaultDataDir }, env));
  let planExecutionId: string | undefined;
  try {
    const result = await deploy(
      gateway,
      deployment,
      {
        onStep: (text) => print(`- ${text}`),
        onStarted: (id) => {
          planExecutionId = id;
          print(`- execution ${id}: ${gateway.baseUrl}/ng/`);
        },
        onLine: (stepName, line) => print(formatLogLine(stepName, line)),
      },
      signal,
    );
    const { deployed, byThisRun } = countChangesets(result.changesets, result.planExecutionId);
    print(`\n${changesetTable(result.changesets, result.planExecutionId)}\n`);
    print(`${result.status}: ${byThisRun} changeset(s) run now, ${deployed} deployed in all, ${(result.deployMs / 1000).toFixed(1)} s`);
    if (result.status === 'Success') return EXIT.success;
    complain(result.failure ?? `the execution ended ${result.status}`);
    return EXIT.failed;
  } catch (cause: unknown) {
    if (!signal.aborted || planExecutionId === undefined) throw cause;
    throw new GatewayError(await abortAndWait(gateway, deployment.at, planExecutionId), undefined, undefined, { cause });
  }
}
