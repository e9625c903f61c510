import { AppError } from './errors.js';

/** Most users an error names; the rest are counted. */
export const MOST_USERS_NAMED = 20;

/**
 * Why something in use is not deleted: ENTITY_REFERENCED naming its users and the remedy.
 * @param what as people call it: `connector "db"`
 * @param users one text each, at least one: `pipeline deploy (project A/o/p)`
 */
export function inUse(what: string, users: readonly string[]): AppError {
  const named = users.slice(0, MOST_USERS_NAMED);
  const more = users.length > named.length ? ' and others' : '';
  return new AppError(
    'ENTITY_REFERENCED',
    `${what} is used by ${named.join(', ')}${more}; change or delete them first, or send forceDelete=true`,
    { users: named },
  );
}
