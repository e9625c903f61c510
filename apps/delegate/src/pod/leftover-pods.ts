import { basename } from 'node:path';
import { messageOf, waitFor } from '@sluice/kernel';
import type { Logger } from '@sluice/telemetry';
import { PodDirectory, type PodRecord } from './pod-directory.js';
import type { Leftover } from './pod-runtime.js';
import { isAlive, signalGroup } from './process-identity.js';

/** An engine that is told to end gives its steps ten seconds to stop in good order. */
const ENGINE_LIMIT_MS = 20_000;

/**
 * Ends the pods of an earlier delegate process and collects what their steps came to. A process is only signalled when its number and its start
 * time are those of the record: numbers are used again.
 */
export async function reapLeftovers(podsDir: string, log: Logger): Promise<readonly Leftover[]> {
  const directories = await PodDirectory.list(podsDir);
  const found = await Promise.all(
    directories.map((directory) =>
      reap(directory, log).catch((cause: unknown) => {
        log.error({ pod: basename(directory.path), error: messageOf(cause) }, 'a left-over pod could not be removed');
        return [];
      }),
    ),
  );
  return found.flat();
}

async function reap(directory: PodDirectory, log: Logger): Promise<readonly Leftover[]> {
  const record = await directory.readRecord();
  if (record) await end(record);
  const leases = await directory.leases();
  const leftovers = await Promise.all(leases.map(async ({ taskId, epoch, stepExecutionId }) => ({ taskId, epoch, result: await directory.result(stepExecutionId) })));
  await directory.remove();
  if (record?.podId) log.warn({ podId: record.podId, steps: leftovers.length }, 'removed a pod an earlier process had left behind');
  return leftovers;
}

async function end(record: PodRecord): Promise<void> {
  const alive = record.processes.filter(isAlive);
  // A parked process has nothing to finish; an engine with steps records their results before it goes.
  const engines = record.podId === null ? [] : alive.filter(({ role }) => role === 'engine');
  for (const { pid } of engines) signalGroup(pid, 'SIGTERM');
  await waitFor(() => engines.every((engine) => !isAlive(engine)), { timeoutMs: ENGINE_LIMIT_MS, what: 'the end of a left-over engine' }).catch(() => undefined);
  for (const process of alive) if (isAlive(process)) signalGroup(process.pid, 'SIGKILL');
  await waitFor(() => alive.every((process) => !isAlive(process)), { timeoutMs: 5_000, what: 'the end of left-over processes' });
}
