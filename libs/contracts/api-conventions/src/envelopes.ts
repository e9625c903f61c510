import { z } from 'zod';

/** NG page object (api-contract 1.6). */
export function ngPage<T extends z.ZodType>(row: T) {
  return z.object({
    totalPages: z.number().int(),
    totalItems: z.number().int(),
    pageItemCount: z.number().int(),
    pageSize: z.number().int(),
    content: z.array(row),
    pageIndex: z.number().int(),
    empty: z.boolean(),
  });
}

export interface NgPage<T> {
  totalPages: number;
  totalItems: number;
  pageItemCount: number;
  pageSize: number;
  content: T[];
  pageIndex: number;
  empty: boolean;
}

export function toNgPage<T>(content: T[], total: number, pageIndex: number, pageSize: number): NgPage<T> {
  return {
    totalPages: Math.ceil(total / pageSize),
    totalItems: total,
    pageItemCount: content.length,
    pageSize,
    content,
    pageIndex,
    empty: content.length === 0,
  };
}

/** Spring page object of the pipeline service (api-contract 1.6). */
export function springPage<T extends z.ZodType>(row: T) {
  return z.object({
    content: z.array(row),
    totalElements: z.number().int(),
    totalPages: z.number().int(),
    size: z.number().int(),
    number: z.number().int(),
    numberOfElements: z.number().int(),
    first: z.boolean(),
    last: z.boolean(),
    empty: z.boolean(),
    pageable: z.object({
      pageNumber: z.number().int(),
      pageSize: z.number().int(),
      offset: z.number().int(),
      paged: z.boolean(),
      unpaged: z.boolean(),
    }),
    sort: z.object({ sorted: z.boolean(), unsorted: z.boolean(), empty: z.boolean() }),
  });
}

export interface SpringPage<T> {
  content: T[];
  totalElements: number;
  totalPages: number;
  size: number;
  number: number;
  numberOfElements: number;
  first: boolean;
  last: boolean;
  empty: boolean;
  pageable: { pageNumber: number; pageSize: number; offset: number; paged: boolean; unpaged: boolean };
  sort: { sorted: boolean; unsorted: boolean; empty: boolean };
}

export function toSpringPage<T>(content: T[], total: number, page: number, size: number): SpringPage<T> {
  const totalPages = Math.ceil(total / size);
  return {
    content,
    totalElements: total,
    totalPages,
    size,
    number: page,
    numberOfElements: content.length,
    first: page === 0,
    last: page >= totalPages - 1,
    empty: content.length === 0,
    pageable: { pageNumber: page, pageSize: size, offset: page * size, paged: true, unpaged: false },
    sort: { sorted: true, unsorted: false, empty: false },
  };
}

/** `limit`/`page` of the v1 generation: default 10, at most 100; unknown query keys are tolerated (api-contract 1.3). */
export const v1PageQuery = {
  page: z.coerce.number().int().min(0).max(1_000_000).default(0),
  limit: z.coerce.number().int().min(1).max(100).default(10),
};

/** `pageIndex`/`pageSize` of the NG generation. */
export const ngPageQuery = {
  pageIndex: z.coerce.number().int().min(0).max(1_000_000).default(0),
  pageSize: z.coerce.number().int().min(1).max(1000).default(50),
};

/** `page`/`size` of the pipeline generation. */
export const springPageQuery = {
  page: z.coerce.number().int().min(0).max(1_000_000).default(0),
  size: z.coerce.number().int().min(1).max(1000).default(20),
};

/** The response of a paged v1 route: a bare array on the wire, with its total and place in headers. Set `isPaged` on the route. */
export function paged<T extends z.ZodType>(row: T) {
  return z.object({ items: z.array(row), total: z.number().int(), page: z.number().int(), limit: z.number().int() });
}

/** The response of a v1 route that answers an object with a page inside: `body` is what is on the wire, the rest goes to the headers. Set `isPagedObject` on the route. */
export function pagedObject<T extends z.ZodType>(body: T) {
  return z.object({ body, total: z.number().int(), page: z.number().int(), limit: z.number().int() });
}
