import { describe, expect, it } from '@jest/globals';
import { formatDelegateToken, newDelegateToken, parseDelegateToken } from './delegate-token.js';

describe('a delegate token', () => {
  const made = newDelegateToken();
  const plain = formatDelegateToken(made);
  const base64 = Buffer.from(plain).toString('base64');
  // As command-line tools write it: broken after 76 characters, of a text that ends with a line break.
  const wrapped = `${Buffer.from(`${plain}\n`).toString('base64').replace(/.{76}/g, '$&\n')}\n`;

  it.each([
    ['plain', plain],
    ['plain with blanks around', ` ${plain}\r\n`],
    ['in base64', base64],
    ['in base64 without its padding', base64.replace(/=+$/, '')],
    ['in base64 in several lines', wrapped],
  ])('is read %s', (_, text) => {
    expect(parseDelegateToken(text)).toEqual(made);
  });

  it.each([
    ['nothing', ''],
    ['blanks', ' \n'],
    ['no dot', made.secret],
    ['a short secret', `${made.id}.short`],
    ['base64 of base64', Buffer.from(base64).toString('base64')],
    ['base64 cut short', base64.slice(0, 5)],
    ['something long', 'a'.repeat(100_000)],
    ['a header inside', `${plain}\r\nx: y`],
  ])('is not %s', (_, text) => {
    expect(parseDelegateToken(text)).toBeUndefined();
  });
});
