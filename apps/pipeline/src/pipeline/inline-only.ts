import { AppError } from '@sluice/kernel';

/** Every pipeline and input set is stored inline. @throws AppError NOT_IMPLEMENTED, always */
export function refuseGit(what: string, remedy: string): never {
  throw new AppError(
    'NOT_IMPLEMENTED',
    `${what} is not possible: pipelines and input sets are stored inline here, not in Git; ${remedy}`,
  );
}

/** @throws AppError NOT_IMPLEMENTED for an entity that is to live in Git */
export function requireInline(git: { readonly store_type?: string | null | undefined } | null | undefined): void {
  const type = git?.store_type;
  if (type === undefined || type === null || type === '' || type === 'INLINE') return;
  throw new AppError(
    'NOT_IMPLEMENTED',
    `git_details.store_type is "${type}", but pipelines and input sets are stored inline here; leave git_details out or send store_type INLINE`,
    { fields: [{ field: 'git_details.store_type', error: 'must be INLINE' }] },
  );
}
