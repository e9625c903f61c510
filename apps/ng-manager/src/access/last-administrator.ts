import { AppError } from '@sluice/kernel';
import type { Stores } from '../persistence/unit-of-work.js';

/**
 * Runs a change of people, groups or roles; it is undone when the account had an administrator who can sign in and has none afterwards.
 * @throws AppError INVALID_REQUEST
 */
export async function keepingAnAdministrator<T>(
  stores: Stores,
  accountId: string,
  change: () => Promise<T>,
): Promise<T> {
  await stores.roleBindings.lockPeople(accountId);
  const hadOne = await stores.roleBindings.hasAdministrator(accountId);
  const result = await change();
  if (!hadOne || (await stores.roleBindings.hasAdministrator(accountId))) return result;
  throw new AppError(
    'INVALID_REQUEST',
    `account ${accountId} would be left without an administrator; make somebody else Account Admin first`,
  );
}
