import { createInterface } from 'node:readline';
import { PROCESS_STATES } from './pod-process.js';

/** Whoever started this process parked. */
interface PodOwner {
  /** The parsed identity line. @throws whatever `parse` throws */
  identity<T>(parse: (line: unknown) => T): Promise<T>;
  /** Settles when the owner is gone: it let go of standard input. */
  readonly gone: Promise<void>;
}

/** Says `parked` on standard output and listens to standard input. When that ends before the identity came, the process ends: nobody needs it. */
export function parked(input: NodeJS.ReadableStream = process.stdin): PodOwner {
  const lines = createInterface({ input });
  const gone = new Promise<void>((resolve) => lines.once('close', resolve));
  let isIdentified = false;
  const first = new Promise<string>((resolve) => {
    lines.once('line', (line) => {
      isIdentified = true;
      resolve(line);
    });
  });
  void gone.then(() => {
    if (!isIdentified) process.exit(0);
  });
  process.stdout.write(`${PROCESS_STATES.parked}\n`);
  return { identity: async (parse) => parse(JSON.parse(await first)), gone };
}
