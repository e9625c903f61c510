import { AppError } from '@sluice/kernel';
import type { ApiKey, ApiKeyAggregate, Token, TokenOut } from '@sluice/ng-manager-api';
import type { ApiKeyRow, ApiTokenRow, KeyOwner } from './api-key.repository.js';

/** Whose keys they are: as sign-in knows them, as requests name them, and as people know them. */
export interface NamedOwner extends KeyOwner {
  readonly apiKeyType: 'USER' | 'SERVICE_ACCOUNT';
  /** Uuid of a user, identifier of a service account. */
  readonly parentIdentifier: string;
  readonly name: string;
  readonly email: string;
}

type Described = Pick<ApiTokenRow, 'name' | 'description' | 'tags'>;

export function describe({ name, description, tags }: ApiKey | Token): Described {
  return { name, description: description ?? null, tags: tags ?? {} };
}

export function keyValues(key: ApiKey): Described & Pick<ApiKeyRow, 'defaultTimeToExpireMs'> {
  return {
    ...describe(key),
    defaultTimeToExpireMs: key.defaultTimeToExpireToken == null ? null : String(key.defaultTimeToExpireToken),
  };
}

/** The end of the year 9999, the last instant the API takes. */
const LAST_INSTANT = 253_402_300_799_999;

/** When a token works: `validTo` and `scheduledExpireTime` are two ends of which the earlier counts. */
export type Validity = Pick<ApiTokenRow, 'validFrom' | 'validTo' | 'scheduledExpireAt'>;

/**
 * What a request makes of the validity there is: an absent time stays, null clears it, and 0 is no end as clients of typed languages send it.
 * @throws AppError INVALID_REQUEST for an end that does not lie after the start
 */
export function validityOf(
  token: Pick<Token, 'validFrom' | 'validTo' | 'scheduledExpireTime'>,
  known: Validity,
): Validity {
  const timeOf = (sent: number | null | undefined, kept: Date | null): Date | null =>
    sent === undefined ? kept : sent ? new Date(sent) : null;
  const validity = {
    validFrom: token.validFrom ? new Date(token.validFrom) : known.validFrom,
    validTo: timeOf(token.validTo, known.validTo),
    scheduledExpireAt: timeOf(token.scheduledExpireTime, known.scheduledExpireAt),
  };
  for (const [field, end] of [
    ['validTo', validity.validTo],
    ['scheduledExpireTime', validity.scheduledExpireAt],
  ] as const) {
    if (!end || end > validity.validFrom) continue;
    throw new AppError('INVALID_REQUEST', `${field} must be later than validFrom (milliseconds since 1970)`, {
      fields: [{ field, error: 'is not later than validFrom' }],
    });
  }
  return validity;
}

/**
 * When a token ends that says nothing of it. Pure.
 * @param keyLifeMs what its key says; 0 for nothing
 * @param accountLifeMs what the account says, counted from now at the earliest: a token made valid from long ago is no dead one
 */
export function defaultEnd(
  validFrom: Date,
  keyLifeMs: number,
  accountLifeMs: number | undefined,
  now = Date.now(),
): Date | null {
  if (keyLifeMs > 0) return new Date(validFrom.getTime() + keyLifeMs);
  return accountLifeMs === undefined
    ? null
    : new Date(Math.min(Math.max(validFrom.getTime(), now) + accountLifeMs, LAST_INSTANT));
}

/** The same length of life, starting now; `end` for a token that had none. */
export function renewed({ validFrom, validTo }: Validity, now: number, end: Date | null): Validity {
  return {
    validFrom: new Date(now),
    validTo: validTo ? new Date(now + validTo.getTime() - validFrom.getTime()) : end,
    scheduledExpireAt: null,
  };
}

export function endOf({ validTo, scheduledExpireAt }: Validity): Date | null {
  if (!validTo || !scheduledExpireAt) return validTo ?? scheduledExpireAt;
  return validTo < scheduledExpireAt ? validTo : scheduledExpireAt;
}

export function presentKey(row: ApiKeyRow, { apiKeyType, parentIdentifier }: NamedOwner): ApiKey {
  return {
    identifier: row.identifier,
    name: row.name,
    description: row.description ?? '',
    tags: row.tags,
    apiKeyType,
    parentIdentifier,
    ...(row.defaultTimeToExpireMs === null ? {} : { defaultTimeToExpireToken: Number(row.defaultTimeToExpireMs) }),
    accountIdentifier: row.accountId,
    orgIdentifier: row.orgId,
    projectIdentifier: row.projectId,
    governanceMetadata: null,
  };
}

export function presentKeyAggregate(row: ApiKeyRow, owner: NamedOwner, tokensCount: number): ApiKeyAggregate {
  return {
    apiKey: presentKey(row, owner),
    createdAt: row.createdAt.getTime(),
    lastModifiedAt: row.updatedAt.getTime(),
    createdBy: { name: owner.name, email: owner.email },
    tokensCount,
  };
}

export function presentToken(
  row: ApiTokenRow,
  { apiKeyType, parentIdentifier }: NamedOwner,
  now = Date.now(),
): TokenOut {
  const end = endOf(row);
  return {
    identifier: row.identifier,
    name: row.name,
    description: row.description ?? '',
    tags: row.tags,
    apiKeyType,
    parentIdentifier,
    apiKeyIdentifier: row.apiKeyIdentifier,
    accountIdentifier: row.accountId,
    orgIdentifier: row.orgId,
    projectIdentifier: row.projectId,
    validFrom: row.validFrom.getTime(),
    ...(row.validTo ? { validTo: row.validTo.getTime() } : {}),
    ...(row.scheduledExpireAt ? { scheduledExpireTime: row.scheduledExpireAt.getTime() } : {}),
    valid: row.status === 'active' && row.validFrom.getTime() <= now + 1_000 && (end === null || end.getTime() > now),
    email: null,
    username: null,
    encodedPassword: null,
  };
}
