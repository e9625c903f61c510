import type { IncomingHttpHeaders } from 'node:http';
import { AppError } from '@sluice/kernel';

const KEY = /^(pat|sat)\.([\w-]{1,128})\.([\w-]{1,128})\.([\w-]{1,256})$/i;

/** The API key a request shows, in `x-api-key` or as a bearer token. Undefined when it shows neither. @throws AppError INVALID_TOKEN when it cannot be a key */
export function apiKeyOf(headers: IncomingHttpHeaders): string | undefined {
  const given = headers['x-api-key'] ?? bearerOf(headers.authorization);
  if (given === undefined) return undefined;
  if (typeof given !== 'string' || !KEY.test(given)) {
    throw new AppError(
      'INVALID_TOKEN',
      'the API key is not of the form pat.<account>.<id>.<secret> or sat.<account>.<id>.<secret>; create one in your profile',
    );
  }
  return given;
}

function bearerOf(authorization: string | undefined): string | undefined {
  if (authorization === undefined) return undefined;
  return /^Bearer +(.+)$/i.exec(authorization)?.[1] ?? '';
}

/** Every place of a request that may name an account (api-contract 1.3). */
const ACCOUNT_QUERY_KEYS = ['accountIdentifier', 'accountID', 'routingId'] as const;

/** The account is the key's; whatever else names one must agree. @throws AppError ACCESS_DENIED naming the place that differs */
export function assertOneAccount(accountId: string, headers: IncomingHttpHeaders, query: string): void {
  const header = headers['harness-account'];
  if (header !== undefined && header !== '' && header !== accountId)
    throw differs(accountId, 'header Harness-Account', String(header));
  if (!/account|routing|%/i.test(query)) return;
  const search = new URLSearchParams(query);
  for (const name of ACCOUNT_QUERY_KEYS) {
    for (const value of search.getAll(name))
      if (value !== '' && value !== accountId) throw differs(accountId, `query ${name}`, value);
  }
}

function differs(accountId: string, place: string, value: string): AppError {
  return new AppError(
    'ACCESS_DENIED',
    `the key belongs to account ${accountId}, but ${place} says ${value.slice(0, 64)}`,
  );
}
