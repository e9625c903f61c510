import { backoffMs, messageOf, pause } from '@sluice/kernel';

import { GatewayError } from '../../gateway/gateway-error.js';
import type { LogSource } from './log.api.js';
import type { LogBuffer } from './log-buffer.js';
import type { LogLine } from './log-line.js';

export type LogState =
  | { readonly status: 'connecting' }
  /** The step has not written anything yet. */
  | { readonly status: 'waiting' }
  | { readonly status: 'live' }
  | { readonly status: 'reconnecting'; readonly problem: string }
  | { readonly status: 'complete' }
  /** The step ended and nothing was written or kept. */
  | { readonly status: 'missing' }
  | { readonly status: 'failed'; readonly error: Error };

export interface FollowLogOptions {
  readonly source: LogSource;
  readonly key: string;
  readonly buffer: LogBuffer;
  /** Looked at again and again: the step may end while its log is followed. */
  readonly isStepEnded: () => boolean;
  readonly onLines: () => void;
  readonly onState: (state: LogState) => void;
  readonly signal: AbortSignal;
  readonly timing?: FollowLogTiming;
}

interface FollowLogTiming {
  /** Pause between two looks for a log that does not exist yet. */
  readonly waitMs: number;
  /** An ended step whose stream stays silent that long is read from the store instead. */
  readonly silenceMs: number;
  readonly backoff: { readonly baseMs: number; readonly maxMs: number };
}

const TIMING: FollowLogTiming = { waitMs: 1_000, silenceMs: 4_000, backoff: { baseMs: 500, maxMs: 10_000 } };

/** Looks for the log of an ended step, before it is said to be missing: archiving may take a moment. */
const LOOKS_AFTER_END = 4;

type Outcome = 'complete' | 'absent' | 'broken';

/**
 * Brings a step's log into the buffer: live while the step runs, from the store when it ended, each falling back to the
 * other. Resumes after the last line it has. Resolves when the log is complete, missing or refused, or the signal aborts.
 */
export async function followLog(options: FollowLogOptions): Promise<void> {
  const { signal, onState, timing = TIMING } = options;
  let attempt = 0;
  let looksAfterEnd = 0;
  onState({ status: 'connecting' });
  while (!signal.aborted) {
    try {
      const hasEnded = options.isStepEnded();
      const outcome = hasEnded ? await storedThenTail(options) : await tailThenStored(options);
      if (outcome === 'complete') return onState({ status: 'complete' });
      // A step that ended before it began has no log, and its stream is there and silent for good.
      const isNothingThere = outcome === 'absent' || options.buffer.lineCount === 0;
      if (hasEnded && isNothingThere && (looksAfterEnd += 1) >= LOOKS_AFTER_END) return onState({ status: 'missing' });
      attempt = 0;
      if (outcome === 'absent') onState({ status: 'waiting' });
      await pause(timing.waitMs, signal);
    } catch (cause: unknown) {
      if (signal.aborted) return;
      if (isRefusal(cause)) return onState({ status: 'failed', error: cause });
      onState({ status: 'reconnecting', problem: messageOf(cause) });
      await pause(backoffMs(attempt, timing.backoff), signal).catch(() => undefined);
      attempt += 1;
    }
  }
}

async function tailThenStored(options: FollowLogOptions): Promise<Outcome> {
  const outcome = await readTail(options);
  return outcome === 'absent' ? readStored(options) : outcome;
}

async function storedThenTail(options: FollowLogOptions): Promise<Outcome> {
  const outcome = await readStored(options);
  return outcome === 'absent' ? readTail(options) : outcome;
}

async function readTail(options: FollowLogOptions): Promise<Outcome> {
  const { buffer, key, source, onLines, onState } = options;
  const connection = new AbortController();
  const signal = AbortSignal.any([options.signal, connection.signal]);
  const stopWatching = watchSilence(options, () => connection.abort());
  try {
    const events = await source.tail(key, { lastIndex: buffer.lastIndex, signal });
    if (!events) return 'absent';
    onState({ status: 'live' });
    for await (const event of events) {
      if (event.kind === 'end') return await afterEnd(options);
      stopWatching.heard();
      if (buffer.add(event.lines)) onLines();
    }
    return 'broken';
  } catch (cause: unknown) {
    if (connection.signal.aborted && !options.signal.aborted) return 'broken';
    throw cause;
  } finally {
    stopWatching();
  }
}

/**
 * A stream keeps a limited number of lines; what it had dropped before we came is in the store. A log that nobody opened
 * ends, too: while the step goes on, it may still come.
 */
async function afterEnd(options: FollowLogOptions): Promise<Outcome> {
  if (options.buffer.lineCount === 0) return options.isStepEnded() ? readStored(options) : 'absent';
  if (options.buffer.hasGaps) await readStored(options);
  return 'complete';
}

async function readStored({ buffer, key, onLines, signal, source }: FollowLogOptions): Promise<Outcome> {
  const batches = await source.stored(key, { signal });
  if (!batches) return 'absent';
  // Beside live lines the stored ones go in at once: every merge sorts the whole log.
  const late: LogLine[] = [];
  const isFirst = buffer.lineCount === 0;
  for await (const lines of batches) {
    if (!isFirst) late.push(...lines);
    else if (buffer.addStored(lines)) onLines();
  }
  if (buffer.addStored(late)) onLines();
  return 'complete';
}

/** Calls `onSilence` when the step has ended and its stream brought nothing for a while: the end marker was lost. */
function watchSilence(options: FollowLogOptions, onSilence: () => void): (() => void) & { heard(): void } {
  const { silenceMs } = options.timing ?? TIMING;
  let heardAt = Date.now();
  const timer = setInterval(() => {
    if (!options.isStepEnded()) heardAt = Date.now();
    else if (Date.now() - heardAt >= silenceMs) onSilence();
  }, silenceMs / 4);
  return Object.assign(() => clearInterval(timer), {
    heard: () => {
      heardAt = Date.now();
    },
  });
}

function isRefusal(cause: unknown): cause is GatewayError {
  return (
    cause instanceof GatewayError &&
    cause.kind === 'http' &&
    cause.status >= 400 &&
    cause.status < 500 &&
    cause.status !== 429
  );
}
