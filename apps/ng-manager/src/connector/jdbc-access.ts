import { AppError } from '@sluice/kernel';
import type { ConnectorBody } from '@sluice/ng-manager-api';

/** How a JDBC connector reaches its database. The reference is as written in the connector. */
export interface JdbcAccess {
  readonly url: string;
  readonly username?: string;
  readonly passwordRef?: string;
  readonly delegateSelectors: readonly string[];
}

/** @throws AppError INVALID_REQUEST for another type of connector, NOT_IMPLEMENTED for ways to authenticate that cannot be used yet */
export function jdbcAccessOf(identifier: string, body: ConnectorBody): JdbcAccess {
  if (body.type !== 'JDBC') throw new AppError('INVALID_REQUEST', `connector "${identifier}" is of type ${body.type}; a DB instance needs a connector of type JDBC`);
  const { url, auth, delegateSelectors } = body.spec;
  const base = { url, delegateSelectors: delegateSelectors ?? [] };
  if (!auth) return base;
  if (auth.type !== 'UsernamePassword') throw unsupported(identifier, `authentication ${auth.type}`);
  if (!auth.spec.username && auth.spec.usernameRef) throw unsupported(identifier, 'a username kept in a secret');
  return { ...base, ...(auth.spec.username ? { username: auth.spec.username } : {}), passwordRef: auth.spec.passwordRef };
}

function unsupported(identifier: string, what: string): AppError {
  return new AppError('NOT_IMPLEMENTED', `connector "${identifier}" uses ${what}, which cannot be used yet; use UsernamePassword with a plain username`);
}
