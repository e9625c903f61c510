import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { messageOf, newId, pause } from '@sluice/kernel';
import type { EngineHome } from './engine-home.js';
import {
  engineEvent,
  inOrder,
  type EngineCommand,
  type EngineEvent,
  type EngineFinished,
  type EngineProgress,
} from './engine-protocol.js';

const STDERR_TAIL = 4_000;
const TERM_PATIENCE_MS = 500;
/** The exit code of a JVM with `ExitOnOutOfMemoryError`. */
const OUT_OF_MEMORY = 3;

export interface EngineOptions {
  readonly heapMb: number;
  /** Rehearse before the command comes: worth it only when there is time before it. */
  readonly warmUp: boolean;
  /** Folder whose jars changelogs may use besides the engine's own. */
  readonly extensionsDir?: string | undefined;
}

export interface EngineExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Last words on standard error: the JVM's own, for example about memory. */
  readonly complaint: string;
}

/** The engine process ended without a result. */
class EngineDiedError extends Error {
  override readonly name = 'EngineDiedError';

  constructor(
    readonly exit: EngineExit,
    heapMb: number,
  ) {
    const how =
      exit.code === OUT_OF_MEMORY
        ? `needed more than its heap of ${heapMb} MiB (set STEP_RUNNER_HEAP_MB of the delegate higher) and ended`
        : exit.signal
          ? `was ended by ${exit.signal}`
          : `ended with code ${String(exit.code)}`;
    super(`the change engine ${how} before it had a result${exit.complaint ? `: ${exit.complaint}` : ''}`);
  }
}

/** One JVM for one step. It leads a process group of its own and ends by itself when its standard input does. */
export class EngineProcess {
  /** This engine's own name, never used again. LOCKEDBY in DATABASECHANGELOGLOCK holds `#<name> ` while this engine holds the lock. */
  readonly lockOwner: string;
  readonly exited: Promise<EngineExit>;
  /** Never resolves; rejects with {@link EngineDiedError} once the process is gone. */
  readonly died: Promise<never>;
  /** Milliseconds of warm-up. Rejects when the process cannot start. */
  readonly ready: Promise<number>;

  private readonly finished: Promise<EngineFinished>;
  private markFinished: (event: EngineFinished) => void = () => undefined;
  private listener: (event: EngineProgress) => void = () => undefined;
  private history: NonNullable<EngineFinished['history']> = [];
  private stderr = '';

  private constructor(
    private readonly child: ChildProcess,
    lockOwner: string,
    heapMb: number,
  ) {
    this.lockOwner = lockOwner;
    child.stderr?.on(
      'data',
      (chunk: Buffer) => (this.stderr = `${this.stderr}${chunk.toString()}`.slice(-STDERR_TAIL)),
    );
    child.stdin?.on('error', () => undefined); // a dead reader shows as the exit
    this.exited = new Promise((resolve) => {
      child.once('error', (cause) => resolve({ code: null, signal: null, complaint: messageOf(cause) }));
      // `close` and not `exit`: the pipes have been read to their end.
      child.once('close', (code, signal) => resolve({ code, signal, complaint: this.stderr.trim() }));
    });
    this.died = this.exited.then((exit) => Promise.reject(new EngineDiedError(exit, heapMb)));
    const told = new Promise<number>((resolve) => {
      if (child.stdout) createInterface({ input: child.stdout }).on('line', (line) => this.receive(line, resolve));
    });
    this.ready = Promise.race([told, this.died]);
    // Told by the engine after its connection is closed; its exit follows and is not waited for.
    this.finished = Promise.race([new Promise<EngineFinished>((resolve) => (this.markFinished = resolve)), this.died]);
    for (const outcome of [this.ready, this.finished, this.died]) outcome.catch(() => undefined); // reported by whoever waits
  }

  static start(home: EngineHome, options: EngineOptions): EngineProcess {
    const lockOwner = `sluice-${newId()}`;
    const args = [
      ...home.jvmArguments,
      '-Xms32m',
      `-Xmx${options.heapMb}m`,
      '-XX:+ExitOnOutOfMemoryError',
      '-cp',
      // Last, so that the class archive still fits and no jar replaces a class of the engine.
      [home.classPath, ...(options.extensionsDir === undefined ? [] : [`${options.extensionsDir}/*`])].join(':'),
      home.mainClass,
      ...(options.warmUp ? ['warm', ...home.rehearsal] : ['cold']),
    ];
    const { PATH, HOME, TZ } = process.env;
    // Whatever the machine speaks: in the locale "C" Java can open no file whose name has other letters than English ones.
    const child = spawn(home.java, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
      env: { PATH, HOME, TZ, LC_ALL: 'C.UTF-8' },
    });
    return new EngineProcess(child, lockOwner, options.heapMb);
  }

  /** Process id, and id of the process group. @throws Error when the process could not be started at all */
  get pid(): number {
    if (this.child.pid === undefined) throw new Error('the change engine could not be started');
    return this.child.pid;
  }

  /** Hands over the command and tells every event until the finished one. @throws EngineDiedError */
  async run(command: EngineCommand, onEvent: (event: EngineProgress) => void): Promise<EngineFinished> {
    this.listener = onEvent;
    this.child.stdin?.write(`${JSON.stringify(command)}\n`);
    return this.finished;
  }

  /** Asks the engine to cancel its statement and to wind down. */
  cancel(): void {
    this.child.stdin?.write('{"action":"cancel"}\n');
  }

  /** SIGTERM, then SIGKILL, to the whole group. Resolves once it is gone. */
  async kill(): Promise<void> {
    this.signal('SIGTERM');
    await Promise.race([this.exited, pause(TERM_PATIENCE_MS)]);
    this.signal('SIGKILL');
    await this.exited;
  }

  /** Closes the engine's standard input, as the end of this process would. */
  disown(): void {
    this.child.stdin?.end();
  }

  private signal(signal: NodeJS.Signals): void {
    if (this.child.pid === undefined || this.child.exitCode !== null || this.child.signalCode !== null) return;
    try {
      process.kill(-this.child.pid, signal);
    } catch {
      // It ended in between.
    }
  }

  private remember({ isFirst, rows }: Extract<EngineEvent, { type: 'history' }>): void {
    if (isFirst) this.history = [];
    this.history.push(...rows);
  }

  private finish({ historyRows, ...finished }: Extract<EngineEvent, { type: 'finished' }>): void {
    const isWhole = historyRows !== null && historyRows === this.history.length;
    this.markFinished({ ...finished, history: isWhole ? inOrder(this.history) : null });
  }

  private receive(line: string, ready: (warmUpMs: number) => void): void {
    const event = parseEvent(line);
    if (event.type === 'ready') ready(event.warmUpMs);
    else if (event.type === 'history') this.remember(event);
    else if (event.type === 'finished') this.finish(event);
    else this.listener(event);
  }
}

/** A line that is no event is shown as it is: it comes from below Liquibase. */
function parseEvent(line: string): EngineEvent {
  try {
    return engineEvent.parse(JSON.parse(line));
  } catch {
    return { type: 'log', at: Date.now(), level: 'WARN', message: line };
  }
}
