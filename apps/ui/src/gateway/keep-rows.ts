import { hashKey, type QueryKey } from '@tanstack/react-query';

/**
 * Keeps the rows on the screen while another page or search of the same list loads, so that nothing jumps; rows of
 * another list never stand under its heading.
 * @param listKey the parts of the query key that name the list, which come before search and page.
 */
export function keepRows(listKey: QueryKey) {
  return <Rows>(rows: Rows | undefined, previous: { readonly queryKey: QueryKey } | undefined): Rows | undefined =>
    previous && hashKey(previous.queryKey.slice(0, listKey.length)) === hashKey(listKey) ? rows : undefined;
}
