import { describe, expect, it } from '@jest/globals';
import { LIMITS, mebibytes } from './limits.js';

describe('limits', () => {
  it('let every hop take what the hop before it took', () => {
    const room = 64 * 1024;
    for (const hop of [LIMITS.frameBytes, LIMITS.rpcMessageBytes, LIMITS.reportBodyBytes, LIMITS.socketBacklogBytes])
      expect(hop).toBeGreaterThanOrEqual(LIMITS.resultBytes + room);
    expect(LIMITS.storedLogBodyBytes).toBeGreaterThan(LIMITS.stepLogBytes);
    expect(LIMITS.bodyBytes).toBeGreaterThan(LIMITS.gitFileBytes);
  });

  it('are said in MiB', () => {
    expect([mebibytes(LIMITS.resultBytes), mebibytes(LIMITS.resultBytes + 200_000)]).toEqual(['64 MiB', '64.2 MiB']);
  });
});
