import { describe, expect, it } from '@jest/globals';
import { expectedVersionOf, requireVersion } from './if-match.js';

describe('If-Match', () => {
  it.each([
    ['3', 3],
    ['"3"', 3],
    ['W/"12"', 12],
    [' 0 ', 0],
  ])('%s names version %d', (header, version) => {
    expect(expectedVersionOf({ 'if-match': header })).toBe(version);
  });

  it.each([[undefined], [''], ['*']])('%s expects nothing', (header) => {
    expect(expectedVersionOf({ 'if-match': header })).toBeUndefined();
  });

  it.each([['abc'], ['-1'], ['1.5'], ['"1", "2"'], ['9'.repeat(16)]])('%s is refused by name', (header) => {
    expect(() => expectedVersionOf({ 'if-match': header })).toThrow(/If-Match/);
  });

  it('a version that is not the stored one is refused', () => {
    expect(() => requireVersion('pipeline deploy', 4, 3)).toThrow('pipeline deploy is at version 4');
    expect(() => requireVersion('pipeline deploy', 4, 4)).not.toThrow();
    expect(() => requireVersion('pipeline deploy', 4, undefined)).not.toThrow();
  });
});
