import { Injectable } from '@nestjs/common';
import {
  formatDelegateToken,
  newDelegateToken,
  parseDelegateToken,
  type DelegateTokenValue,
} from '@sluice/delegate-protocol';
import { AppError, formatScope, type Scope } from '@sluice/kernel';
import { NotificationBus } from '../notification/notification-bus.js';
import { TokenRepository, type TokenRow } from './token.repository.js';
import { hashSecret, requireTokenValue, secretMatches } from './token-secret.js';

/** A token and, only right after it was made here, its value. */
export interface IssuedToken {
  readonly row: TokenRow;
  readonly value: string | null;
}

export interface TokenRequest {
  readonly name: string;
  /** Made by the caller; null lets the service make one. */
  readonly value: string | null;
  readonly revokeAfterMs: number | null;
  readonly createdBy: string;
}

/** Whether a token opens the door. A refused one is named when it exists, so that its account can learn of it. */
export type Authentication =
  | { readonly outcome: 'allowed'; readonly token: TokenRow }
  | { readonly outcome: 'refused'; readonly reason: AppError; readonly token?: TokenRow };

const NAME = /^[\w .-]{1,128}$/;

@Injectable()
export class TokenService {
  constructor(
    private readonly tokens: TokenRepository,
    private readonly bus: NotificationBus,
  ) {}

  /**
   * Makes a token, or stores one with a value of the caller's. The same again answers with what is stored: a seeded token that was revoked stays revoked.
   * @throws AppError DUPLICATE_FIELD when the name or the id is taken by another token
   */
  async put(scope: Scope, request: TokenRequest): Promise<IssuedToken> {
    if (!NAME.test(request.name))
      throw new AppError(
        'INVALID_REQUEST',
        `name: "${request.name}" must be 1 to 128 letters, digits, blanks, ".", "_" or "-"`,
      );
    const value = request.value === null ? newDelegateToken() : requireTokenValue(request.value);
    const row = await this.tokens.insert(scope, {
      id: value.id,
      name: request.name,
      secretHash: hashSecret(value.secret),
      createdBy: request.createdBy,
      revokeAfterMs: request.revokeAfterMs,
    });
    if (row) return { row, value: formatDelegateToken(value) };
    const known = await this.tokens.findByName(scope, request.name);
    if (known && request.value !== null && known.id === value.id && secretMatches(value.secret, known.secret_hash))
      return { row: known, value: null };
    throw new AppError(
      'DUPLICATE_FIELD',
      `a delegate token "${request.name}" exists already in ${formatScope(scope)}; choose another name`,
    );
  }

  /** Cuts every connection made with the token at once. Safe to repeat. @throws AppError RESOURCE_NOT_FOUND */
  async revoke(scope: Scope, name: string): Promise<TokenRow> {
    const row = await this.tokens.revoke(scope, name);
    if (!row) throw notFound(scope, name);
    await this.bus.publish({ type: 'tokenRevoked', tokenId: row.id });
    return row;
  }

  /** As {@link revoke}, and the row is gone. @returns false when there was none */
  async delete(scope: Scope, name: string): Promise<boolean> {
    const row = await this.tokens.delete(scope, name);
    if (row) await this.bus.publish({ type: 'tokenRevoked', tokenId: row.id });
    return row !== undefined;
  }

  async list(scope: Scope, filter: { readonly name: string; readonly status: string }): Promise<readonly TokenRow[]> {
    const rows = await this.tokens.list(scope);
    return rows.filter(
      (row) =>
        (filter.name === '' || row.name === filter.name) && (filter.status === '' || row.status === filter.status),
    );
  }

  /**
   * Who connects. The token id finds one row; the secret is compared in constant time, also when there is no such row. The reason of a refusal is
   * INVALID_TOKEN or REVOKED_TOKEN.
   */
  async authenticate(header: string | undefined): Promise<Authentication> {
    const value = parseDelegateToken(/^Delegate (.+)$/.exec(header ?? '')?.[1] ?? '');
    if (!value)
      return {
        outcome: 'refused',
        reason: new AppError('INVALID_TOKEN', 'send the header "authorization: Delegate <token id>.<secret>"'),
      };
    const row = await this.tokens.findById(value.id);
    if (!isGenuine(value, row) || !row)
      return {
        outcome: 'refused',
        reason: new AppError('INVALID_TOKEN', 'the delegate token is not valid'),
        token: row,
      };
    if (row.status !== 'ACTIVE')
      return {
        outcome: 'refused',
        reason: new AppError('REVOKED_TOKEN', `the delegate token "${row.name}" has been revoked; create another`),
        token: row,
      };
    return { outcome: 'allowed', token: row };
  }
}

const NO_HASH = '0'.repeat(64);

function isGenuine(value: DelegateTokenValue, row: TokenRow | undefined): boolean {
  return secretMatches(value.secret, row?.secret_hash ?? NO_HASH);
}

function notFound(scope: Scope, name: string): AppError {
  return new AppError('RESOURCE_NOT_FOUND', `there is no delegate token "${name}" in ${formatScope(scope)}`);
}
