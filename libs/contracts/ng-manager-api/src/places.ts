import { entityName, identifier, ngPageQuery, queryList, scopeQuery, tagMap } from '@sluice/api-conventions';
import { z } from 'zod';

/** Query of every NG route. Clients add further keys (`routingId`); those are dropped, never refused (api-contract 1.3). */
export const ngScope = z.object(scopeQuery);
export const ngAccount = z.object({ accountIdentifier: scopeQuery.accountIdentifier });

export const ngList = {
  ...scopeQuery,
  ...ngPageQuery,
  searchTerm: z.string().max(256).optional(),
  /** `field,ASC`, `field,DESC`, or `fieldName=field&orderType=DESC` in one text. */
  sortOrders: queryList.optional(),
};

export const byIdentifier = z.object({ identifier: z.string().min(1).max(128) });

/** What every named entity has. `description` and `tags` are echoed as sent. */
export const named = {
  identifier,
  name: entityName,
  description: z.string().max(1024).nullish(),
  tags: tagMap.nullish(),
};

/** Where an entity of account, org or project level lives, as bodies carry it. */
export const scopeInBody = {
  orgIdentifier: z.string().max(128).nullish(),
  projectIdentifier: z.string().max(128).nullish(),
};

/** Milliseconds since the Unix epoch. */
export const epochMs = z.int();

/** Copies of what is inside a wrapped list row, for clients that show only top-level keys (api-contract 7.4). */
export const rowCopies = {
  identifier: z.string().optional(),
  name: z.string().optional(),
  type: z.string().optional(),
};
