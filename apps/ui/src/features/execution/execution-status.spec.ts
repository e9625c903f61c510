import { describe, expect, it } from '@jest/globals';

import { isEnded, statusView } from './execution-status.js';
import { triggerOf } from './execution-trigger.js';
import { aSummary } from './execution.builders.js';

describe('a status', () => {
  it.each([
    ['Success', 'success', true],
    ['SUCCESS', 'success', true],
    ['FAILURE', 'failure', true],
    ['AbortedByFreeze', 'stopped', true],
    ['ASYNC_WAITING', 'running', false],
    ['InterventionWaiting', 'waiting', false],
    ['NotStarted', 'neutral', false],
    ['Skipped', 'skipped', true],
  ])('%s looks like %s and is final: %p', (status, tone, isFinal) => {
    expect(statusView(status)).toMatchObject({ tone, isFinal });
  });

  it('this version does not know is shown as it is, and ends with its end time', () => {
    expect(statusView('Brewing')).toEqual({ label: 'Brewing', tone: 'neutral', isFinal: false });
    expect(isEnded({ status: 'Brewing' })).toBe(false);
    expect(isEnded({ status: 'Brewing', endTs: 5 })).toBe(true);
  });

  it('that runs is not ended by a stray end time', () => {
    expect(isEnded({ status: 'Running', endTs: 5 })).toBe(false);
  });
});

describe('who started an execution', () => {
  const trigger = (triggerType: string, identifier: string, extraInfo: Record<string, string> = {}) =>
    triggerOf(
      aSummary({
        executionTriggerInfo: {
          triggerType,
          triggeredBy: { uuid: 'u', identifier, extraInfo },
          isRerun: false,
          rerunInfo: null,
        },
      }),
    );

  it('is the person, else the address, else unknown', () => {
    expect(trigger('MANUAL', 'ana')).toEqual({ who: 'ana', how: 'by hand' });
    expect(trigger('MY_TYPE', '', { email: 'a@b.c' })).toEqual({ who: 'a@b.c', how: 'my type' });
    expect(trigger('', '')).toEqual({ who: 'unknown', how: '' });
  });
});
