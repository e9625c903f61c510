import { describe, expect, it } from '@jest/globals';
import { changedPaths } from './changed-paths.js';

describe('what changed', () => {
  it('is named by path, whatever was added, removed or replaced', () => {
    expect(
      changedPaths(
        { name: 'a', spec: { url: 'x', auth: { user: 'u' } }, tags: ['a', 'b'], gone: 1 },
        { name: 'a', spec: { url: 'y', auth: { user: 'v' } }, tags: ['a', 'c', 'd'], extra: {} },
      ),
    ).toEqual(['spec.url', 'spec.auth.user', 'tags.1', 'tags.2', 'gone', 'extra']);
  });

  it('names a secret whose value differs, and no moment or version that always does', () => {
    expect(
      changedPaths(
        { ciphertext: Buffer.from('a'), updatedAt: new Date(1), version: 1 },
        { ciphertext: Buffer.from('b'), updatedAt: new Date(2), version: 2 },
      ),
    ).toEqual(['ciphertext']);
    expect(
      changedPaths(
        { at: new Date(1), bytes: Buffer.from('a'), none: null },
        { at: new Date(1), bytes: Buffer.from('a') },
      ),
    ).toEqual([]);
  });

  it('is the whole when the kind of value differs, and at most 200 paths', () => {
    expect(changedPaths({ a: [1] }, { a: { 0: 1 } })).toEqual(['a']);
    const many = (value: number) => Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`k${index}`, value]));
    expect(changedPaths(many(1), many(2))).toHaveLength(200);
  });
});
