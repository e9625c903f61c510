import { useEffect, useRef, useState } from 'react';

import { useGateway } from '../../gateway/gateway-context.js';
import { followLog, type LogState } from './follow-log.js';
import { LogBuffer } from './log-buffer.js';
import { gatewayLogSource } from './log.api.js';

export interface StepLog {
  readonly buffer: LogBuffer;
  /** Grows with every change of the buffer. */
  readonly version: number;
  readonly state: LogState;
  /** Starts again after a failure. */
  readonly retry: () => void;
}

/** The log of one step, followed for as long as the component is on the page. A component shows one log: give it the key as `key`. */
export function useStepLog(logKey: string, isStepEnded: boolean): StepLog {
  const gateway = useGateway();
  const [attempt, setAttempt] = useState(0);
  const [state, setState] = useState<LogState>({ status: 'connecting' });
  const [version, setVersion] = useState(0);
  const [buffer] = useState(() => new LogBuffer());
  const hasEnded = useRef(isStepEnded);
  hasEnded.current = isStepEnded;

  useEffect(() => {
    const stop = new AbortController();
    let frame = 0;
    // Lines may come by the thousand per second; the screen is drawn once per frame at most.
    const onLines = (): void => {
      frame ||= requestAnimationFrame(() => {
        frame = 0;
        setVersion((current) => current + 1);
      });
    };
    void followLog({
      source: gatewayLogSource(gateway),
      key: logKey,
      buffer,
      isStepEnded: () => hasEnded.current,
      onLines,
      onState: (next) => {
        if (!stop.signal.aborted) setState(next);
      },
      signal: stop.signal,
    });
    return () => {
      stop.abort();
      cancelAnimationFrame(frame);
    };
  }, [gateway, logKey, buffer, attempt]);

  return { buffer, version, state, retry: () => setAttempt((current) => current + 1) };
}
