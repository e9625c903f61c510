import { describe, expect, it } from '@jest/globals';

import { triggerState } from './trigger-state.js';

const valid = {
  pollingSubscriptionStatus: null,
  validationStatus: { statusResult: 'SUCCESS' as const, detailedMessage: null },
  webhookAutoRegistrationStatus: null,
};
const idle = { enabled: true, lastTriggerExecutionDetails: null, triggerStatus: valid };

describe('the state of a trigger', () => {
  it('does not read as if it fired when it never did', () => {
    expect(triggerState(idle)).toEqual({ label: 'Stored; triggers do not start runs yet', problem: undefined });
  });

  it('is on once it has started something, and off when it is switched off', () => {
    const ran = {
      lastExecutionTime: 1,
      lastExecutionSuccessful: true,
      lastExecutionStatus: 'SUCCESS',
      planExecutionId: 'E',
      message: null,
    };
    expect([
      triggerState({ ...idle, lastTriggerExecutionDetails: ran }).label,
      triggerState({ ...idle, enabled: false }).label,
    ]).toEqual(['Switched on', 'Switched off']);
  });

  it.each([
    ['inputs.x: has no value', 'inputs.x: has no value'],
    [null, 'It does not fit its pipeline.'],
  ])('says what keeps it from starting its pipeline (%s)', (detailedMessage, problem) => {
    expect(
      triggerState({
        ...idle,
        triggerStatus: { ...valid, validationStatus: { statusResult: 'FAILED', detailedMessage } },
      }).problem,
    ).toBe(problem);
  });
});
