import { AppError } from '@sluice/kernel';
import type { DbSchema } from '../db-schema/db-schema.js';

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

/**
 * For what only a run could have found out: of a Flyway schema there is none, so that an empty answer would say that nothing is deployed.
 * @throws AppError NOT_IMPLEMENTED for a Flyway schema
 */
export function requireRun({ migrationType }: Pick<DbSchema, 'migrationType'>): void {
  if (migrationType === 'Flyway') throw notServed(FLYWAY_RUNS, FLYWAY_INSTEAD);
}
