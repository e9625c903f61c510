import { spawn } from 'node:child_process';
import { AppError, LIMITS, Places, PlacesOfEach, messageOf } from '@sluice/kernel';

/** Key and value, in order; some keys (`http.extraHeader`) may be given more than once. */
export type GitConfig = readonly (readonly [string, string])[];

export interface GitRun {
  readonly args: readonly string[];
  /** The repository's folder. */
  readonly cwd?: string;
  /** Configuration of this run only; travels in the environment, so credentials never are process arguments or files. */
  readonly config?: GitConfig;
  readonly signal: AbortSignal;
  /** Whose server is talked to; absent for work on the disk alone. */
  readonly accountId?: string;
  /** Bytes of output; more ends the run with PAYLOAD_TOO_LARGE. */
  readonly maxBytes?: number;
}

/** Git ended with another code than 0. */
export class GitExit extends Error {
  constructor(
    readonly code: number | null,
    readonly stderr: string,
  ) {
    super(`git ended with code ${code}: ${stderr}`);
  }
}

const STDERR_BYTES = 16 * 1024;
/** Milliseconds between SIGTERM, on which git removes its locks and half-written files, and SIGKILL. */
const GRACE_MS = 5_000;
const SETTINGS: GitConfig = [
  ['credential.helper', ''],
  ['core.hooksPath', '/dev/null'],
  ['http.followRedirects', 'false'],
  ['http.lowSpeedLimit', '1'],
  ['http.lowSpeedTime', '15'],
  ['http.userAgent', 'sluice-scm/1'],
  ['protocol.version', '2'],
  ['gc.auto', '0'],
  ['maintenance.auto', 'false'],
  ['fetch.fsckObjects', 'true'],
];
/** The first version that takes checked addresses (`http.curloptResolve`). */
const NEEDED = [2, 37] as const;

/** Runs git, at most so many at once in all and for one account, each in a process group of its own that ends with the signal. */
export class GitProcesses {
  private readonly places: Places;
  private readonly shares: PlacesOfEach;

  constructor(most: number, mostOfOneAccount = most) {
    this.places = new Places(most);
    this.shares = new PlacesOfEach(mostOfOneAccount);
  }

  /** @throws AppError UPSTREAM_UNAVAILABLE when git is missing or too old */
  async checkVersion(): Promise<void> {
    const text = (await this.run({ args: ['--version'], signal: AbortSignal.timeout(5_000) })).toString();
    const [major = 0, minor = 0] = (/(\d+)\.(\d+)/.exec(text)?.slice(1) ?? []).map(Number);
    if (major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1])) return;
    throw new AppError('UPSTREAM_UNAVAILABLE', `git ${NEEDED.join('.')} or newer is needed, found "${text.trim()}"`);
  }

  /** @returns standard output @throws GitExit, the signal's reason, AppError PAYLOAD_TOO_LARGE */
  run(run: GitRun): Promise<Buffer> {
    const inPlace = (): Promise<Buffer> => this.places.within(run.signal, () => execute(run));
    return run.accountId === undefined ? inPlace() : this.shares.within(run.accountId, run.signal, inPlace);
  }
}

function execute({ args, cwd, config = [], signal, maxBytes = LIMITS.gitAnswerBytes }: GitRun): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const child = spawn('git', [...args], {
      cwd: cwd ?? '/',
      env: environment(config),
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const chunks: Buffer[] = [];
    let size = 0;
    let stderr = '';
    let failure: unknown;
    let force: NodeJS.Timeout | undefined;
    const end = (reason: unknown): void => {
      failure ??= reason;
      signalGroup(child.pid, 'SIGTERM');
      force ??= setTimeout(() => signalGroup(child.pid, 'SIGKILL'), GRACE_MS);
    };
    const stop = (): void => end(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    child.stdout.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > maxBytes) end(new AppError('PAYLOAD_TOO_LARGE', `git answered with more than ${maxBytes} bytes`));
      else chunks.push(chunk);
    });
    child.stderr.on('data', (chunk: Buffer) => {
      if (stderr.length < STDERR_BYTES) stderr += chunk.toString();
    });
    child.once('error', (cause) => {
      signal.removeEventListener('abort', stop);
      reject(new AppError('UPSTREAM_UNAVAILABLE', `git cannot be started: ${messageOf(cause)}`, {}, { cause }));
    });
    child.once('close', (code) => {
      signal.removeEventListener('abort', stop);
      clearTimeout(force);
      // A helper may have outlived the git that was asked to end.
      if (failure !== undefined) signalGroup(child.pid, 'SIGKILL');
      if (failure !== undefined) reject(failure instanceof Error ? failure : new Error('aborted'));
      else if (code === 0) resolve(Buffer.concat(chunks));
      else reject(new GitExit(code, stderr.trim()));
    });
  });
}

function signalGroup(pid: number | undefined, name: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, name);
  } catch {
    // All of the group have ended.
  }
}

/** Nothing of the host's own Git set-up applies: no prompts, helpers, hooks, proxies, other protocols or credentials of the user we run as. */
function environment(config: GitConfig): NodeJS.ProcessEnv {
  const entries = [...SETTINGS, ...config];
  return {
    PATH: process.env['PATH'],
    HOME: '/nonexistent',
    LC_ALL: 'C',
    GIT_TERMINAL_PROMPT: '0',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_ALLOW_PROTOCOL: 'http:https',
    GIT_LITERAL_PATHSPECS: '1',
    GIT_CONFIG_COUNT: String(entries.length),
    ...Object.fromEntries(
      entries.flatMap(([key, value], at) => [
        [`GIT_CONFIG_KEY_${at}`, key],
        [`GIT_CONFIG_VALUE_${at}`, value],
      ]),
    ),
  };
}
