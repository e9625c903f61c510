export interface WaitOptions {
  /** Give up after this many milliseconds. */
  readonly timeoutMs: number;
  /** Pause between two looks. */
  readonly intervalMs?: number;
  /** What is waited for, for the error text. */
  readonly what: string;
  readonly signal?: AbortSignal;
}

/** Polls until `probe` answers something other than undefined or false. @throws Error naming what did not happen in time. */
export async function waitFor<T>(
  probe: () => Promise<T | undefined | false> | T | undefined | false,
  options: WaitOptions,
): Promise<T> {
  const until = Date.now() + options.timeoutMs;
  for (;;) {
    options.signal?.throwIfAborted();
    const found = await probe();
    if (found !== undefined && found !== false) return found;
    if (Date.now() >= until) throw new Error(`${options.what}: not seen within ${options.timeoutMs} ms`);
    await pause(options.intervalMs ?? 25, options.signal);
  }
}

/** What is to happen when a signal aborts. A signal of a whole process is waited for by thousands at once: it gets one listener, whatever their number. */
const stopsOf = new WeakMap<AbortSignal, Set<() => void>>();

function stopsAt(signal: AbortSignal): Set<() => void> {
  const known = stopsOf.get(signal);
  if (known) return known;
  const stops = new Set<() => void>();
  stopsOf.set(signal, stops);
  signal.addEventListener('abort', () => [...stops].forEach((stop) => stop()), { once: true });
  return stops;
}

/** Resolves after `ms`, or rejects with the signal's reason as soon as it aborts. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.reject(reasonOf(signal));
  return new Promise((resolve, reject) => {
    const stops = signal && stopsAt(signal);
    const stop = (): void => {
      clearTimeout(timer);
      stops?.delete(stop);
      reject(reasonOf(signal));
    };
    const timer = setTimeout(() => {
      stops?.delete(stop);
      resolve();
    }, ms);
    stops?.add(stop);
  });
}

function reasonOf(signal: AbortSignal | undefined): Error {
  return signal?.reason instanceof Error ? signal.reason : new Error('aborted');
}

export interface BackoffOptions {
  readonly baseMs: number;
  readonly maxMs: number;
}

/** Full-jitter exponential pause before attempt `attempt` (0-based), in milliseconds. */
export function backoffMs(attempt: number, options: BackoffOptions, random: () => number = Math.random): number {
  const ceiling = Math.min(options.maxMs, options.baseMs * 2 ** Math.min(attempt, 30));
  return Math.round(ceiling * (0.5 + random() / 2));
}
