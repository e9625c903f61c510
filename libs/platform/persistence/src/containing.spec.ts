import { describe, expect, it } from '@jest/globals';
import { containing } from './containing.js';

describe('a search pattern', () => {
  it('finds the term anywhere', () => {
    expect(containing('order')).toBe('%order%');
  });

  it('takes the wildcards of SQL for themselves', () => {
    expect(containing('50%_\\')).toBe('%50\\%\\_\\\\%');
  });
});
