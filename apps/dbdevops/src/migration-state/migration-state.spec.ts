import { describe, expect, it } from '@jest/globals';
import { columnsOf } from './migration-state.service.js';

describe('instances beside a page of changesets', () => {
  it.each([
    [undefined, 10, { offset: 0, limit: 2_000 }],
    [undefined, 100, { offset: 0, limit: 200 }],
    [{ limit: 50, page: 3 }, 100, { offset: 150, limit: 50 }],
    [{ limit: 20_000 }, 100, { offset: 0, limit: 200 }],
    [{ page: 2 }, 100, { offset: 400, limit: 200 }],
  ])('asked for by %j with %i changesets are %j, so that no answer holds more than 20,000 cells', (filter, changesets, expected) => {
    expect(columnsOf(filter && { sort: 'identifier', order: 'ASC', ...filter }, changesets)).toEqual(expected);
  });
});
