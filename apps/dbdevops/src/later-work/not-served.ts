import { AppError } from '@sluice/kernel';

export const FLYWAY_RUNS = 'running Flyway migrations is';
export const FLYWAY_INSTEAD = 'use a DB schema with migrationType Liquibase';

/**
 * The answer of a documented route whose work Sluice does not do yet: never a success that did not happen, nor an empty list of what was not looked at.
 * @param what with its verb: `running Flyway migrations is`
 * @param instead what to do, where there is something: `use …`
 */
export function notServed(what: string, instead?: string): AppError {
  return new AppError('NOT_IMPLEMENTED', `${what} not built yet${instead === undefined ? '' : `; ${instead}`}`);
}
