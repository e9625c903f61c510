import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync, watch } from 'node:fs';
import { AppError } from '@sluice/kernel';
import { identityOf, signalGroup, type ProcessIdentity } from './process-identity.js';

export interface PodProcessOptions {
  /** What it is, for messages: `lite engine`, `step container`. */
  readonly what: string;
  readonly main: string;
  readonly cwd: string;
  readonly logFile: string;
  readonly environment: Readonly<Record<string, string>>;
}

const LOOK_MS = 50;

/**
 * One process of a pod: a process group of its own, output in a file (a pipe would break when the delegate goes, and with it the process),
 * standard input kept open for as long as this delegate lives, because the process ends when it closes.
 */
export class PodProcess {
  readonly identity: ProcessIdentity;
  /** Settles with a text when the process has ended. */
  readonly ended: Promise<string>;
  private end: string | undefined;

  private constructor(
    private readonly child: ChildProcess,
    private readonly pid: number,
    private readonly options: PodProcessOptions,
  ) {
    this.identity = identityOf(pid);
    this.ended = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        this.end = `the ${options.what} ended ${signal ? `by ${signal}` : `with code ${code ?? 'unknown'}`}`;
        resolve(this.end);
      });
    });
    child.stdin?.on('error', () => undefined);
  }

  /** Starts it parked: it loads everything and waits to be told who it is. @throws AppError INTERNAL when it cannot be started at all */
  static start(options: PodProcessOptions): PodProcess {
    const output = openSync(options.logFile, 'a', 0o600);
    try {
      const child = spawn(process.execPath, [options.main, '--parked'], {
        cwd: options.cwd,
        env: options.environment,
        stdio: ['pipe', output, output],
        detached: true,
      });
      child.on('error', () => undefined);
      if (child.pid === undefined)
        throw new AppError('INTERNAL', `the ${options.what} (${options.main}) cannot be started`);
      return new PodProcess(child, child.pid, options);
    } finally {
      closeSync(output);
    }
  }

  /** How it ended; undefined while it lives. */
  get death(): string | undefined {
    return this.end;
  }

  /** Gives the process its identity; it listens then. */
  identify(identity: object): void {
    this.child.stdin?.write(`${JSON.stringify(identity)}\n`);
  }

  /** Resolves when it has printed `line`, however long that takes: a busy machine is no failure. @throws AppError INTERNAL when it ends before, with the last lines of its output */
  printed(line: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const finish = (problem?: string): void => {
        clearInterval(timer);
        watcher.close();
        if (problem === undefined) resolve();
        else reject(new AppError('INTERNAL', `${problem}${this.lastWords()}`));
      };
      const look = (): void => {
        if (`\n${this.output()}`.includes(`\n${line}\n`)) finish();
        else if (this.end) finish(`${this.end} before it was ready`);
      };
      const watcher = watch(this.options.logFile, look);
      watcher.on('error', () => undefined);
      const timer = setInterval(look, LOOK_MS);
      look();
    });
  }

  /** SIGTERM to its group, SIGKILL after `graceMs`. Resolves when it is gone. */
  async stop(graceMs: number): Promise<void> {
    if (this.end === undefined && graceMs > 0) {
      signalGroup(this.pid, 'SIGTERM');
      const timer = setTimeout(() => signalGroup(this.pid, 'SIGKILL'), graceMs);
      await this.ended;
      clearTimeout(timer);
    }
    // Also when the process itself is gone: a child of it may not be.
    signalGroup(this.pid, 'SIGKILL');
    await this.ended;
  }

  private output(): string {
    try {
      return readFileSync(this.options.logFile, 'utf8');
    } catch {
      return '';
    }
  }

  private lastWords(): string {
    const lines = this.output()
      .trim()
      .split('\n')
      .slice(-3)
      .map((line) => messageOfLogLine(line));
    const text = lines
      .filter((line) => line !== '')
      .join(' | ')
      .slice(-500);
    return text === '' ? '' : `: ${text}`;
  }
}

function messageOfLogLine(line: string): string {
  try {
    const parsed = JSON.parse(line) as { msg?: unknown };
    return typeof parsed.msg === 'string' ? parsed.msg : '';
  } catch {
    return line.trim();
  }
}
