import { AppError } from '@sluice/kernel';
import type { ConnectorBody } from '@sluice/ng-manager-api';

/** How a JDBC connector reaches its database. References are as written in the connector. */
export interface JdbcAccess {
  readonly url: string;
  readonly username?: string;
  readonly usernameRef?: string;
  readonly passwordRef?: string;
  readonly delegateSelectors: readonly string[];
}

/** Slots of a database login in tasks and steps. */
export const USERNAME_SLOT = 'db-username';
export const PASSWORD_SLOT = 'db-password';

/** Said of a connector wherever it is made known or tried. */
export function noDriver(product: string): string {
  return `there is no driver for ${product} here, so that it is kept, and its connection test and every step on it are refused; steps run on PostgreSQL, MariaDB and MySQL, by jdbc:postgresql:, jdbc:mariadb: and jdbc:mysql:`;
}

/** @throws AppError INVALID_REQUEST for another type of connector, NOT_IMPLEMENTED for ways to authenticate that cannot be used yet */
export function jdbcAccessOf(identifier: string, body: ConnectorBody): JdbcAccess {
  if (body.type !== 'JDBC')
    throw new AppError(
      'INVALID_REQUEST',
      `connector "${identifier}" is of type ${body.type}; a DB instance needs a connector of type JDBC`,
    );
  const { url, auth, delegateSelectors } = body.spec;
  const base = { url, delegateSelectors: delegateSelectors ?? [] };
  if (!auth) return base;
  if (auth.type !== 'UsernamePassword') throw unsupported(identifier, auth.type);
  const { username, usernameRef, passwordRef } = auth.spec;
  return { ...base, ...(username ? { username } : usernameRef ? { usernameRef } : {}), passwordRef };
}

function unsupported(identifier: string, authentication: string): AppError {
  return new AppError(
    'NOT_IMPLEMENTED',
    `connector "${identifier}" uses authentication ${authentication}, which cannot be used yet; use UsernamePassword`,
  );
}
