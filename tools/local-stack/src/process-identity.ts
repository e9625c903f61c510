import { readFileSync } from 'node:fs';

/** A process that cannot be mistaken for a later one with the same number: the kernel's start time goes with the pid. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks between boot and the start of the process (`/proc/<pid>/stat`, field 22). */
  readonly startTicks: string;
  readonly bootId: string;
}

interface ProcessState {
  readonly state: string;
  readonly startTicks: string;
}

function stateOf(pid: number): ProcessState | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in parentheses and may itself hold spaces and parentheses.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0] ?? '', startTicks: fields[19] ?? '' };
  } catch {
    return undefined;
  }
}

function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

/** @throws Error when there is no such process. */
export function identityOf(pid: number): ProcessIdentity {
  const found = stateOf(pid);
  if (!found) throw new Error(`process ${pid} has already ended`);
  return { pid, startTicks: found.startTicks, bootId: bootId() };
}

/** True while exactly that process runs; an ended one that nobody has waited for counts as ended. */
export function isRunning(identity: ProcessIdentity): boolean {
  if (identity.bootId !== bootId()) return false;
  const found = stateOf(identity.pid);
  return found !== undefined && found.state !== 'Z' && found.startTicks === identity.startTicks;
}
