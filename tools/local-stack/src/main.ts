import { join } from 'node:path';
import { changesetTable, countChangesets, countsInWords, formatLogLine, interruptionOf } from '@sluice/cli';
import { messageOf } from '@sluice/kernel';
import { APP_NAMES, type AppName } from './app-environment.js';
import { runFirstDeployment, type FirstDeployment } from './first-deployment.js';
import { GIT_USER } from './git-server.js';
import { startStack, type Stack, type StackOptions } from './stack.js';

/** The options of `npm start`, parsed (tools/bootstrap/start-options.mjs explains them). */
export interface StartOptions {
  readonly root: string;
  /** When the command began; milliseconds since the epoch. */
  readonly startedAt: number;
  readonly isOnce: boolean;
  readonly shouldDeploy: boolean;
  readonly isReset: boolean;
  readonly isSeparate: boolean;
  readonly dataDir: string | undefined;
  readonly ports: StackOptions['ports'];
  readonly otelUrl: string | undefined;
  /** Apps somebody else runs. */
  readonly without: readonly string[];
}

/** Ends `npm start`: something it runs is broken, or the user wants it to stop. */
class Interruption extends Error {}

/** Runs the local stack until Ctrl-C, or once through. Answers the exit code. */
export async function main(options: StartOptions): Promise<number> {
  const say = (text: string): void =>
    void process.stdout.write(`[${((Date.now() - options.startedAt) / 1000).toFixed(1).padStart(6)}s] ${text}\n`);
  const print = (text: string): void => void process.stdout.write(`${text}\n`);
  const ending = new AbortController();
  const { signal: interrupted, leave } = interruptionOf(process);
  interrupted.addEventListener('abort', () => {
    say('stopping: what runs is given time to end; Ctrl-C again ends it at once, with the databases in good order');
    ending.abort(new Interruption('stopped by a signal'));
  });
  leave.addEventListener('abort', () =>
    say('stopping at once: steps that run are broken off; the databases and Redis are stopped in good order'),
  );
  let stack: Stack | undefined;
  try {
    stack = await startStack(
      {
        dataDir: options.dataDir ?? join(options.root, '.sluice'),
        ports: options.ports,
        isSeparate: options.isSeparate,
        isReset: options.isReset,
        without: options.without.map(appNamed),
        otelUrl: options.otelUrl,
        hurry: leave,
        onProgress: say,
        onUnexpectedEnd: (complaint) => ending.abort(new Error(complaint)),
      },
      ending.signal,
    );
    const startSeconds = secondsSince(options.startedAt);
    const deployment = options.shouldDeploy ? await deployFirst(stack, say, print, ending.signal) : undefined;
    if (!options.isOnce) {
      printWelcome(stack, print);
      await ended(ending.signal);
    }
    await stack.stop();
    if (options.isOnce && deployment) print(JSON.stringify(summaryOf(deployment, startSeconds)));
    return 0;
  } catch (cause: unknown) {
    const reason: unknown = ending.signal.aborted ? ending.signal.reason : cause;
    await stack?.stop();
    if (reason instanceof Interruption) return options.isOnce ? 130 : 0;
    process.stderr.write(`\n${messageOf(reason)}\n`);
    return 1;
  }
}

function appNamed(name: string): AppName {
  const found = APP_NAMES.find((app) => app === name);
  if (!found) throw new Error(`--without: there is no app "${name}"; apps are ${APP_NAMES.join(', ')}`);
  return found;
}

async function deployFirst(
  stack: Stack,
  say: (text: string) => void,
  print: (text: string) => void,
  signal: AbortSignal,
): Promise<FirstDeployment> {
  const deployment = await runFirstDeployment(
    stack,
    { onStep: say, onLine: (stepName, line) => print(formatLogLine(stepName, line)) },
    { signal },
  );
  const { state, planExecutionId } = deployment;
  if (state) print(`\n${changesetTable(state.changesets, planExecutionId)}\n`);
  if (deployment.status !== 'Success')
    throw new Error(`the deployment ended ${deployment.status}: ${deployment.failure ?? 'no reason was given'}`);
  say(
    `${deployment.status}${state ? `: ${countsInWords(state, planExecutionId)}` : ''}, in ${seconds(deployment.deployMs)} s`,
  );
  return deployment;
}

function printWelcome(stack: Stack, print: (text: string) => void): void {
  print(`
Sluice is running. Ctrl-C stops it; the data stays in ${stack.data.root}

  UI         ${stack.uiUrl}
  API key    ${stack.apiKey}
  Git        ${stack.git.urlOf('orders')}   (clone it, push a changeset, run the pipeline again; to push: user ${GIT_USER}, password in ${stack.secrets.gitPasswordFile})
  Database   ${stack.customerDatabase.jdbcUrl}   (user ${stack.customerDatabase.username}, password in ${stack.secrets.customerPasswordFile})
  Logs       ${stack.data.logs}

  Your own changelog:  npm run sluice -- --help
`);
}

function summaryOf(deployment: FirstDeployment, startSeconds: number): object {
  return {
    status: deployment.status,
    planExecutionId: deployment.planExecutionId,
    changesets:
      deployment.state?.isWhole && deployment.state.unknownSince === undefined
        ? countChangesets(deployment.state.changesets, deployment.planExecutionId).deployed
        : null,
    hops: deployment.hops,
    startSeconds,
    deploySeconds: seconds(deployment.deployMs),
  };
}

function ended(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const end = (): void => reject(signal.reason instanceof Error ? signal.reason : new Error('stopped'));
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });
}

function secondsSince(startedAt: number): number {
  return seconds(Date.now() - startedAt);
}

function seconds(ms: number): number {
  return Math.round(ms / 100) / 10;
}
