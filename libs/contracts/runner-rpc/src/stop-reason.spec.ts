import { describe, expect, it } from '@jest/globals';
import { STOPPED_BECAUSE } from './stop-reason.js';

describe('why a step was stopped', () => {
  it('is a request only when it was one; every other reason says what happened', () => {
    const { ABORT, ...others } = STOPPED_BECAUSE;
    expect(ABORT.message).toContain('on request');
    for (const { message } of Object.values(others)) {
      expect(message).not.toContain('on request');
      expect(message).toMatch(/^the (delegate|control plane|pod of the step) .* stopped/);
    }
  });

  it('tells failure strategies of a delegate that ends', () => {
    for (const reason of ['SHUTDOWN', 'ABANDONED'] as const)
      expect(STOPPED_BECAUSE[reason].failureType).toBe('DelegateRestart');
  });
});
