import { randomInt } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { z } from 'zod';
import { holderOf } from './port-holder.js';

/**
 * Every port of the local stack, all on 127.0.0.1. The services have the numbers of the network table. All lie below 32768, also
 * with the largest offset: Linux gives the ports from there on to outgoing connections, which would take them now and then.
 */
const DEFAULT_PORTS = {
  gateway: 8080,
  'ng-manager': 7090,
  'log-service': 8079,
  pipeline: 12001,
  dbdevops: 12091,
  scm: 8091,
  'delegate-service': 9090,
  'delegate-service gRPC': 9091,
  delegate: 3460,
  'platform database': 15432,
  'customer database': 15433,
  redis: 16379,
  git: 3180,
  'trace receiver': 14318,
} as const satisfies Record<string, number>;

type PortName = keyof typeof DEFAULT_PORTS;
export type Ports = Readonly<Record<PortName, number>>;

const NAMES = Object.keys(DEFAULT_PORTS) as readonly PortName[];

/** The table's ports, moved by `offset`. */
export function portsAt(offset: number): Ports {
  return Object.fromEntries(NAMES.map((name) => [name, DEFAULT_PORTS[name] + offset])) as Record<PortName, number>;
}

/**
 * {@link portsAt}, all of them free.
 * @throws Error naming the first busy port, the program that has it where that can be seen, and the option that helps.
 */
export async function fixedPorts(offset: number): Promise<Ports> {
  const ports = portsAt(offset);
  await requireFree(ports, 'start with --port-offset auto');
  return ports;
}

async function requireFree(ports: Ports, otherwise: string): Promise<void> {
  for (const name of NAMES) {
    if (await isFree(ports[name])) continue;
    throw new Error(
      `port ${ports[name]} (${name}) is used by ${holderOf(ports[name]) ?? 'another program'}; stop it, or ${otherwise}`,
    );
  }
}

const savedPorts = z.record(z.string(), z.number().int());

/**
 * Ports that were free at the first start; the same again later, because stored addresses hold them.
 * @throws Error naming the one that another program has taken since.
 */
export async function freePorts(dataRoot: string): Promise<Ports> {
  const file = join(dataRoot, 'ports.json');
  const saved = existsSync(file) ? savedPorts.parse(JSON.parse(readFileSync(file, 'utf8'))) : {};
  const missing = NAMES.filter((name) => saved[name] === undefined);
  const found = await openPorts(missing.length);
  const ports = { ...saved, ...Object.fromEntries(missing.map((name, index) => [name, found[index]])) } as Record<
    PortName,
    number
  >;
  await requireFree(ports, `start with another --data folder; this one keeps the ports of ${file}`);
  writeFileSync(file, JSON.stringify(ports));
  return ports;
}

/** Below what systems give to outgoing connections: such a port is still free when the program that gets it listens. */
const LOWEST_PORT = 20_000;
const HIGHEST_PORT = 32_000;
const MOST_ATTEMPTS = 100;
/** Processes that start stacks at the same time look at different places: what one has found is not in use yet. */
const PROCESSES = 8;

/** So many ports in a row that nobody uses, somewhere in the range; stacks that start together look at different places. */
async function openPorts(count: number): Promise<number[]> {
  const places = Math.floor((HIGHEST_PORT - LOWEST_PORT) / Math.max(count, 1));
  for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt += 1) {
    const first =
      LOWEST_PORT + (randomInt(Math.floor(places / PROCESSES)) * PROCESSES + (process.pid % PROCESSES)) * count;
    const ports = Array.from({ length: count }, (_, index) => first + index);
    const free = await Promise.all(ports.map(isFree));
    if (free.every(Boolean)) return ports;
  }
  throw new Error(`no ${count} free ports in a row between ${LOWEST_PORT} and ${HIGHEST_PORT}; stop what uses them`);
}

async function isFree(port: number): Promise<boolean> {
  try {
    const server = await listen(port);
    await new Promise((resolve) => server.close(resolve));
    return true;
  } catch {
    return false;
  }
}

function listen(port: number): Promise<ReturnType<typeof createServer>> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => resolve(server));
  });
}
