import { describe, expect, it } from '@jest/globals';
import type { RequestContext, RoleGrant } from '@sluice/kernel';
import { isSecretOf, newApiKey, parseApiKey } from './api-key-text.js';
import { visibleTo } from './permission.js';

const ctxOf = (...grants: RoleGrant[]): RequestContext => ({
  accountId: 'A',
  principal: { type: 'user', id: 'u', name: 'Ann', email: 'a@example.com' },
  grants,
  correlationId: 'c',
  traceparent: undefined,
  signal: AbortSignal.timeout(60_000),
});

describe('API keys', () => {
  it('are made of 32 random bytes and recognised by their hash', () => {
    const key = newApiKey('A1');
    const parts = parseApiKey(key.text);
    expect(parts).toMatchObject({ kind: 'pat', accountId: 'A1', tokenId: key.tokenId });
    expect(parts?.secret).toHaveLength(43);
    expect(isSecretOf(key.secretHash, parts?.secret ?? '')).toBe(true);
    expect(isSecretOf(key.secretHash, `${parts?.secret}x`)).toBe(false);
  });

  it.each([
    '',
    'pat',
    'pat.a.b',
    'pat.a.b.short',
    'key.a.b.cccccccccccccccccccc',
    `pat.${'a'.repeat(65)}.b.cccccccccccccccccccc`,
    'pat.a.b.cccccccccccccccccc cc',
  ])('"%s" is none', (text) => {
    expect(parseApiKey(text)).toBeUndefined();
  });
});

describe('rights', () => {
  it('decide what a list shows', () => {
    expect(visibleTo(ctxOf({ role: 'viewer' }), 'project.view')).toBe('all');
    expect(
      visibleTo(ctxOf({ role: 'viewer', orgId: 'o' }, { role: 'viewer', orgId: 'x', projectId: 'p' }), 'project.view'),
    ).toEqual({ orgIds: ['o'], projects: [['x', 'p']] });
    expect(visibleTo(ctxOf(), 'project.view')).toEqual({ orgIds: [], projects: [] });
  });
});
