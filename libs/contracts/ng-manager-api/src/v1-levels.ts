import { identifier, scopeFromPathOrQuery, scopeOfAccount, v1PageQuery, type ScopeFrom } from '@sluice/api-conventions';
import { z } from 'zod';
import { named } from './places.js';

/** What the `/v1` twins of connectors and secrets share: the same routes at account, org and project, entities named by `identifier` or `slug`. */
const segment = z.string().min(1).max(128);
export const v1Segment = segment;

/** Clients append their account to every query. */
export const v1Account = { accountIdentifier: z.string().optional() };

export const v1ListKeys = {
  ...v1Account,
  ...v1PageQuery,
  search_term: z.string().max(256).optional(),
  sort: z.enum(['name', 'identifier', 'created', 'updated']).default('created'),
  order: z.enum(['ASC', 'DESC']).default('DESC'),
};

/** An entity as clients send it. */
export function v1EntityIn<Spec extends z.ZodType>(spec: Spec) {
  return z
    .object({
      identifier: identifier.optional(),
      slug: identifier.optional(),
      name: named.name,
      description: named.description,
      tags: named.tags,
      org: z.string().max(128).nullish(),
      project: z.string().max(128).nullish(),
      spec,
    })
    .refine(
      ({ identifier: key, slug }) => (key ?? slug) !== undefined && (!key || !slug || key === slug),
      'give identifier or slug (the same when both are given)',
    );
}

/** An entity as it is answered: under both names. */
export function v1EntityOut<Spec extends z.ZodType>(spec: Spec) {
  return z.object({
    identifier: z.string(),
    slug: z.string(),
    name: z.string(),
    org: z.string().nullable(),
    project: z.string().nullable(),
    description: z.string(),
    tags: z.record(z.string(), z.string()),
    spec,
  });
}

/** One of the levels the routes stand at. */
export interface V1Level<Place> {
  readonly name: 'Account' | 'Org' | 'Project';
  /** For summaries: "of the account". */
  readonly where: string;
  readonly path: string;
  readonly place: Place;
  readonly scopeFrom: ScopeFrom;
}

export const V1_ACCOUNT = {
  name: 'Account',
  where: 'of the account',
  path: '/v1',
  place: {},
  scopeFrom: scopeOfAccount,
} as const satisfies V1Level<object>;
export const V1_ORG = {
  name: 'Org',
  where: 'of an organization',
  path: '/v1/orgs/:org',
  place: { org: segment },
  scopeFrom: scopeFromPathOrQuery,
} as const satisfies V1Level<object>;
export const V1_PROJECT = {
  name: 'Project',
  where: 'of a project',
  path: '/v1/orgs/:org/projects/:project',
  place: { org: segment, project: segment },
  scopeFrom: scopeFromPathOrQuery,
} as const satisfies V1Level<object>;
