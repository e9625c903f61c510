import { describe, expect, it } from '@jest/globals';
import { columnsOf } from './migration-state.service.js';

describe('instances beside a page of changesets', () => {
  it.each([
    [undefined, 10, { offset: 0, limit: 1_000 }],
    [undefined, 100, { offset: 0, limit: 100 }],
    [{ limit: 50, page: 3 }, 100, { offset: 150, limit: 50 }],
    [{ limit: 10_000 }, 100, { offset: 0, limit: 100 }],
    [{ page: 2 }, 100, { offset: 200, limit: 100 }],
  ])(
    'asked for by %j with %i changesets are %j, so that no answer holds more than 10,000 cells',
    (filter, changesets, expected) => {
      expect(columnsOf(filter && { sort: 'identifier', order: 'ASC', ...filter }, changesets)).toEqual(expected);
    },
  );
});
