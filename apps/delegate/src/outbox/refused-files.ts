import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '@sluice/kernel';
import type { Logger } from '@sluice/telemetry';

const ENDING = '.refused';

/** How much of the results that were set aside stays on the disk. The newest stays in any case, until it is too old. */
export interface RefusedLimits {
  /** Milliseconds since it was set aside. */
  readonly maxAgeMs: number;
  /** Of all together. */
  readonly maxBytes: number;
}

interface RefusedFile {
  readonly name: string;
  readonly bytes: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** Where the file of a result goes that no service takes. */
export function refusedPath(path: string): string {
  return `${path}${ENDING}`;
}

/** Removes what is too old, then the oldest while all together are too large. The log names each file: it is the last trace of what the task did. */
export async function boundRefused(
  directory: string,
  { maxAgeMs, maxBytes }: RefusedLimits,
  log: Logger,
): Promise<void> {
  const now = Date.now();
  let kept = 0;
  for (const [index, { name, bytes, at }] of (await list(directory)).sort((a, b) => b.at - a.at).entries()) {
    const isOld = now - at > maxAgeMs;
    const isTooMuch = index > 0 && kept + bytes > maxBytes;
    // What is older than one that did not fit goes with it.
    if (isTooMuch) kept = Infinity;
    if (!isOld && !isTooMuch) kept += bytes;
    else
      await remove(
        directory,
        name,
        () =>
          log.error(
            { file: name, bytes, setAsideAt: new Date(at).toISOString() },
            isOld
              ? 'a refused result is removed: it is older than DELEGATE_REFUSED_RESULTS_HOURS'
              : 'a refused result is removed: all together are larger than DELEGATE_REFUSED_RESULTS_MB',
          ),
        log,
      );
  }
}

async function remove(directory: string, name: string, removed: () => void, log: Logger): Promise<void> {
  try {
    await rm(join(directory, name));
    removed();
  } catch (cause) {
    log.error({ file: name, error: messageOf(cause) }, 'a refused result could not be removed');
  }
}

async function list(directory: string): Promise<RefusedFile[]> {
  const names = (await readdir(directory)).filter((name) => name.endsWith(ENDING));
  return Promise.all(
    names.map(async (name) => {
      const { size, mtimeMs } = await stat(join(directory, name));
      return { name, bytes: size, at: mtimeMs };
    }),
  );
}
