import { createServer } from 'node:net';
import { AppError } from '@sluice/kernel';

const FIRST = 16;
const LAST = 250;
const ATTEMPTS = 50;

/** An address of its own for a pod, between 127.16.0.1 and 127.250.255.254: every pod has port 20001 for itself. */
export function randomLoopback(random: () => number = Math.random): string {
  const between = (low: number, high: number): number => low + Math.floor(random() * (high - low + 1));
  return `127.${between(FIRST, LAST)}.${between(0, 255)}.${between(1, 254)}`;
}

/** A random address on which nobody listens on `port`. @throws AppError INTERNAL when none is found, which means that loopback is not usable here */
export async function freeLoopback(port: number, taken: (address: string) => boolean): Promise<string> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const address = randomLoopback();
    if (!taken(address) && (await isFree(address, port))) return address;
  }
  throw new AppError(
    'INTERNAL',
    `no free loopback address was found for a pod (tried ${ATTEMPTS} between 127.${FIRST} and 127.${LAST}, port ${port})`,
  );
}

function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ host, port, exclusive: true }, () => probe.close(() => resolve(true)));
  });
}
