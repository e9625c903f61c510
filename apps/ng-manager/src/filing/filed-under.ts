import { nothingToUse, resolveRefIn, type User } from '@sluice/api-conventions';
import type { Scope, ScopedRef } from '@sluice/kernel';
import { FILING_KINDS, type FilingKind } from '@sluice/ng-manager-api';
import type { Stores } from '../persistence/unit-of-work.js';
import type { FilingKey } from './filing.repository.js';

export function isFilingKind(kind: string): kind is FilingKind {
  return FILING_KINDS.some((one) => one === kind);
}

/** How others refer to it inside its scope: an infrastructure with its environment, `prod/cluster`. */
export function nameOf({ environment, identifier }: Pick<FilingKey, 'environment' | 'identifier'>): string {
  return environment === '' ? identifier : `${environment}/${identifier}`;
}

/** The same as a place in the scope. */
export function refOf({ scope, ...key }: FilingKey): ScopedRef {
  return { scope, identifier: nameOf(key) };
}

/** The key of what a reference leads to. */
export function keyAt(kind: FilingKind, { scope, identifier }: ScopedRef): FilingKey {
  if (kind !== 'infrastructure') return { scope, kind, environment: '', identifier };
  const at = identifier.indexOf('/');
  return { scope, kind, environment: identifier.slice(0, Math.max(at, 0)), identifier: identifier.slice(at + 1) };
}

/**
 * What a reference to a service, environment or infrastructure leads to; held against its removal until the transaction ends. Whether the user may see
 * it is the business of who has their rights.
 * @throws AppError INVALID_IDENTIFIER_REF naming the field and the remedy
 */
export async function requireFiled(
  stores: Stores,
  user: Pick<User, 'principal'>,
  kind: FilingKind,
  field: string,
  ref: string,
  from: Scope,
): Promise<FilingKey> {
  const at = resolveRefIn(field, ref, from);
  const key = keyAt(kind, at);
  if (await stores.filing.find(key, { lock: 'share' })) return key;
  throw nothingToUse(user, kind, field, ref, at);
}
