import type { ListRoute } from './list-routes.js';

/** One way to ask for a list: its query, and in a few words what is special about it. */
export interface Variant {
  readonly name: string;
  readonly query: Readonly<Record<string, string>>;
}

/** Found in about a fifth of all names, in a handful, in none. */
const SEARCHES = ['orders', '777', 'zzzz'] as const;
/** What lists of the NG dialect can be ordered by. */
const NG_SORTS = ['name', 'createdAt', 'lastModifiedAt'] as const;
const ORDERS = ['ASC', 'DESC'] as const;

/** First, middle and last page in the default and the largest size; each search; each documented order, at both ends of the list. */
export function variantsOf(list: ListRoute, total: number, defaultSize: number): readonly Variant[] {
  const { paging, largest, searchKey } = list;
  const searches =
    searchKey === undefined ? [] : SEARCHES.map((term) => ({ name: `search ${term}`, query: { [searchKey]: term } }));
  if (paging.kind === 'whole') return [{ name: 'all', query: {} }, ...searches];
  const pages = (size: number, label: string): Variant[] => {
    const last = Math.max(0, Math.ceil(total / size) - 1);
    const places = new Map(
      [
        [0, 'first page'],
        [Math.floor(last / 2), 'middle page'],
        [last, 'last page'],
      ].map(([page, name]) => [Number(page), String(name)]),
    );
    places.set(0, 'first page');
    return [...places].map(([page, name]) => ({
      name: `${label}${name} of ${size}`,
      query: { [paging.page]: String(page), [paging.size]: String(size) },
    }));
  };
  const ordered = sortsOf(list).flatMap(({ name, query }) =>
    [0, Math.max(0, Math.ceil(total / defaultSize) - 1)].map((page) => ({
      name: `${name}, page ${page}`,
      query: { ...query, [paging.page]: String(page) },
    })),
  );
  return [{ name: 'as it is', query: {} }, ...pages(defaultSize, ''), ...pages(largest, ''), ...searches, ...ordered];
}

function sortsOf({ paging, sorts, route }: ListRoute): readonly Variant[] {
  if (sorts.length > 0)
    return sorts.flatMap((sort) => ORDERS.map((order) => ({ name: `${sort} ${order}`, query: { sort, order } })));
  if (paging.kind !== 'ng' || !('sortOrders' in ((route.query as { shape?: object } | undefined)?.shape ?? {})))
    return [];
  return NG_SORTS.flatMap((sort) =>
    ORDERS.map((order) => ({ name: `${sort} ${order}`, query: { sortOrders: `${sort},${order}` } })),
  );
}
