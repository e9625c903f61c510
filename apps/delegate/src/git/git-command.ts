import { spawn } from 'node:child_process';
import { LIMITS, messageOf } from '@sluice/kernel';

export interface GitCommand {
  readonly args: readonly string[];
  readonly cwd: string;
  /** The whole environment of the process. Credentials are in it and never in `args`, which everybody on the machine can read. */
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  /** Between SIGTERM, on which git removes its locks and half-written files, and SIGKILL. */
  readonly graceMs: number;
  readonly signal: AbortSignal;
  /** Gets the standard output as it comes; `stdout` of the end is empty then. */
  readonly onOutput?: (chunk: Buffer) => void;
}

export type GitEnd =
  | { readonly status: 'ok'; readonly stdout: string }
  | { readonly status: 'failed'; readonly stderr: string }
  | { readonly status: 'timedOut' }
  | { readonly status: 'aborted' };

/** Runs git in a process group of its own, so that its helpers end with it. A time limit or an abort asks it to end first. */
export function runGit(command: GitCommand): Promise<GitEnd> {
  return new Promise((resolve) => {
    if (command.signal.aborted) return resolve({ status: 'aborted' });
    const child = spawn('git', [...command.args], {
      cwd: command.cwd,
      env: command.environment,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    let ended: GitEnd | undefined;
    let force: NodeJS.Timeout | undefined;
    const stop = (end: GitEnd): void => {
      if (ended) return;
      ended = end;
      signalGroup(child.pid, 'SIGTERM');
      force = setTimeout(() => signalGroup(child.pid, 'SIGKILL'), command.graceMs);
    };
    const timer = setTimeout(() => stop({ status: 'timedOut' }), command.timeoutMs);
    const abort = (): void => stop({ status: 'aborted' });
    command.signal.addEventListener('abort', abort, { once: true });
    const { onOutput } = command;
    if (onOutput) child.stdout.on('data', onOutput);
    const [stdout, stderr] = [onOutput ? () => '' : collect(child.stdout), collect(child.stderr)];
    const finish = (end: GitEnd): void => {
      clearTimeout(timer);
      clearTimeout(force);
      // A helper may have outlived the git that was asked to end.
      if (ended) signalGroup(child.pid, 'SIGKILL');
      command.signal.removeEventListener('abort', abort);
      resolve(ended ?? end);
    };
    child.on('error', (cause) => finish({ status: 'failed', stderr: `git cannot be started: ${messageOf(cause)}` }));
    child.on('close', (code) =>
      finish(code === 0 ? { status: 'ok', stdout: stdout() } : { status: 'failed', stderr: stderr() }),
    );
  });
}

function collect(stream: NodeJS.ReadableStream): () => string {
  const chunks: Buffer[] = [];
  let size = 0;
  stream.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size <= LIMITS.gitOutputBytes) chunks.push(chunk);
  });
  return () => Buffer.concat(chunks).toString('utf8');
}

function signalGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // It has ended meanwhile.
  }
}
