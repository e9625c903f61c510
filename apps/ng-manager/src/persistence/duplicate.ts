import { AppError, formatScope, type Scope } from '@sluice/kernel';
import { isUniqueViolation } from '@sluice/persistence';

/** Runs an insert; a broken unique constraint becomes DUPLICATE_FIELD naming identifier and place. */
export async function refuseDuplicate<T>(
  what: string,
  identifier: string,
  scope: Scope,
  insert: () => Promise<T>,
): Promise<T> {
  try {
    return await insert();
  } catch (cause) {
    if (!isUniqueViolation(cause)) throw cause;
    throw new AppError(
      'DUPLICATE_FIELD',
      `${what} "${identifier}" exists already in ${formatScope(scope)}; choose another identifier`,
      { fields: [{ field: 'identifier', error: 'is taken' }] },
      { cause },
    );
  }
}
