import { z } from 'zod';

/** Identifier of an org, project, connector, secret, pipeline, stage or step (api-contract 1.5). */
export const identifier = z
  .string()
  .regex(
    /^[a-zA-Z_][0-9a-zA-Z_]{0,127}$/,
    'must start with a letter or underscore and hold only letters, digits and underscores, at most 128',
  );

/** Identifier of a DB schema or DB instance: `$` is allowed too. */
export const dbIdentifier = z
  .string()
  .regex(
    /^[a-zA-Z_][0-9a-zA-Z_$]{0,127}$/,
    'must start with a letter or underscore and hold only letters, digits, underscores and $, at most 128',
  );

export const entityName = z.string().min(1, 'must not be empty').max(128, 'must be at most 128 characters');

export const tagMap = z
  .record(z.string().max(128), z.string().max(128))
  .refine((tags) => Object.keys(tags).length <= 128, 'at most 128 tags');

/** A reference to another entity: `id`, `org.id` or `account.id` (api-contract 1.4). */
export const entityRef = z
  .string()
  .regex(/^((account|org)\.)?[a-zA-Z_][0-9a-zA-Z_$-]{0,127}$/, 'must be "id", "org.id" or "account.id"');

/** Scope query keys of the NG and pipeline generations. Clients send further keys (`routingId`); objects stay loose. */
export const scopeQuery = {
  accountIdentifier: z.string().min(1),
  orgIdentifier: z.string().min(1).optional(),
  projectIdentifier: z.string().min(1).optional(),
};

/** Path parameters of project-level v1 routes. */
export const projectParams = { org: z.string().min(1).max(128), project: z.string().min(1).max(128) };

/** `true`/`false` in a query string. */
export const queryBoolean = z.union(
  [z.boolean(), z.enum(['true', 'false', '']).transform((text) => text === 'true')],
  'must be true or false',
);

/** A query key that may be given once or repeatedly. */
export const queryList = z.union([z.array(z.string()), z.string().transform((one) => [one])]);

/** Identifiers, given repeatedly or in one text with commas between them: clients do either. A key without any narrows nothing. */
export const queryIdentifiers = queryList.transform((given) => {
  const named = given
    .flatMap((text) => text.split(','))
    .map((one) => one.trim())
    .filter((one) => one !== '');
  return named.length === 0 ? undefined : named;
});
