import { describe, expect, it } from '@jest/globals';
import { expiryOf } from './token-expiry.js';

const token = (claims: object): string => `h.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.s`;

describe('the end of a log token', () => {
  it('is what the token says, and unknown when it says nothing that can be read', () => {
    expect(expiryOf(token({ exp: 1_800_000_000 }))).toBe(1_800_000_000_000);
    for (const unreadable of [token({}), 'log-token', '', 'a.b.c']) expect(expiryOf(unreadable)).toBeUndefined();
  });
});
