import { z } from 'zod';

/** NG-manager and pipeline success body: the payload is under `data` (api-contract 1.6). */
export function ngEnvelope<S extends z.ZodType>(data: S) {
  return z.object({ data, correlationId: z.string().nullish() });
}

/** Page of the NG-manager generation. */
export function ngPage<S extends z.ZodType>(row: S) {
  return z.object({ content: z.array(row), totalItems: z.number(), pageIndex: z.number().nullish() });
}

/** Page of the pipeline generation. */
export function springPage<S extends z.ZodType>(row: S) {
  return z.object({
    content: z.array(row),
    totalElements: z.number(),
    totalPages: z.number(),
    number: z.number().nullish(),
  });
}

/** Total of a v1 list, from its headers; the rows at hand where a server leaves the header out. */
export function totalElementsOf(headers: Headers, rowsAtHand: number): number {
  const total = Number(headers.get('x-total-elements') ?? Number.NaN);
  return Number.isInteger(total) && total >= 0 ? total : rowsAtHand;
}

/** Success body of the oldest NG routes (delegates, their tokens): the payload is under `resource`. */
export function restEnvelope<S extends z.ZodType>(resource: S) {
  return z.object({ resource });
}
