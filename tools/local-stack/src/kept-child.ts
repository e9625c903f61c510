import { messageOf, pause } from '@sluice/kernel';
import type { ChildSpec, RunningChild, Supervisor } from './supervisor.js';

/** What a child that is started again needs besides its spec. */
export interface KeptChildOptions {
  /** One sentence for the user at every unexpected end and every new start. */
  readonly say: (text: string) => void;
  /** Pause before the first new start; it doubles with every failure in a row. */
  readonly firstPauseMs?: number;
  readonly longestPauseMs?: number;
}

/**
 * Starts a child and starts it again whenever it ends without being stopped, as a container platform would: after 1 s, then 2 s,
 * 4 s and so on up to 30 s, from 1 s again once it was ready. `pid` is that of the process that runs now.
 * @throws Error when the first start fails; later failures are said and tried again.
 */
export async function startKeptChild(
  supervisor: Supervisor,
  spec: ChildSpec,
  options: KeptChildOptions,
): Promise<RunningChild> {
  const { say, firstPauseMs = 1_000, longestPauseMs = 30_000 } = options;
  const stopping = new AbortController();
  let restarting = Promise.resolve();

  const start = (): Promise<RunningChild> =>
    supervisor.start({
      ...spec,
      lastWords: 'one line',
      onUnexpectedEnd: (complaint) => void (restarting = restart(complaint)),
    });

  async function restart(complaint: string): Promise<void> {
    let problem = complaint;
    for (let pauseMs = firstPauseMs; !stopping.signal.aborted; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      say(`${problem}; ${spec.name} is started again in ${pauseMs / 1_000} s`);
      await pause(pauseMs, stopping.signal).catch(() => undefined);
      if (stopping.signal.aborted) return;
      try {
        current = await start();
        say(`${spec.name} is up again (process ${current.pid})`);
        return;
      } catch (cause: unknown) {
        problem = messageOf(cause);
      }
    }
  }

  const end = (how: 'stop' | 'kill') => async (): Promise<void> => {
    stopping.abort();
    await current[how]();
    await restarting;
    await current[how]();
  };
  let current = await start();
  return {
    name: spec.name,
    get pid() {
      return current.pid;
    },
    logFile: current.logFile,
    get ended() {
      return current.ended;
    },
    stop: end('stop'),
    kill: end('kill'),
  };
}
