import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/**
 * The program that uses a local TCP port, as `node (process 4711: node server.js)`.
 * Undefined when none is found, or when it belongs to a user whose processes we may not look into.
 */
export function holderOf(port: number): string | undefined {
  const sockets = new Set(['/proc/net/tcp', '/proc/net/tcp6'].flatMap((table) => socketsOn(readOrEmpty(table), port)));
  if (sockets.size === 0) return undefined;
  const pid = readdirSync('/proc').find((name) => /^\d+$/.test(name) && holds(name, sockets));
  if (pid === undefined) return undefined;
  const command = readOrEmpty(`/proc/${pid}/cmdline`).split('\0').join(' ').trim();
  return `${readOrEmpty(`/proc/${pid}/comm`).trim()} (process ${pid}: ${command.slice(0, 120)})`;
}

/** Inodes of the sockets that have `port` as their local one, from a table as in /proc/net/tcp. */
export function socketsOn(table: string, port: number): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return table
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .flatMap((fields) => (fields[1]?.endsWith(suffix) && fields[9] && fields[9] !== '0' ? [fields[9]] : []));
}

function holds(pid: string, sockets: ReadonlySet<string>): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) =>
      sockets.has(/^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? ''),
    );
  } catch {
    return false; // it has ended, or it is another user's
  }
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
