import { basename } from 'node:path';
import { waitFor } from '@sluice/kernel';
import type { Logger } from '@sluice/telemetry';
import type { LogOutbox } from '../logs/log-outbox.js';
import { PodDirectory, type PodRecord } from './pod-directory.js';
import type { Leftover } from './pod-runtime.js';
import { isAlive, signalGroup } from './process-identity.js';
import type { Removals } from './removals.js';

/** An engine that is told to end gives its steps ten seconds to stop in good order. */
const ENGINE_LIMIT_MS = 20_000;

interface Reaping {
  readonly log: Logger;
  readonly outbox: LogOutbox;
  readonly removals: Removals;
  tell(leftover: Leftover): void;
}

/**
 * Ends the pods of an earlier delegate process, tells what their steps came to and takes the logs that were not stored. A process is only signalled when its
 * number and its start time are those of the record: numbers are used again. Settles after the first attempt on each.
 */
export async function reapLeftovers(podsDir: string, reaping: Reaping): Promise<void> {
  const directories = await PodDirectory.list(podsDir);
  await Promise.all(
    directories.map((directory) =>
      reaping.removals.remove(`left-over pod ${basename(directory.path)}`, () => reap(directory, reaping)),
    ),
  );
}

async function reap(directory: PodDirectory, { log, outbox, tell }: Reaping): Promise<void> {
  const record = await directory.readRecord();
  if (record) await end(record);
  await directory.removeSecrets();
  const leases = await directory.leases();
  // A repeated attempt may tell it again, which is only a duplicate to the service.
  for (const { taskId, epoch, stepExecutionId } of leases)
    tell({ taskId, epoch, result: await directory.result(stepExecutionId) });
  await outbox.take(directory.stepsPath);
  await directory.remove();
  if (record?.podId)
    log.warn({ podId: record.podId, steps: leases.length }, 'removed a pod an earlier process had left behind');
}

async function end(record: PodRecord): Promise<void> {
  const alive = record.processes.filter(isAlive);
  // A parked process has nothing to finish; an engine with steps records their results before it goes.
  const engines = record.podId === null ? [] : alive.filter(({ role }) => role === 'engine');
  for (const { pid } of engines) signalGroup(pid, 'SIGTERM');
  await waitFor(() => engines.every((engine) => !isAlive(engine)), {
    timeoutMs: ENGINE_LIMIT_MS,
    what: 'the end of a left-over engine',
  }).catch(() => undefined);
  for (const process of alive) if (isAlive(process)) signalGroup(process.pid, 'SIGKILL');
  await waitFor(() => alive.every((process) => !isAlive(process)), {
    timeoutMs: 5_000,
    what: 'the end of left-over processes',
  });
}
