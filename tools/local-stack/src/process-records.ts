import { closeSync, existsSync, mkdirSync, openSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { waitFor } from '@sluice/kernel';
import { z } from 'zod';
import { identityOf, isRunning } from './process-identity.js';

const record = z.object({
  name: z.string(),
  pid: z.number().int(),
  startTicks: z.string(),
  bootId: z.string(),
  stopSignal: z.enum(['SIGTERM', 'SIGINT']),
  graceMs: z.number().int(),
});
/** What is remembered of a started process, so that a later start can stop exactly it and nothing else. */
export type ProcessRecord = z.infer<typeof record>;

const LAUNCHER = 'launcher';
/** A killed process ends once what it waits for in the system does. */
const KILLED_LIMIT_MS = 120_000;

function fileOf(runDir: string, name: string): string {
  return join(runDir, `${name}.json`);
}

export function recordProcess(
  runDir: string,
  process: {
    readonly name: string;
    readonly pid: number;
    readonly stopSignal: 'SIGTERM' | 'SIGINT';
    readonly graceMs: number;
  },
): ProcessRecord {
  const entry: ProcessRecord = { ...process, ...identityOf(process.pid) };
  writeFileSync(fileOf(runDir, process.name), JSON.stringify(entry), { mode: 0o600 });
  return entry;
}

export function forgetProcess(runDir: string, name: string): void {
  rmSync(fileOf(runDir, name), { force: true });
}

function readRecords(runDir: string): ProcessRecord[] {
  if (!existsSync(runDir)) return [];
  return readdirSync(runDir)
    .filter((name) => name.endsWith('.json'))
    .flatMap((name) => {
      const parsed = record.safeParse(tryParse(readFileSync(join(runDir, name), 'utf8')));
      return parsed.success ? [parsed.data] : [];
    });
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The launcher that holds this data folder now, or undefined. */
function runningLauncher(runDir: string): ProcessRecord | undefined {
  return readRecords(runDir).find((entry) => entry.name === LAUNCHER && isRunning(entry));
}

/**
 * Takes the data folder for this process. The file is created exclusively, so of two starts at once one wins.
 * @throws Error naming the process that holds it.
 */
export function claimDataFolder(root: string, runDir: string): () => void {
  mkdirSync(runDir, { recursive: true, mode: 0o700 });
  const file = fileOf(runDir, LAUNCHER);
  const entry: ProcessRecord = { name: LAUNCHER, ...identityOf(process.pid), stopSignal: 'SIGTERM', graceMs: 60_000 };
  for (let attempt = 0; attempt < 3; attempt += 1) {
    try {
      const fd = openSync(file, 'wx', 0o600);
      writeFileSync(fd, JSON.stringify(entry));
      closeSync(fd);
      return () => forgetProcess(runDir, LAUNCHER);
    } catch (cause: unknown) {
      if (!isSystemError(cause, 'EEXIST')) throw cause;
    }
    const holder = runningLauncher(runDir);
    if (holder) {
      throw new Error(
        `Sluice already runs on ${root} (process ${holder.pid}); stop it first, or start another one with --data DIR --port-offset auto`,
      );
    }
    rmSync(file, { force: true });
  }
  throw new Error(`${root} is being started by another process; try again in a moment`);
}

/** Stops every recorded process that still runs, in reverse order of their start. Answers their names. */
export async function stopLeftovers(runDir: string): Promise<string[]> {
  const leftovers = readRecords(runDir).filter((entry) => entry.name !== LAUNCHER);
  const running = leftovers.filter(isRunning).sort((a, b) => Number(b.startTicks) - Number(a.startTicks));
  for (const entry of running) await stopProcess(entry);
  for (const entry of leftovers) forgetProcess(runDir, entry.name);
  return running.map((entry) => entry.name);
}

/** Stops whatever holds the folder: its launcher first (which stops its own children), then what that left behind. */
export async function stopEverything(runDir: string): Promise<string[]> {
  const launcher = runningLauncher(runDir);
  if (launcher) await stopProcess(launcher, { isGroupLeader: false });
  forgetProcess(runDir, LAUNCHER);
  return [...(launcher ? [LAUNCHER] : []), ...(await stopLeftovers(runDir))];
}

/** Asks, waits `graceMs`, then kills the process and its group. Safe when it has ended already. */
export async function stopProcess(entry: ProcessRecord, { isGroupLeader = true } = {}): Promise<void> {
  if (!isRunning(entry)) return;
  send(entry.pid, entry.stopSignal);
  const what = `end of ${entry.name} (process ${entry.pid})`;
  try {
    await waitFor(() => !isRunning(entry), { timeoutMs: entry.graceMs, intervalMs: 20, what });
  } catch {
    send(isGroupLeader ? -entry.pid : entry.pid, 'SIGKILL');
    await waitFor(() => !isRunning(entry), { timeoutMs: KILLED_LIMIT_MS, intervalMs: 20, what });
  }
}

/** Sends a signal to a process, or to a group when negative; one that is gone already is no error. */
export function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (cause: unknown) {
    if (!isSystemError(cause, 'ESRCH')) throw cause;
  }
}

function isSystemError(cause: unknown, code: string): boolean {
  return typeof cause === 'object' && cause !== null && 'code' in cause && cause.code === code;
}
