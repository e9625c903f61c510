import { describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { decrypt, encrypt } from './envelope.js';

describe('envelope encryption', () => {
  const key = randomBytes(32);

  it('gives back what went in, and never the same bytes twice', () => {
    const [one, two] = [encrypt(key, Buffer.from('välue'), 'here'), encrypt(key, Buffer.from('välue'), 'here')];
    expect(decrypt(key, one, 'here').toString()).toBe('välue');
    expect(one.equals(two)).toBe(false);
  });

  it('does not open with another key, in another place, or changed', () => {
    const sealed = encrypt(key, Buffer.from('value'), 'secret/a');
    expect(() => decrypt(randomBytes(32), sealed, 'secret/a')).toThrow();
    expect(() => decrypt(key, sealed, 'secret/b')).toThrow();
    const changed = Buffer.from(sealed);
    changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
    expect(() => decrypt(key, changed, 'secret/a')).toThrow();
    expect(() => decrypt(key, Buffer.from([9, 9]), 'secret/a')).toThrow(/unknown format/);
  });
});
