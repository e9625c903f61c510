import { describe, expect, it } from '@jest/globals';
import { waitFor } from '@sluice/kernel';
import { createLogger } from '@sluice/telemetry';
import { Removals } from './removals.js';

describe('removals', () => {
  it('are tried again while the process runs, until what is to go is gone', async () => {
    const removals = new Removals(createLogger('spec', 'silent'));
    let attempts = 0;
    await removals.remove('a pod', async () => {
      attempts += 1;
      if (attempts < 3) throw new Error('busy');
    });
    expect(attempts).toBe(1);
    await waitFor(() => attempts === 3, { timeoutMs: 120_000, what: 'the third attempt' });
    removals.close();
  });

  it('are not tried again once the process ends', async () => {
    const removals = new Removals(createLogger('spec', 'silent'));
    removals.close();
    let attempts = 0;
    await removals.remove('a pod', async () => {
      attempts += 1;
      throw new Error('busy');
    });
    expect(attempts).toBe(1);
  });
});
