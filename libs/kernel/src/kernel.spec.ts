import { describe, expect, it } from '@jest/globals';
import { getEventListeners } from 'node:events';
import { backoffMs, pause, waitFor } from './deadline.js';
import { parseDuration } from './duration.js';
import { AppError, ERRORS, isErrorCode, messageOf } from './errors.js';
import { newId } from './identifiers.js';

describe('durations', () => {
  it.each([
    ['90s', 90_000],
    ['10m', 600_000],
    ['1h 30m', 5_400_000],
    ['1d', 86_400_000],
    ['500ms', 500],
  ])('%s is %d ms', (text, ms) => expect(parseDuration(text)).toBe(ms));

  it.each(['', 'soon', '10', '10 minutes please', '-5m'])('refuses "%s" with a remedy', (text) => {
    expect(() => parseDuration(text)).toThrow(/write for example/);
  });
});

describe('errors', () => {
  it('carries the status and retryability of its code', () => {
    const error = new AppError('UNAVAILABLE_DELEGATES', 'none');
    expect([error.httpStatus, error.isRetryable]).toEqual([503, true]);
  });

  it('knows its own codes only', () => {
    expect(Object.keys(ERRORS).every(isErrorCode)).toBe(true);
    expect(isErrorCode('toString')).toBe(false);
  });

  it('finds words for whatever was thrown', () => {
    expect(messageOf(new Error('a'))).toBe('a');
    expect(messageOf(new AggregateError([new Error('a'), new Error('b')]))).toBe('a; b');
    expect(messageOf('text')).toBe('text');
  });
});

describe('waiting', () => {
  it('answers with what the probe found', async () => {
    let looks = 0;
    expect(
      await waitFor(() => (++looks === 3 ? 'here' : undefined), { timeoutMs: 30_000, intervalMs: 1, what: 'it' }),
    ).toBe('here');
  });

  it('names what did not happen in time', async () => {
    await expect(waitFor(() => false, { timeoutMs: 5, intervalMs: 1, what: 'the lock is free' })).rejects.toThrow(
      'the lock is free: not seen within 5 ms',
    );
  });

  it('ends a pause when its signal aborts', async () => {
    const controller = new AbortController();
    const waiting = pause(60_000, controller.signal);
    controller.abort(new Error('stop'));
    await expect(waiting).rejects.toThrow('stop');
  });

  it('ends any number of pauses with one listener at their signal', async () => {
    const controller = new AbortController();
    const waiting = Array.from({ length: 100 }, () => pause(60_000, controller.signal));
    await pause(1, controller.signal);
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(1);
    controller.abort(new Error('stop'));
    const ends = await Promise.allSettled([...waiting, pause(60_000, controller.signal)]);
    expect(ends.filter((end) => end.status === 'rejected' && end.reason.message === 'stop')).toHaveLength(101);
  });

  it('doubles the pause up to its ceiling, with jitter of at most half', () => {
    const options = { baseMs: 100, maxMs: 1_000 };
    expect([0, 1, 2, 10].map((attempt) => backoffMs(attempt, options, () => 1))).toEqual([100, 200, 400, 1_000]);
    expect(backoffMs(0, options, () => 0)).toBe(50);
  });
});

it('makes identifiers of 22 letters and digits that do not repeat', () => {
  const ids = new Set(Array.from({ length: 1_000 }, () => newId()));
  expect(ids.size).toBe(1_000);
  for (const id of ids) expect(id).toMatch(/^[A-Za-z0-9]{22}$/);
});
