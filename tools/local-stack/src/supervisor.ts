import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, existsSync, openSync, readSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf, waitFor } from '@sluice/kernel';
import { lastWordsOf } from './last-words.js';
import { forgetProcess, recordProcess, send, stopProcess, type ProcessRecord } from './process-records.js';

/** How one child is started, known to be ready, and stopped. */
export interface ChildSpec {
  /** Unique; also the name of its log and its record. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
  /** What ends it in good order. */
  readonly stopSignal?: 'SIGTERM' | 'SIGINT';
  /** From the stop signal to SIGKILL. */
  readonly graceMs?: number;
  /** Its end takes what it has in memory to the disk: it is never killed to save time. */
  readonly keepsData?: boolean;
  /** Answers true once it can be used; a rejection counts as "not yet", and its message says what is missing. */
  readonly isReady: () => Promise<boolean>;
  /** Called instead of {@link SupervisorOptions.onUnexpectedEnd} when this child ends without being stopped. */
  readonly onUnexpectedEnd?: (complaint: string) => void;
  /** What is shown of its log when it ends without being stopped: the last lines when absent, or the reason it gave, in one line. */
  readonly lastWords?: 'one line';
}

export interface RunningChild {
  readonly name: string;
  readonly pid: number;
  readonly logFile: string;
  /** Resolves with a sentence fragment such as `exit code 1` or `signal SIGKILL`. */
  readonly ended: Promise<string>;
  stop(): Promise<void>;
  /** kill -9 of the process and its group, for fault tests: no stop signal, no complaint about the unexpected end. */
  kill(): Promise<void>;
}

export interface SupervisorOptions {
  readonly runDir: string;
  readonly logsDir: string;
  /** Called with one sentence and the last log lines when a child ends that nobody stopped. */
  readonly onUnexpectedEnd: (complaint: string) => void;
  /** Called at intervals with one sentence that says which child is not ready yet and what is missing. A child is waited for as long as it lives: a slow machine is no fault. */
  readonly onWaiting?: (text: string) => void;
  /** Called with one sentence for each child that is being stopped: how long it has at most. */
  readonly onStopping?: (text: string) => void;
  /** Between two such sentences of {@link onWaiting}. */
  readonly waitingEveryMs?: number;
}

const WAITING_EVERY_MS = 15_000;
const GRACE_MS = 10_000;
const graceOf = ({ graceMs = GRACE_MS }: ChildSpec): number => graceMs;

const LOG_LIMIT_BYTES = 20 * 1024 * 1024;
const INHERITED = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'JAVA_HOME', 'USER'] as const;

/** Variables every child gets from this process; nothing else leaks into it. */
export function inheritedEnvironment(): Record<string, string> {
  return Object.fromEntries(INHERITED.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
}

/**
 * Starts children in process groups of their own, with output to files (so a killed launcher breaks none of their pipes),
 * and stops them in reverse order.
 */
export class Supervisor {
  private readonly children = new Map<
    string,
    { readonly spec: ChildSpec; readonly child: RunningChild; expectEnd(): void }
  >();
  /** Names in the order of their first start: a database that was restarted still outlives those who use it. */
  private readonly order = new Set<string>();
  private isStopping = false;
  private isHurried = false;

  constructor(private readonly options: SupervisorOptions) {}

  /** Resolves once the child is ready. @throws Error naming it, with its last log lines, when it ends before. */
  async start(spec: ChildSpec): Promise<RunningChild> {
    if (this.isStopping) throw new Error(`${spec.name} was not started: everything is being stopped`);
    const logFile = join(this.options.logsDir, `${spec.name}.log`);
    const { process: spawned, logStart } = this.spawn(spec, logFile);
    let isEndExpected = true; // until ready, `start` itself reports
    const complain = (how: string): void => {
      if (!isEndExpected)
        (spec.onUnexpectedEnd ?? this.options.onUnexpectedEnd)(
          `${spec.name} ended unexpectedly (${how})${excerpt(spec, logFile, logStart)}`,
        );
    };
    const ended = endOf(spawned);
    const pid = spawned.pid;
    if (pid === undefined) throw new Error(`${spec.name} could not be started: ${await ended}`);
    const record = recordProcess(this.options.runDir, {
      name: spec.name,
      pid,
      stopSignal: spec.stopSignal ?? 'SIGTERM',
      graceMs: graceOf(spec),
    });
    void ended.then((how) => {
      this.children.delete(spec.name);
      forgetProcess(this.options.runDir, spec.name);
      complain(how);
    });
    const expectEnd = (): void => {
      isEndExpected = true;
    };
    const child = this.handle(spec, record, logFile, ended, expectEnd);
    this.children.set(spec.name, { spec, child, expectEnd });
    this.order.add(spec.name);
    await this.untilReady(spec, child, logStart);
    isEndExpected = false;
    return child;
  }

  /** Stops all children, those that were first started last first, and starts no more. Safe to repeat. */
  async stopAll(): Promise<void> {
    this.isStopping = true;
    const all = [...this.order].reverse().flatMap((name) => this.children.get(name) ?? []);
    for (const { expectEnd } of all) expectEnd();
    for (const { spec, child } of all) {
      if (this.isHurried && !spec.keepsData) {
        await child.kill();
        continue;
      }
      this.options.onStopping?.(`waiting for the end of ${spec.name}, ${graceOf(spec) / 1_000} s at most`);
      await child.stop();
    }
  }

  /** Everything is stopped, and at once: children are killed, those too that are being waited for. Only what keeps data still has its time. */
  hurry(): void {
    this.isHurried = true;
    for (const { spec, child } of this.children.values()) if (!spec.keepsData) void child.kill();
  }

  private spawn(spec: ChildSpec, logFile: string): { process: ChildProcess; logStart: number } {
    if (existsSync(logFile) && statSync(logFile).size > LOG_LIMIT_BYTES) renameSync(logFile, `${logFile}.1`);
    const log = openSync(logFile, 'a', 0o600);
    try {
      const logStart = statSync(logFile).size;
      const spawned = spawn(spec.command, [...spec.args], {
        cwd: spec.cwd ?? '/',
        env: { ...inheritedEnvironment(), ...spec.env },
        ...(spec.uid === undefined ? {} : { uid: spec.uid }),
        ...(spec.gid === undefined ? {} : { gid: spec.gid }),
        detached: true,
        stdio: ['ignore', log, log],
      });
      return { process: spawned, logStart };
    } finally {
      closeSync(log);
    }
  }

  private handle(
    spec: ChildSpec,
    record: ProcessRecord,
    logFile: string,
    ended: Promise<string>,
    expectEnd: () => void,
  ): RunningChild {
    return {
      name: spec.name,
      pid: record.pid,
      logFile,
      ended,
      stop: async () => {
        expectEnd();
        await stopProcess(record);
        await ended;
      },
      kill: async () => {
        expectEnd();
        send(-record.pid, 'SIGKILL');
        await ended;
      },
    };
  }

  private async untilReady(spec: ChildSpec, child: RunningChild, logStart: number): Promise<void> {
    let end: string | undefined;
    let missing = 'it does not answer yet';
    void child.ended.then((how) => (end = how));
    const since = Date.now();
    const telling = setInterval(
      () =>
        this.options.onWaiting?.(
          `${spec.name} is not ready after ${Math.round((Date.now() - since) / 1_000)} s: ${missing}`,
        ),
      this.options.waitingEveryMs ?? WAITING_EVERY_MS,
    );
    try {
      await waitFor(
        async () => {
          const isReady = await spec.isReady().catch((cause: unknown) => {
            missing = messageOf(cause);
            return false;
          });
          if (end !== undefined) throw new Error(`it ended (${end})`);
          return isReady;
        },
        { timeoutMs: Infinity, intervalMs: 40, what: 'readiness' },
      );
    } catch (cause: unknown) {
      const complaint = `${spec.name} did not start: ${messageOf(cause)}${excerpt(spec, child.logFile, logStart)}`;
      await child.stop();
      throw new Error(complaint, { cause });
    } finally {
      clearInterval(telling);
    }
  }
}

function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal ? `signal ${signal}` : `exit code ${code ?? 'unknown'}`));
  });
}

/** The last lines a child has logged since `from`, as an indented block, or the reason in them; empty when it said nothing. */
function excerpt({ lastWords }: ChildSpec, logFile: string, from: number): string {
  const size = statSync(logFile, { throwIfNoEntry: false })?.size ?? 0;
  const start = Math.max(from, size - 8_192);
  if (size <= start) return lastWords === 'one line' ? `; its log is ${logFile}` : '';
  const buffer = Buffer.alloc(size - start);
  const fd = openSync(logFile, 'r');
  try {
    readSync(fd, buffer, 0, buffer.length, start);
  } finally {
    closeSync(fd);
  }
  if (lastWords === 'one line') return `: ${lastWordsOf(buffer.toString('utf8'))}; its log is ${logFile}`;
  const lines = buffer.toString('utf8').trimEnd().split('\n').slice(-12);
  return `; the end of ${logFile}:\n${lines.map((line) => `  ${line.slice(0, 400)}`).join('\n')}`;
}
