import { describe, expect, it } from '@jest/globals';
import { ordersOf } from './page.js';

const sortable = { name: 'name', lastModifiedAt: 'updatedAt' };

describe('the order of a list', () => {
  it('is asked for by names on the wire, in either spelling', () => {
    expect(ordersOf(['name,DESC', 'lastModifiedAt:asc', ' name '], sortable)).toEqual([
      { property: 'name', direction: 'DESC' },
      { property: 'updatedAt', direction: 'ASC' },
      { property: 'name', direction: 'ASC' },
    ]);
  });

  it('is asked for by name and type in one text, as the MCP client documents it', () => {
    expect(
      ordersOf(['fieldName=name&orderType=DESC', 'orderType=asc&fieldName=lastModifiedAt', 'fieldName=name'], sortable),
    ).toEqual([
      { property: 'name', direction: 'DESC' },
      { property: 'updatedAt', direction: 'ASC' },
      { property: 'name', direction: 'ASC' },
    ]);
  });

  it.each([
    'fieldName=valueOf&orderType=ASC',
    'orderType=ASC',
    'fieldName=',
    'valueOf',
    'constructor,ASC',
    '__proto__',
    'toString:DESC',
    'unknown',
    '',
    ',',
  ])('is not changed by %j, which is no field of it', (order) => expect(ordersOf([order], sortable)).toEqual([]));
});
