import { describe, expect, it } from '@jest/globals';

import type { LogState } from './follow-log.js';
import { emptyText, footerText } from './log-status-text.js';

const STATES: readonly LogState[] = [
  { status: 'connecting' },
  { status: 'waiting' },
  { status: 'live' },
  { status: 'reconnecting', problem: 'p' },
  { status: 'complete' },
  { status: 'missing' },
  { status: 'failed', error: new Error('e') },
];

describe('what the log panel says', () => {
  it('never claims that a log was deleted: nobody deletes one', () => {
    for (const state of STATES)
      for (const isEnded of [true, false])
        expect(`${emptyText(state, isEnded)} ${footerText(state, isEnded)}`).not.toMatch(/delet|remov|kept/i);
  });

  it('tells a log that is not stored, and may still come, from one that is stored and empty', () => {
    expect(emptyText({ status: 'missing' }, true)).toMatch(
      /^No log of this step is stored\. It may still be on its way/,
    );
    expect(emptyText({ status: 'complete' }, true)).toBe('This step wrote nothing.');
  });
});
