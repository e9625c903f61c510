/** A repeated signal within this time is the same press of the keys: npm passes on to its command what the terminal has sent to it already. */
const SAME_PRESS_MS = 1_000;

export interface Interruption {
  /** Aborted by the first Ctrl-C (SIGINT) or SIGTERM: what is under way is brought to an end. */
  readonly signal: AbortSignal;
  /** Aborted by a later one: nothing more is waited for. */
  readonly leave: AbortSignal;
}

/** Source of signals, such as `process`. */
export interface SignalSource {
  on(name: 'SIGINT' | 'SIGTERM', listener: () => void): unknown;
}

/** Listens from now on, so that no signal ends the process by itself any more. @param now milliseconds */
export function interruptionOf(source: SignalSource, now: () => number = Date.now): Interruption {
  const first = new AbortController();
  const second = new AbortController();
  let firstAt = 0;
  const interrupt = (): void => {
    if (!first.signal.aborted) {
      firstAt = now();
      return first.abort(new Error('interrupted'));
    }
    if (now() - firstAt >= SAME_PRESS_MS) second.abort();
  };
  for (const name of ['SIGINT', 'SIGTERM'] as const) source.on(name, interrupt);
  return { signal: first.signal, leave: second.signal };
}

/** The command was left before it had its result. The message says what is left behind. */
export class LeftError extends Error {
  override readonly name = 'LeftError';
}

/** The end of `work`, or a {@link LeftError} as soon as `leave` is aborted. @param remains what is left behind then, in a sentence */
export function orLeave<T>(work: Promise<T>, leave: AbortSignal | undefined, remains: () => string): Promise<T> {
  if (!leave) return work;
  return new Promise((resolve, reject) => {
    const onLeave = (): void => reject(new LeftError(`left at once: ${remains()}`));
    leave.addEventListener('abort', onLeave);
    work.then(resolve, reject).finally(() => leave.removeEventListener('abort', onLeave));
    if (leave.aborted) onLeave();
  });
}
