import { describe, expect, it } from '@jest/globals';
import { storable } from './storable-text.js';

describe('storable text', () => {
  it('replaces NUL and halves of surrogate pairs, wherever they are', () => {
    expect(storable({ a: ['x\u0000y', { b: 'cut \ud83d' }], c: null, d: 1, e: undefined })).toEqual({
      a: ['x\ufffdy', { b: 'cut \ufffd' }],
      c: null,
      d: 1,
      e: undefined,
    });
  });

  it('leaves whole pairs and everything else alone', () => {
    const text = 'ä 😀 \u001f \n \\u0000';
    expect(storable(text)).toBe(text);
  });

  it('replaces them in names of fields, also where a half pair stands beside a whole one', () => {
    expect(storable({ 'a\u0000': '😀\ude00' })).toEqual({ 'a\ufffd': '😀\ufffd' });
  });
});
