import { pause } from '@sluice/kernel';
import type { ProjectRef } from './entities.js';
import { readExecution, type ExecutionView } from './execution.js';
import { GatewayError, type GatewayClient } from './gateway-client.js';
import { tailLog, type LogLine } from './log-tail.js';

export interface FollowOptions {
  readonly onLine: (stepName: string, line: LogLine) => void;
  readonly onStatus?: (status: string) => void;
  /** What is waited for, in a sentence, when that has changed: a step waits for its database instance (which run holds it), or Sluice does not answer. */
  readonly onWait?: ((text: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Gives up after this many milliseconds; the execution itself goes on. */
  readonly timeoutMs: number;
  /** What ends the execution at the latest, in a sentence without a full stop; absent where that is not known. */
  readonly endsBy?: string | undefined;
}

/** The time limit of the one who follows is over. The execution goes on and may still succeed. */
export class StillRunningError extends Error {
  override readonly name = 'StillRunningError';

  constructor(
    readonly planExecutionId: string,
    { timeoutMs, endsBy }: Pick<FollowOptions, 'timeoutMs' | 'endsBy'>,
    /** Why nothing is known of the execution now; absent when it was seen to go on. */
    away?: GatewayError,
  ) {
    super(
      `execution ${planExecutionId} ${away ? 'was not seen to end' : 'has not ended'} within ${Math.round(timeoutMs / 1000)} s; it goes on${away ? `, as far as is known (${away.message})` : ''}${endsBy === undefined ? '' : `, and ${endsBy}`}`,
    );
  }
}

const LOOK_EVERY_MS = 400;
const LAST_LINES_WITHIN_MS = 5_000;

/**
 * Follows an execution to its end: every log line as it arrives, every change of status. While Sluice does not answer (a restart, the network) it goes on
 * looking: what becomes of the execution does not depend on who watches.
 * @throws GatewayError when Sluice refuses to show the execution
 * @throws StillRunningError when the time is over
 */
export async function followExecution(
  gateway: GatewayClient,
  at: ProjectRef,
  planExecutionId: string,
  options: FollowOptions,
): Promise<ExecutionView> {
  const until = Date.now() + options.timeoutMs;
  const ending = new AbortController();
  const over = new AbortController();
  const tails = new Map<string, Promise<void>>();
  let view: ExecutionView | undefined;
  let away: GatewayError | undefined;
  try {
    for (;;) {
      const next: ExecutionView | GatewayError = await readExecution(
        gateway,
        at,
        planExecutionId,
        options.signal,
      ).catch(tolerable);
      if (next instanceof GatewayError) {
        if (!away) options.onWait?.(`${next.message}; looking again until the time limit`);
        away = next;
      } else {
        away = undefined;
        if (next.status !== view?.status) options.onStatus?.(next.status);
        for (const wait of next.waits) if (!view?.waits.includes(wait)) options.onWait?.(wait);
        view = next;
        for (const { key, stepName } of next.logs) {
          if (!tails.has(key))
            tails.set(
              key,
              tailLog(gateway, {
                key,
                signal: ending.signal,
                over: over.signal,
                onLine: (line) => options.onLine(stepName, line),
              }),
            );
        }
        if (next.isFinal) break;
      }
      if (Date.now() > until) throw new StillRunningError(planExecutionId, options, away);
      await pause(LOOK_EVERY_MS, options.signal);
    }
    over.abort();
    await Promise.race([
      Promise.all(tails.values()),
      pause(LAST_LINES_WITHIN_MS, ending.signal).catch(() => undefined),
    ]);
    return view;
  } finally {
    ending.abort();
    await Promise.allSettled(tails.values());
  }
}

function tolerable(cause: unknown): GatewayError {
  const isAwayForNow =
    cause instanceof GatewayError && (cause.status === undefined || cause.status >= 500 || cause.status === 429);
  if (isAwayForNow) return cause;
  throw cause;
}
