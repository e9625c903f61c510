import { messageOf, plainText } from '@sluice/kernel';
import { parseAuditCommand, verifyAuditTrail } from './audit-command.js';
import { changesetTable, countsInWords } from './changeset-table.js';
import { findConnection, readLocal } from './connection.js';
import { parseDeployCommand, type DeployCommand } from './deploy-command.js';
import { deploy, type DeploymentResult, type RepositoryAccess } from './deployment.js';
import { pageOfExecution } from './execution.js';
import { publishFolder } from './folder-repository.js';
import { StillRunningError } from './follow-execution.js';
import { GatewayClient, GatewayError } from './gateway-client.js';
import { LeftError, orLeave } from './interruption.js';
import { parseKeysCommand, runKeysCommand } from './keys-command.js';
import { parseLocksCommand, runLocksCommand } from './locks-command.js';
import { formatLogLine } from './log-printer.js';
import { abortAndWait, abortOrSay, printLogs, printRuns, removeDeployment, watch } from './run-actions.js';
import { parseRunCommand, RUN_COMMANDS, type RunCommand } from './run-command.js';
import { USAGE, UsageError, type ConnectionFlags } from './usage.js';

/** Exit codes; {@link USAGE} says what each means. */
export const EXIT = { success: 0, failed: 1, usage: 2, stillRunning: 3, aborted: 130 } as const;

export interface CommandLine {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly print: (line: string) => void;
  readonly complain: (line: string) => void;
  /** Aborts the deployment under way (Ctrl-C). */
  readonly signal: AbortSignal;
  /** Ends the command at once, with what it leaves behind (Ctrl-C again). */
  readonly leave?: AbortSignal | undefined;
  /** Data folder of the local stack when none is named. */
  readonly defaultDataDir: string;
}

const COMMANDS = ['deploy', ...RUN_COMMANDS, 'keys', 'audit', 'locks'] as const;

/** What a command leaves behind when it is left at once; it changes while the command goes on. */
interface Remains {
  /** In a sentence. */
  text: string;
  /** What the first Ctrl-C brings about. */
  ending: string;
}

/** Runs the command line. Answers the exit code. Requests that a left command had open are still open then: the process ends itself. */
export async function main(given: CommandLine): Promise<number> {
  // Whatever is printed may hold text of changelogs, databases and servers: none of it may steer the terminal.
  const command: CommandLine = {
    ...given,
    print: (line) => given.print(plainText(line)),
    complain: (line) => given.complain(plainText(line)),
  };
  const [name, ...args] = command.args;
  if (name === undefined || name === 'help' || command.args.includes('--help') || command.args.includes('-h')) {
    command.print(USAGE.trimEnd());
    return name === undefined ? EXIT.usage : EXIT.success;
  }
  const remains: Remains = { text: 'what was asked of Sluice by then may still be done', ending: 'ending' };
  command.signal.addEventListener('abort', () =>
    command.complain(`interrupted: ${remains.ending}; Ctrl-C again leaves at once`),
  );
  try {
    return await orLeave(runCommand(name, args, command, remains), command.leave, () => remains.text);
  } catch (cause: unknown) {
    if (cause instanceof UsageError) {
      command.complain(`${cause.message}\nTry: npm run sluice -- --help`);
      return EXIT.usage;
    }
    if (cause instanceof LeftError) {
      command.complain(cause.message);
      return EXIT.aborted;
    }
    if (cause instanceof StillRunningError) {
      command.complain(
        `${cause.message}\nFollow it again: npm run sluice -- watch ${cause.planExecutionId}\nEnd it:          npm run sluice -- abort ${cause.planExecutionId}`,
      );
      return EXIT.stillRunning;
    }
    command.complain(messageOf(cause));
    return command.signal.aborted ? EXIT.aborted : EXIT.failed;
  }
}

function runCommand(name: string, args: readonly string[], command: CommandLine, remains: Remains): Promise<number> {
  const about = RUN_COMMANDS.find((one) => one === name);
  if (about) return runAboutRuns(parseRunCommand(about, args), command, remains);
  if (name === 'deploy') return runDeploy(parseDeployCommand(args, command.env), command, remains);
  if (name === 'keys') return runKeys(args, command);
  if (name === 'audit') return runAudit(args, command);
  if (name === 'locks') return runLocks(args, command);
  throw new UsageError(`there is no command "${name}"; the commands are ${COMMANDS.join(', ')}`);
}

function gatewayFor(flags: ConnectionFlags, { env, defaultDataDir }: CommandLine): GatewayClient {
  return new GatewayClient(findConnection({ ...flags, dataDir: flags.dataDir ?? defaultDataDir }, env));
}

async function runKeys(args: readonly string[], command: CommandLine): Promise<number> {
  const { action, connection } = parseKeysCommand(args);
  await runKeysCommand(gatewayFor(connection, command), action, command.print);
  return EXIT.success;
}

async function runAudit(args: readonly string[], command: CommandLine): Promise<number> {
  const { known, connection } = parseAuditCommand(args);
  return (await verifyAuditTrail(gatewayFor(connection, command), known, command.print, command.signal))
    ? EXIT.success
    : EXIT.failed;
}

async function runLocks(args: readonly string[], command: CommandLine): Promise<number> {
  const locks = parseLocksCommand(args);
  return (await runLocksCommand(gatewayFor(locks.connection, command), locks, command.print))
    ? EXIT.success
    : EXIT.failed;
}

async function runAboutRuns(run: RunCommand, command: CommandLine, remains: Remains): Promise<number> {
  const gateway = gatewayFor(run.connection, command);
  const { print, complain, signal } = command;
  switch (run.kind) {
    case 'watch': {
      remains.text = goesOn(run.planExecutionId);
      const { status, failure } = await watch(gateway, run.at, run.planExecutionId, run.timeoutMs, print, signal).catch(
        (cause: unknown) => {
          throw signal.aborted
            ? new GatewayError(`interrupted: ${goesOn(run.planExecutionId)}`, undefined, undefined, { cause })
            : cause;
        },
      );
      print(status);
      if (status === 'Success') return EXIT.success;
      complain(failure ?? `the execution ended ${status}`);
      return EXIT.failed;
    }
    case 'abort': {
      remains.text = `the end of execution ${run.planExecutionId} was not seen; look at it with: npm run sluice -- watch ${run.planExecutionId}`;
      const { sentence, hasEnded } = await abortAndWait(gateway, run.at, run.planExecutionId);
      print(sentence);
      return hasEnded ? EXIT.success : EXIT.stillRunning;
    }
    case 'logs':
      await printLogs(gateway, run.at, run.planExecutionId, print);
      return EXIT.success;
    case 'runs':
      await printRuns(gateway, run.at, run.limit, print);
      return EXIT.success;
    case 'delete':
      await removeDeployment(gateway, run.at, run.name, print);
      return EXIT.success;
  }
}

async function runDeploy(
  { deployment, repository, ref, connection }: DeployCommand,
  command: CommandLine,
  remains: Remains,
): Promise<number> {
  const { print, complain, signal } = command;
  const gateway = gatewayFor(connection, command);
  const { at } = deployment;
  remains.text = `no execution was started; what was made for it by then stays in project ${at.project} of organization ${at.org}`;
  const access: RepositoryAccess =
    repository.kind === 'folder'
      ? await publishFolder(repository.path, ref, localStackOf(gateway, connection, command), (text) =>
          print(`- ${text}`),
        )
      : repository;
  let planExecutionId: string | undefined;
  try {
    const result = await deploy(
      gateway,
      { ...deployment, repository: { ...access, ref } },
      {
        onStep: (text) => print(`- ${text}`),
        onStarting: (pipeline) => {
          remains.text = `an execution of pipeline ${pipeline} may have been started and goes on then; find it with: npm run sluice -- runs`;
        },
        onStarted: (id, pipeline) => {
          planExecutionId = id;
          remains.ending = `execution ${id} is being aborted`;
          remains.text = `the end of execution ${id} was not seen; look at it with: npm run sluice -- watch ${id}; end it with: npm run sluice -- abort ${id}`;
          print(`- execution ${id}: ${pageOfExecution(gateway, at, pipeline, id)}`);
        },
        onLine: (stepName, line) => print(formatLogLine(stepName, line)),
      },
      signal,
    );
    printSummary(result, print);
    if (result.status === 'Success') return EXIT.success;
    complain(result.failure ?? `the execution ended ${result.status}`);
    return EXIT.failed;
  } catch (cause: unknown) {
    if (!signal.aborted || planExecutionId === undefined) throw cause;
    throw new GatewayError(await abortOrSay(gateway, at, planExecutionId), undefined, undefined, { cause });
  }
}

function goesOn(planExecutionId: string): string {
  return `execution ${planExecutionId} goes on, or has ended already; follow it again with: npm run sluice -- watch ${planExecutionId}`;
}

/** The stack in the data folder, when it is the one that is spoken to. */
function localStackOf(
  gateway: GatewayClient,
  { dataDir }: ConnectionFlags,
  { defaultDataDir }: CommandLine,
): ReturnType<typeof readLocal> {
  const local = readLocal(dataDir ?? defaultDataDir);
  return local && gateway.isAt(local.url) ? local : undefined;
}

function printSummary(
  { state, planExecutionId, status, deployMs }: DeploymentResult,
  print: (line: string) => void,
): void {
  const seconds = `${(deployMs / 1000).toFixed(1)} s`;
  if (!state) return print(`${status}: ${seconds}; which changesets ran is in the log above`);
  print(`\n${changesetTable(state.changesets, planExecutionId)}\n`);
  print(`${status}: ${countsInWords(state, planExecutionId)}, ${seconds}`);
}
