import { AppError, formatScope, resolveRef, type RequestContext, type Scope, type ScopedRef } from '@sluice/kernel';
import { isAllowed, type Permission } from './access.js';

/** What can be referred to with a right of its own. */
export type UsableKind = 'connector' | 'secret' | 'service' | 'environment' | 'infrastructure';
/** Who writes a reference, or has one used. */
export type User = Pick<RequestContext, 'accountId' | 'principal' | 'grants'>;

/** To file something under a service or an environment sends nothing there, so seeing it is enough. */
const ACCESS: Readonly<Record<UsableKind, Permission>> = {
  connector: 'connector.access',
  secret: 'secret.access',
  service: 'service.view',
  environment: 'environment.view',
  infrastructure: 'environment.view',
};

/** May `user` use what lives at `at`? Says nothing about whether it is there. Pure; the one place that decides. */
export function mayUse({ accountId, grants }: User, kind: UsableKind, { scope, identifier }: ScopedRef): boolean {
  if (kind === 'connector' && isBuiltIn(scope, identifier)) return scope.accountId === accountId;
  return isAllowed(accountId, grants, ACCESS[kind], scope);
}

/** Connectors that are there from the start, so no other can have their names. They hold no secret and are for everybody who can refer to them. */
function isBuiltIn(scope: Scope, identifier: string): boolean {
  return identifier === 'harnessSecretManager' || (identifier === 'harnessImage' && scope.level === 'account');
}

/**
 * What a reference in a field of a request names, as seen from `from`. Pure.
 * @param field where it was written, such as `connector.spec.auth.spec.passwordRef`
 * @throws AppError INVALID_IDENTIFIER_REF naming the field
 */
export function resolveRefIn(field: string, ref: string, from: Scope): ScopedRef {
  try {
    return resolveRef(ref, from);
  } catch (cause) {
    if (!(cause instanceof AppError)) throw cause;
    throw new AppError(
      cause.code,
      `${field}: ${cause.message}`,
      { fields: [{ field, error: `"${ref}" cannot be used from here` }] },
      { cause },
    );
  }
}

/**
 * As {@link resolveRefIn}, for somebody who writes the reference or has it used: they need the right to use what it names, at the scope where that lives.
 * @throws AppError INVALID_IDENTIFIER_REF, worded as for a reference to what is not there
 */
export function resolveUsableRefIn(user: User, kind: UsableKind, field: string, ref: string, from: Scope): ScopedRef {
  const at = resolveRefIn(field, ref, from);
  if (mayUse(user, kind, at)) return at;
  throw nothingToUse(user, kind, field, ref, at);
}

/** The one answer for what is not there and for what `user` may not use, so that nobody learns from it which it is. */
export function nothingToUse(
  { principal }: Pick<User, 'principal'>,
  kind: UsableKind,
  field: string,
  ref: string,
  { scope, identifier }: ScopedRef,
): AppError {
  const role = kind === 'connector' || kind === 'secret' ? 'Resource User' : 'Viewer';
  const remedy = `create it first, or have somebody who administers ${formatScope(scope)} give you the role ${role} there`;
  return new AppError(
    'INVALID_IDENTIFIER_REF',
    `${field}: there is no ${kind} "${identifier}" in ${formatScope(scope)} that ${principal.name} may use; ${remedy}`,
    { fields: [{ field, error: `${kind} "${ref}" does not exist` }] },
  );
}
