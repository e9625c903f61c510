import { Injectable } from '@nestjs/common';
import { scopeColumns, type Scope } from '@sluice/kernel';
import { DataSource } from 'typeorm';
import type { ScopeRow } from '../database.js';

export interface TokenRow extends ScopeRow {
  readonly id: string;
  readonly name: string;
  readonly secret_hash: string;
  /** `REVOKED` also once `revoke_after` has passed. */
  readonly status: 'ACTIVE' | 'REVOKED';
  readonly created_at: Date;
  readonly created_by: string;
  readonly revoke_after: Date | null;
}

export interface NewToken {
  readonly id: string;
  readonly name: string;
  readonly secretHash: string;
  readonly createdBy: string;
  /** Milliseconds since the epoch; null keeps it until it is revoked. */
  readonly revokeAfterMs: number | null;
}

const COLUMNS = `id, account_id, org_id, project_id, name, secret_hash, created_at, created_by, revoke_after,
  CASE WHEN revoke_after <= now() THEN 'REVOKED' ELSE status END AS status`;
const SAME_SCOPE = `account_id = $1 AND org_id IS NOT DISTINCT FROM $2 AND project_id IS NOT DISTINCT FROM $3`;

/** Delegate tokens. {@link findById} alone is without a scope: the id is what tells the scope. */
@Injectable()
export class TokenRepository {
  constructor(private readonly database: DataSource) {}

  /** Undefined when the name (in this scope) or the id is taken. */
  async insert(scope: Scope, token: NewToken): Promise<TokenRow | undefined> {
    const revokeAfter = token.revokeAfterMs === null ? null : new Date(token.revokeAfterMs);
    const [row] = await this.database.query<TokenRow[]>(
      `INSERT INTO delegate_tokens (account_id, org_id, project_id, id, name, secret_hash, status, created_by, revoke_after)
       VALUES ($1, $2, $3, $4, $5, $6, 'ACTIVE', $7, $8) ON CONFLICT DO NOTHING RETURNING ${COLUMNS}`,
      [...place(scope), token.id, token.name, token.secretHash, token.createdBy, revokeAfter],
    );
    return row;
  }

  async findById(id: string): Promise<TokenRow | undefined> {
    const [row] = await this.database.query<TokenRow[]>(`SELECT ${COLUMNS} FROM delegate_tokens WHERE id = $1`, [id]);
    return row;
  }

  async findByName(scope: Scope, name: string): Promise<TokenRow | undefined> {
    const [row] = await this.database.query<TokenRow[]>(
      `SELECT ${COLUMNS} FROM delegate_tokens WHERE ${SAME_SCOPE} AND name = $4`,
      [...place(scope), name],
    );
    return row;
  }

  async list(scope: Scope): Promise<readonly TokenRow[]> {
    return this.database.query<TokenRow[]>(
      `SELECT ${COLUMNS} FROM delegate_tokens WHERE ${SAME_SCOPE} ORDER BY created_at, id`,
      place(scope),
    );
  }

  async revoke(scope: Scope, name: string): Promise<TokenRow | undefined> {
    const [row] = await this.database.query<TokenRow[]>(
      `WITH revoked AS (UPDATE delegate_tokens SET status = 'REVOKED' WHERE ${SAME_SCOPE} AND name = $4 RETURNING *) SELECT ${COLUMNS} FROM revoked`,
      [...place(scope), name],
    );
    return row;
  }

  async delete(scope: Scope, name: string): Promise<TokenRow | undefined> {
    const [row] = await this.database.query<TokenRow[]>(
      `WITH gone AS (DELETE FROM delegate_tokens WHERE ${SAME_SCOPE} AND name = $4 RETURNING *) SELECT ${COLUMNS} FROM gone`,
      [...place(scope), name],
    );
    return row;
  }
}

function place(scope: Scope): [string, string | null, string | null] {
  const { accountId, orgId, projectId } = scopeColumns(scope);
  return [accountId, orgId, projectId];
}
