import { describe, expect, it } from '@jest/globals';

import { SessionStore, checkApiKey } from './session.js';

function aStorage(initial: Record<string, string> = {}) {
  const entries = new Map(Object.entries(initial));
  return {
    entries,
    getItem: (key: string) => entries.get(key) ?? null,
    setItem: (key: string, value: string) => void entries.set(key, value),
    removeItem: (key: string) => void entries.delete(key),
  };
}

describe('an API key', () => {
  it.each(['pat.ACC.id.secret', ' pat.ACC.id.secret\n', 'SAT.ACC.id.secret'])('%j names its account', (text) => {
    expect(checkApiKey(text)).toEqual({ isValid: true, apiKey: text.trim(), accountId: 'ACC' });
  });

  it.each([
    '',
    '   ',
    'secret',
    'pat.ACC.id',
    'pat..id.secret',
    'pat.ACC.id.sec.ret',
    'jwt.ACC.id.secret',
    'pat.ACC.id.sec ret',
    'pat.ÄCC.id.secret',
  ])('%j is refused with a reason', (text) => {
    const checked = checkApiKey(text);
    expect(checked.isValid).toBe(false);
    expect(checked.isValid ? '' : checked.problem).not.toBe('');
  });
});

describe('the session', () => {
  const key = { apiKey: 'pat.ACC.id.secret', accountId: 'ACC' };

  it('survives a reload of the tab and ends with sign-out', () => {
    const storage = aStorage();
    new SessionStore(storage).signIn(key);
    const reloaded = new SessionStore(storage);
    expect(reloaded.current()).toEqual({ status: 'signed-in', ...key });
    reloaded.signOut();
    expect(reloaded.current()).toEqual({ status: 'signed-out', reason: 'left' });
    expect(new SessionStore(storage).current()).toEqual({ status: 'signed-out', reason: 'none' });
    expect(storage.entries.size).toBe(0);
  });

  it('that expired says so, forgets the key and tells listeners once', () => {
    const storage = aStorage();
    const store = new SessionStore(storage);
    store.signIn(key);
    const seen: string[] = [];
    const stop = store.subscribe(() => seen.push(store.current().status));
    store.expire();
    store.expire();
    stop();
    expect(store.current()).toEqual({ status: 'signed-out', reason: 'expired' });
    expect([seen, storage.entries.size]).toEqual([['signed-out'], 0]);
  });

  it('does not start from something that is not a key', () => {
    expect(new SessionStore(aStorage({ 'sluice.apiKey': 'nonsense' })).current().status).toBe('signed-out');
  });
});
