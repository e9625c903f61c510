import { afterEach, describe, expect, it } from '@jest/globals';
import { waitFor } from '@sluice/kernel';
import { EventLoopDelay } from './event-loop-delay.js';

function block(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end) Math.sqrt(end);
}

describe('the delay of the event loop', () => {
  let delay: EventLoopDelay | undefined;
  afterEach(() => delay?.stop());

  it('is as long as the longest pause, and is forgotten when that is past', async () => {
    delay = new EventLoopDelay();
    const seen = delay;
    await new Promise((resolve) => setTimeout(resolve, 50));
    block(700);
    await waitFor(() => seen.longestMs() >= 650, { timeoutMs: 120_000, what: 'the pause' });
    expect(seen.longestMs()).toBeGreaterThanOrEqual(650);
    await waitFor(() => seen.longestMs() < 650, { timeoutMs: 240_000, what: 'a window without it' });
  }, 600_000);
});
