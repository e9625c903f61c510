import { describe, expect, it } from '@jest/globals';
import { AppError } from '@sluice/kernel';
import type { SignedIn } from '@sluice/ng-manager-api';
import { KeyAuthenticator } from './key-authenticator.js';

/** ng-manager as the authenticator sees it: a queue of answers. */
function ngManager(...answers: (SignedIn | AppError)[]) {
  const state = { calls: 0 };
  return {
    state,
    call: (async () => {
      const answer = answers[Math.min(state.calls, answers.length - 1)];
      state.calls += 1;
      if (answer instanceof AppError) throw answer;
      return answer;
    }) as never,
  };
}

const good = (cacheMs: number): SignedIn => ({
  accountId: 'ACC',
  keyId: 'k1',
  cacheMs,
  principal: { type: 'user', id: 'u', name: 'Ann', email: 'ann@acc.example' },
  grants: [],
});
const attempt = (apiKey = 'pat.ACC.k1.secret') => ({
  apiKey,
  clientAddress: '10.0.0.1',
  correlationId: 'c',
  traceparent: undefined,
});

describe('a key that was checked', () => {
  it('is known for as long as ng-manager allows, and no longer', async () => {
    const clock = { time: 0, now: () => clock.time };
    const keys = new KeyAuthenticator(ngManager(good(1_000)), clock);
    expect(keys.known('pat.ACC.k1.secret')).toBeUndefined();
    await keys.ask(attempt());
    clock.time = 999;
    expect(keys.known('pat.ACC.k1.secret')?.identity.accountId).toBe('ACC');
    expect(keys.known('pat.ACC.k1.secreT')).toBeUndefined();
    clock.time = 1_000;
    expect(keys.known('pat.ACC.k1.secret')).toBeUndefined();
  });

  it('is refused again without asking for five seconds after a refusal', async () => {
    const clock = { time: 0, now: () => clock.time };
    const double = ngManager(new AppError('REVOKED_TOKEN', 'revoked'));
    const keys = new KeyAuthenticator(double, clock);
    await expect(keys.ask(attempt())).rejects.toThrow('revoked');
    clock.time = 4_999;
    expect(() => keys.known('pat.ACC.k1.secret')).toThrow('revoked');
    clock.time = 5_000;
    expect(keys.known('pat.ACC.k1.secret')).toBeUndefined();
    expect(double.state.calls).toBe(1);
  });

  it('is asked about again at once when ng-manager could not be reached', async () => {
    const double = ngManager(new AppError('UPSTREAM_UNAVAILABLE', 'down'), good(1_000));
    const keys = new KeyAuthenticator(double, { now: () => 0 });
    await expect(keys.ask(attempt())).rejects.toThrow('down');
    expect(keys.known('pat.ACC.k1.secret')).toBeUndefined();
    expect((await keys.ask(attempt())).keyId).toBe('k1');
  });

  it('counts as good for ten minutes, until it is refused', async () => {
    const clock = { time: 0, now: () => clock.time };
    const keys = new KeyAuthenticator(
      ngManager(good(1_000), good(1_000), new AppError('REVOKED_TOKEN', 'revoked')),
      clock,
    );
    expect(keys.wasGood('pat.ACC.k1.secret')).toBe(false);
    await keys.ask(attempt());
    clock.time = 599_999;
    expect(keys.wasGood('pat.ACC.k1.secret')).toBe(true);
    clock.time = 600_000;
    expect(keys.wasGood('pat.ACC.k1.secret')).toBe(false);
    await keys.ask(attempt());
    clock.time += 1_000;
    await expect(keys.ask(attempt())).rejects.toThrow('revoked');
    expect(keys.wasGood('pat.ACC.k1.secret')).toBe(false);
  });

  it('is asked about once by all who bring it together', async () => {
    const double = ngManager(good(1_000));
    const keys = new KeyAuthenticator(double, { now: () => 0 });
    await Promise.all([keys.ask(attempt()), keys.ask(attempt()), keys.ask(attempt('pat.ACC.k2.other'))]);
    expect(double.state.calls).toBe(2);
  });

  it('is not asked about again by a request that was held up while the answer came', async () => {
    const double = ngManager(good(1_000));
    const keys = new KeyAuthenticator(double, { now: () => 0 });
    expect(keys.known('pat.ACC.k1.secret')).toBeUndefined();
    await keys.ask(attempt());
    expect((await keys.ask(attempt())).keyId).toBe('k1');
    expect(double.state.calls).toBe(1);
  });

  it('goes first when ten thousand others came after it', async () => {
    const keys = new KeyAuthenticator(ngManager(good(1_000)), { now: () => 0 });
    for (let index = 0; index <= 10_000; index += 1) await keys.ask(attempt(`pat.ACC.k.${index}`));
    expect(keys.known('pat.ACC.k.0')).toBeUndefined();
    expect(keys.known('pat.ACC.k.1')).toBeDefined();
  });
});
