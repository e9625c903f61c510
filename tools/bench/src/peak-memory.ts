import { readdirSync, readFileSync } from 'node:fs';

const LOOK_EVERY_MS = 50;
const KIB_PER_MIB = 1024;

/** The most memory that each program below a process has held, in MiB (`VmHWM`). Programs that live shorter than a look are missed. */
export class PeakMemory {
  private readonly peaks = new Map<string, number>();
  private readonly timer: NodeJS.Timeout;

  private constructor(private readonly ancestor: number) {
    this.timer = setInterval(() => this.look(), LOOK_EVERY_MS);
  }

  static below(ancestor: number): PeakMemory {
    return new PeakMemory(ancestor);
  }

  /** Forgets what was, so that what follows is told by itself. Long-lived programs keep their peak. */
  forget(): void {
    this.peaks.clear();
  }

  /** By program, greatest first. */
  stop(): Readonly<Record<string, number>> {
    clearInterval(this.timer);
    return Object.fromEntries([...this.peaks].sort(([, left], [, right]) => right - left));
  }

  private look(): void {
    const parents = new Map<number, number>();
    const found: { readonly pid: number; readonly program: string; readonly peak: number }[] = [];
    for (const name of readdirSync('/proc')) {
      const pid = Number(name);
      if (!Number.isInteger(pid)) continue;
      const status = readOrEmpty(`/proc/${name}/status`);
      parents.set(pid, Number(/^PPid:\s+(\d+)/m.exec(status)?.[1] ?? 0));
      const program = programOf(readOrEmpty(`/proc/${name}/cmdline`));
      if (program !== undefined)
        found.push({ pid, program, peak: Math.round(Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1] ?? 0) / KIB_PER_MIB) });
    }
    for (const { pid, program, peak } of found)
      if (isBelow(pid, this.ancestor, parents) && peak > (this.peaks.get(program) ?? 0)) this.peaks.set(program, peak);
  }
}

function programOf(commandLine: string): string | undefined {
  if (commandLine.includes('sluice.engine.Engine')) return 'jvm';
  if (commandLine.includes('liquibase') && commandLine.includes('java')) return 'liquibase';
  return /\/apps\/([a-z-]+)\/dist\//.exec(commandLine)?.[1];
}

function isBelow(pid: number, ancestor: number, parents: ReadonlyMap<number, number>): boolean {
  for (let at = parents.get(pid) ?? 0; at > 1; at = parents.get(at) ?? 0) if (at === ancestor) return true;
  return false;
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // it ended in between
  }
}
