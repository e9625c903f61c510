import type { PageRequest } from './page.js';

const FIELDS = { name: 'name', identifier: 'identifier', created: 'createdAt', updated: 'lastModifiedAt' } as const;

/** Paging of the `/v1` generation as the repositories take it. */
export function v1Page({
  page,
  limit,
  search_term,
  sort,
  order,
}: {
  page: number;
  limit: number;
  search_term?: string | undefined;
  sort: keyof typeof FIELDS;
  order: 'ASC' | 'DESC';
}): PageRequest {
  return { index: page, size: limit, search: search_term, sort: [`${FIELDS[sort]},${order}`] };
}
