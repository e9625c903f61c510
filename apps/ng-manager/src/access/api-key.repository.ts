import type { RoleGrant, RoleName } from '@sluice/kernel';
import type { EntityManager } from 'typeorm';
import { readPage, type Page, type PageRequest } from '../persistence/page.js';
import { ApiKeyEntity, ApiTokenEntity } from './api-key.entity.js';

export type ApiKeyRow = Readonly<ApiKeyEntity>;
export type ApiTokenRow = Readonly<ApiTokenEntity>;

/** Owner of keys: a user of an account. */
export interface KeyOwner {
  readonly accountId: string;
  readonly userId: string;
}

/** Everything authentication needs, read by one query over primary keys. */
export interface PresentedToken {
  readonly secretHash: Buffer;
  readonly status: 'active' | 'revoked';
  readonly validFrom: Date;
  readonly validTo: Date | null;
  readonly user: { readonly id: string; readonly name: string; readonly email: string; readonly isDisabled: boolean };
  readonly grants: readonly RoleGrant[];
}

export class ApiKeyRepository {
  constructor(private readonly manager: EntityManager) {}

  async presented(accountId: string, tokenId: string): Promise<PresentedToken | undefined> {
    const rows = await this.manager.query<TokenQueryRow[]>(
      `SELECT t.secret_hash, t.status, t.valid_from, t.valid_to, u.id, u.name, u.email, u.is_disabled,
              (SELECT coalesce(json_agg(json_build_object('role', b.role, 'orgId', b.org_id, 'projectId', b.project_id)), '[]')
                 FROM role_bindings b WHERE b.account_id = t.account_id AND b.user_id = t.user_id) AS grants
         FROM api_tokens t JOIN users u ON u.account_id = t.account_id AND u.id = t.user_id
        WHERE t.account_id = $1 AND t.id = $2`,
      [accountId, tokenId],
    );
    const [row] = rows;
    if (!row) return undefined;
    return {
      secretHash: row.secret_hash,
      status: row.status,
      validFrom: row.valid_from,
      validTo: row.valid_to,
      user: { id: row.id, name: row.name, email: row.email, isDisabled: row.is_disabled },
      grants: row.grants.map(({ role, orgId, projectId }) => ({ role, ...(orgId ? { orgId } : {}), ...(projectId ? { projectId } : {}) })),
    };
  }

  findKey({ accountId, userId }: KeyOwner, identifier: string): Promise<ApiKeyRow | null> {
    return this.manager.findOneBy(ApiKeyEntity, { accountId, userId, identifier });
  }

  listKeys({ accountId, userId }: KeyOwner): Promise<ApiKeyRow[]> {
    return this.manager.find(ApiKeyEntity, { where: { accountId, userId }, order: { identifier: 'ASC' }, take: 1000 });
  }

  pageOfKeys({ accountId, userId }: KeyOwner, page: PageRequest): Promise<Page<ApiKeyRow>> {
    return readPage(this.manager.createQueryBuilder(ApiKeyEntity, 'row').where('row.accountId = :accountId AND row.userId = :userId', { accountId, userId }), page);
  }

  async insertKey(key: Omit<ApiKeyRow, 'createdAt' | 'updatedAt'>): Promise<void> {
    await this.manager.insert(ApiKeyEntity, key);
  }

  async updateKey({ accountId, userId }: KeyOwner, identifier: string, change: Pick<ApiKeyRow, 'name' | 'description' | 'tags' | 'defaultTimeToExpireMs'>): Promise<boolean> {
    return (await this.manager.update(ApiKeyEntity, { accountId, userId, identifier }, change)).affected === 1;
  }

  async deleteKey({ accountId, userId }: KeyOwner, identifier: string): Promise<boolean> {
    return (await this.manager.delete(ApiKeyEntity, { accountId, userId, identifier })).affected === 1;
  }

  countTokens({ accountId, userId }: KeyOwner, apiKeyIdentifier: string): Promise<number> {
    return this.manager.countBy(ApiTokenEntity, { accountId, userId, apiKeyIdentifier, isSuperseded: false });
  }

  findToken({ accountId, userId }: KeyOwner, apiKeyIdentifier: string, identifier: string): Promise<ApiTokenRow | null> {
    return this.manager.findOneBy(ApiTokenEntity, { accountId, userId, apiKeyIdentifier, identifier, isSuperseded: false });
  }

  pageOfTokens({ accountId, userId }: KeyOwner, apiKeyIdentifier: string | undefined, page: PageRequest): Promise<Page<ApiTokenRow>> {
    const query = this.manager.createQueryBuilder(ApiTokenEntity, 'row').where('row.accountId = :accountId AND row.userId = :userId AND NOT row.isSuperseded', { accountId, userId });
    if (apiKeyIdentifier) query.andWhere('row.apiKeyIdentifier = :apiKeyIdentifier', { apiKeyIdentifier });
    return readPage(query, page);
  }

  async insertToken(token: Omit<ApiTokenRow, 'createdAt' | 'updatedAt'>): Promise<void> {
    await this.manager.insert(ApiTokenEntity, token);
  }

  async updateToken(accountId: string, id: string, change: Partial<Pick<ApiTokenRow, 'name' | 'description' | 'tags' | 'validFrom' | 'validTo' | 'isSuperseded' | 'status'>>): Promise<void> {
    await this.manager.update(ApiTokenEntity, { accountId, id }, change);
  }

  /** Removes a token and the older values it was rotated from. */
  async deleteToken({ accountId, userId }: KeyOwner, apiKeyIdentifier: string, identifier: string): Promise<boolean> {
    return ((await this.manager.delete(ApiTokenEntity, { accountId, userId, apiKeyIdentifier, identifier })).affected ?? 0) > 0;
  }

  /** Adds the token unless its id is there; its status is never changed by this. */
  async ensureToken(token: Omit<ApiTokenRow, 'createdAt' | 'updatedAt'>): Promise<void> {
    await this.manager.createQueryBuilder().insert().into(ApiTokenEntity).values(token).orIgnore().execute();
  }

  async ensureKey(key: Omit<ApiKeyRow, 'createdAt' | 'updatedAt'>): Promise<void> {
    await this.manager.createQueryBuilder().insert().into(ApiKeyEntity).values(key).orIgnore().execute();
  }
}

interface TokenQueryRow {
  readonly secret_hash: Buffer;
  readonly status: 'active' | 'revoked';
  readonly valid_from: Date;
  readonly valid_to: Date | null;
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly is_disabled: boolean;
  readonly grants: readonly { readonly role: RoleName; readonly orgId: string | null; readonly projectId: string | null }[];
}
