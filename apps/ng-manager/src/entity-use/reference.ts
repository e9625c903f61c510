import { AppError, resolveRef, type Scope, type ScopedRef } from '@sluice/kernel';

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
    throw new AppError(cause.code, `${field}: ${cause.message}`, { fields: [{ field, error: `"${ref}" cannot be used from here` }] }, { cause });
  }
}
