import { describe, expect, it } from '@jest/globals';
import type { TaskEnded } from '@sluice/delegate-rpc';
import { SILENT_END, endOf, endingOf, reportOf, type TaskEnd } from './task-end.js';
import { taskIdOf } from './task.js';

const ended = (over: Partial<TaskEnded>): TaskEnded => ({
  outcome: 'completed',
  resultJson: '',
  reason: '',
  delegateId: 'd',
  delegateName: 'D',
  ...over,
});
const end = (over: Partial<TaskEnd>): TaskEnd => ({
  outcome: 'completed',
  status: undefined,
  message: '',
  failureType: 'Unknown',
  delegateId: 'd',
  delegateName: 'D',
  ...over,
});
const step = {
  status: 'failed',
  error: { message: 'boom', failureType: 'Connectivity' },
  changesets: [],
  history: null,
  pending: null,
  outputs: {},
  startedAt: 1,
  endedAt: 2,
};

describe('reading what the delegate service sent', () => {
  it('takes a step result whole', () => {
    const report = reportOf(ended({ resultJson: JSON.stringify({ kind: 'execute-step', outcome: step }) }));
    expect(report.result).toMatchObject({ kind: 'step', step: { status: 'failed' } });
    expect(endOf(report)).toMatchObject({
      status: 'failed',
      message: 'boom',
      failureType: 'Connectivity',
      delegateId: 'd',
    });
  });
  it('takes other results as success or failure', () => {
    expect(
      endOf(
        reportOf(
          ended({
            resultJson: JSON.stringify({
              kind: 'initialise-pod',
              outcome: { status: 'succeeded', commits: {}, podAddress: 'a' },
            }),
          }),
        ),
      ),
    ).toMatchObject({ status: 'succeeded' });
    expect(
      endOf(
        reportOf(
          ended({
            resultJson: JSON.stringify({
              kind: 'initialise-pod',
              outcome: { status: 'failed', error: { message: 'no branch', failureType: 'Verification' } },
            }),
          }),
        ),
      ),
    ).toMatchObject({ status: 'failed', message: 'no branch', failureType: 'Verification' });
  });
  it('replaces what cannot be stored, in the result and beside it', () => {
    const changeset = { id: 'a\u0000b', author: 'dev', file: 'f\ud83d' };
    const report = reportOf(
      ended({
        reason: 'r\u0000',
        delegateName: 'D\u0000',
        resultJson: JSON.stringify({
          kind: 'execute-step',
          outcome: { ...step, error: { message: 'a\u0000b', failureType: 'Unknown', changeset } },
        }),
      }),
    );
    expect(report).toMatchObject({
      reason: 'r\ufffd',
      delegateName: 'D\ufffd',
      result: {
        step: { error: { message: 'a\ufffdb', changeset: { id: 'a\ufffdb', author: 'dev', file: 'f\ufffd' } } },
      },
    });
  });
  it.each([
    ['not JSON', '{'],
    ['another kind', '{"kind":"x"}'],
    ['a broken outcome', '{"kind":"execute-step","outcome":{}}'],
  ])('%s counts as no result, with the reason', (_what, resultJson) => {
    const report = reportOf(ended({ resultJson }));
    expect(report.result).toBeNull();
    expect(report.reason).toMatch(/cannot be read/);
  });
});

describe('how a node ends', () => {
  it.each([
    ['success', end({ status: 'succeeded' }), 'Success', undefined],
    ['failure', end({ status: 'failed', message: 'm' }), 'Failed', /^m$/],
    ['failure without a message', end({ status: 'failed' }), 'Failed', /without a message/],
    ['a timeout inside the step', end({ status: 'failed', failureType: 'Timeout', message: 't' }), 'Expired', /^t$/],
    ['stopped by the delegate, not by us', end({ status: 'aborted' }), 'Failed', /delegate "D" stopped the step/],
    ['no result at all', end({}), 'Failed', /without a result/],
    ['nobody took it', end({ outcome: 'notAcquired', message: 'r' }), 'Failed', /no delegate took the task: r/],
    ['lease lost', end({ outcome: 'leaseLost', message: 'r' }), 'Failed', /lost while it worked: r/],
    ['timed out', end({ outcome: 'timedOut' }), 'Expired', /within its timeout/],
    ['aborted by somebody else', end({ outcome: 'aborted' }), 'Aborted', /aborted/],
    ['silence', SILENT_END, 'Expired', /neither a result nor an expiry/],
  ] as const)('%s', (_what, given, status, message) => {
    const ending = endingOf(given, null);
    expect(ending.status).toBe(status);
    if (message) expect(ending.failure?.message).toMatch(message);
    else expect(ending.failure).toBeNull();
  });

  it.each([
    ['a success in the meantime stays one', end({ status: 'succeeded' }), 'aborted', 'Success', undefined],
    ['a confirmed stop', end({ status: 'aborted' }), 'aborted', 'Aborted', undefined],
    ['a failure in the meantime is told', end({ status: 'failed', message: 'm' }), 'aborted', 'Aborted', 'm'],
    ['no confirmation', SILENT_END, 'aborted', 'Aborted', undefined],
    [
      'stopped by a timeout',
      end({ status: 'aborted' }),
      'expired',
      'Expired',
      'it was stopped because the timeout of its stage or pipeline was reached',
    ],
  ] as const)('when stopped: %s', (_what, given, stop, status, message) =>
    expect(endingOf(given, stop)).toMatchObject({ status, failure: message === undefined ? null : { message } }),
  );
});

it('the same work has the same task id', () => {
  expect(taskIdOf('e', 'n', 'step')).toBe('e:n:step1');
  expect(taskIdOf('e', 'n', 'step')).toMatch(/^[\w:.-]{1,200}$/);
});
