import { containing } from '@sluice/persistence';
import type { ObjectLiteral, SelectQueryBuilder } from 'typeorm';

/** Which part of a list is wanted. */
export interface PageRequest {
  /** 0-based. */
  readonly index: number;
  readonly size: number;
  readonly search?: string | undefined;
  /** `field,ASC`, or `fieldName=field&orderType=ASC` in one text; unknown fields are ignored. */
  readonly sort?: readonly string[] | undefined;
}

export interface Page<T> {
  readonly rows: T[];
  readonly total: number;
}

/** Properties a list is searched in (the last one breaks ties) and ordered by (name on the wire → property). */
export interface ListFields {
  readonly searched: readonly string[];
  readonly sortable: Readonly<Record<string, string>>;
}

const ENTITY_FIELDS: ListFields = {
  searched: ['name', 'identifier'],
  sortable: {
    name: 'name',
    identifier: 'identifier',
    createdAt: 'createdAt',
    lastModifiedAt: 'updatedAt',
    updatedAt: 'updatedAt',
  },
};

/** Applies search, order and bounds, and runs the query. The builder's alias must be `row`; ties are broken by identifier, then by the primary key. */
export async function readPage<T extends ObjectLiteral>(
  query: SelectQueryBuilder<T>,
  page: PageRequest,
  { searched, sortable }: ListFields = ENTITY_FIELDS,
): Promise<Page<T>> {
  if (page.search) {
    query.andWhere(`(${searched.map((field) => `row.${field} ILIKE :search`).join(' OR ')})`, {
      search: containing(page.search),
    });
  }
  const orders = ordersOf(page.sort ?? [], sortable);
  for (const { property, direction } of orders) query.addOrderBy(`row.${property}`, direction);
  if (orders.length === 0) query.addOrderBy('row.createdAt', 'DESC');
  // The primary key last: a list of several scopes holds one identifier more than once, and pages of equal rows would overlap.
  const ties = [
    searched.at(-1) ?? 'identifier',
    ...(query.expressionMap.mainAlias?.metadata.primaryColumns ?? []).map(({ propertyName }) => propertyName),
  ];
  for (const tie of new Set(ties)) {
    // A second order by the same column would take the place of the one asked for.
    if (!orders.some(({ property }) => property === tie)) query.addOrderBy(`row.${tie}`, 'ASC');
  }
  const [rows, total] = await query
    .skip(page.index * page.size)
    .take(page.size)
    .getManyAndCount();
  return { rows, total };
}

/**
 * What `field,ASC`, `field:DESC` and `fieldName=field&orderType=DESC` ask for, by the properties a list may be ordered by; every other name, also one
 * that objects inherit, is ignored. Pure.
 */
export function ordersOf(
  sort: readonly string[],
  sortable: ListFields['sortable'],
): readonly { readonly property: string; readonly direction: 'ASC' | 'DESC' }[] {
  return sort.flatMap((order) => {
    const [field = '', direction = ''] = partsOf(order).map((part) => part.trim());
    const property = Object.hasOwn(sortable, field) ? sortable[field] : undefined;
    return property
      ? [{ property, direction: direction.toUpperCase() === 'DESC' ? ('DESC' as const) : ('ASC' as const) }]
      : [];
  });
}

/** Field and direction of one order. The MCP client tells its users to write the second form, and sends what they write as it is. */
function partsOf(order: string): readonly string[] {
  if (!/^\s*(?:fieldName|orderType)\s*=/i.test(order)) return order.split(/[,:]/, 2);
  const keys = new Map([...new URLSearchParams(order.trim())].map(([key, value]) => [key.trim().toLowerCase(), value]));
  return [keys.get('fieldname') ?? '', keys.get('ordertype') ?? ''];
}
