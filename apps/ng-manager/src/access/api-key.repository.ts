import { minimalGrants } from '@sluice/api-conventions';
import type { RoleGrant, RoleName } from '@sluice/kernel';
import { LessThan, type EntityManager } from 'typeorm';
import { readPage, type Page, type PageRequest } from '../persistence/page.js';
import { ApiKeyEntity, ApiTokenEntity } from './api-key.entity.js';

export type ApiKeyRow = Readonly<ApiKeyEntity>;
export type ApiTokenRow = Readonly<ApiTokenEntity>;

/** Owner of keys: a user or service account. */
export interface KeyOwner {
  readonly accountId: string;
  readonly userId: string;
}

/** Which of an owner's tokens; all of them where it says nothing. */
export interface TokenFilter {
  readonly apiKeyIdentifier?: string | undefined;
  readonly identifiers?: readonly string[] | undefined;
}

/** Everything authentication needs, read by one query over primary keys. */
export interface PresentedToken {
  readonly secretHash: Buffer;
  readonly status: 'active' | 'revoked';
  readonly validFrom: Date;
  /** The earlier of its two ends. */
  readonly validTo: Date | null;
  readonly user: {
    readonly id: string;
    readonly type: 'user' | 'serviceAccount';
    readonly name: string;
    readonly email: string;
    readonly isDisabled: boolean;
  };
  readonly grants: readonly RoleGrant[];
}

/** How long a revoked token says that it is one, instead of being unknown. */
const REVOKED_KEPT_MS = 90 * 24 * 3_600_000;

export class ApiKeyRepository {
  constructor(private readonly manager: EntityManager) {}

  async presented(accountId: string, tokenId: string): Promise<PresentedToken | undefined> {
    const rows = await this.manager.query<TokenQueryRow[]>(
      `SELECT t.secret_hash, t.status, t.valid_from, LEAST(t.valid_to, t.scheduled_expire_at) AS valid_to, u.id, u.type, u.name, u.email, u.is_disabled,
              (SELECT coalesce(json_agg(DISTINCT jsonb_build_object('role', g.role, 'orgId', g.org_id, 'projectId', g.project_id)), '[]')
                 FROM granted_roles g WHERE g.account_id = t.account_id AND g.user_id = t.user_id) AS grants
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
      user: { id: row.id, type: row.type, name: row.name, email: row.email, isDisabled: row.is_disabled },
      grants: minimalGrants(
        row.grants.map(({ role, orgId, projectId }) => ({
          role,
          ...(orgId ? { orgId } : {}),
          ...(projectId ? { projectId } : {}),
        })),
      ),
    };
  }

  findKey({ accountId, userId }: KeyOwner, identifier: string): Promise<ApiKeyRow | null> {
    return this.manager.findOneBy(ApiKeyEntity, { accountId, userId, identifier });
  }

  listKeys({ accountId, userId }: KeyOwner): Promise<ApiKeyRow[]> {
    return this.manager.find(ApiKeyEntity, { where: { accountId, userId }, order: { identifier: 'ASC' }, take: 1000 });
  }

  pageOfKeys(
    { accountId, userId }: KeyOwner,
    page: PageRequest,
    identifiers?: readonly string[],
  ): Promise<Page<ApiKeyRow>> {
    const query = this.manager
      .createQueryBuilder(ApiKeyEntity, 'row')
      .where('row.accountId = :accountId AND row.userId = :userId', { accountId, userId });
    if (identifiers) query.andWhere('row.identifier = ANY(:identifiers)', { identifiers });
    return readPage(query, page);
  }

  async insertKey(key: Omit<ApiKeyRow, 'createdAt' | 'updatedAt'>): Promise<void> {
    await this.manager.insert(ApiKeyEntity, key);
  }

  async updateKey(
    { accountId, userId }: KeyOwner,
    identifier: string,
    change: Pick<ApiKeyRow, 'name' | 'description' | 'tags' | 'defaultTimeToExpireMs'>,
  ): Promise<boolean> {
    return (await this.manager.update(ApiKeyEntity, { accountId, userId, identifier }, change)).affected === 1;
  }

  /** Its tokens stay as revoked ones. */
  async deleteKey({ accountId, userId }: KeyOwner, identifier: string): Promise<boolean> {
    await this.revokeTokens({ accountId, userId, apiKeyIdentifier: identifier });
    return (await this.manager.delete(ApiKeyEntity, { accountId, userId, identifier })).affected === 1;
  }

  /** Number of tokens by API key. */
  async tokenCounts(
    { accountId, userId }: KeyOwner,
    apiKeyIdentifiers: readonly string[],
  ): Promise<ReadonlyMap<string, number>> {
    const rows = await this.manager.query<{ key: string; tokens: number }[]>(
      `SELECT api_key_identifier AS key, count(*)::int AS tokens FROM api_tokens
        WHERE account_id = $1 AND user_id = $2 AND api_key_identifier = ANY($3) AND NOT is_superseded GROUP BY 1`,
      [accountId, userId, [...apiKeyIdentifiers]],
    );
    return new Map(rows.map(({ key, tokens }) => [key, tokens]));
  }

  findToken(
    { accountId, userId }: KeyOwner,
    apiKeyIdentifier: string,
    identifier: string,
  ): Promise<ApiTokenRow | null> {
    return this.manager.findOneBy(ApiTokenEntity, {
      accountId,
      userId,
      apiKeyIdentifier,
      identifier,
      isSuperseded: false,
    });
  }

  pageOfTokens(
    { accountId, userId }: KeyOwner,
    { apiKeyIdentifier, identifiers }: TokenFilter,
    page: PageRequest,
  ): Promise<Page<ApiTokenRow>> {
    const query = this.manager
      .createQueryBuilder(ApiTokenEntity, 'row')
      .where('row.accountId = :accountId AND row.userId = :userId AND NOT row.isSuperseded', { accountId, userId });
    if (apiKeyIdentifier) query.andWhere('row.apiKeyIdentifier = :apiKeyIdentifier', { apiKeyIdentifier });
    if (identifiers) query.andWhere('row.identifier = ANY(:identifiers)', { identifiers });
    return readPage(query, page);
  }

  async insertToken(token: Omit<ApiTokenRow, 'createdAt' | 'updatedAt'>): Promise<void> {
    await this.manager.insert(ApiTokenEntity, token);
  }

  async updateToken(
    accountId: string,
    id: string,
    change: Partial<
      Pick<
        ApiTokenRow,
        'name' | 'description' | 'tags' | 'validFrom' | 'validTo' | 'scheduledExpireAt' | 'isSuperseded' | 'status'
      >
    >,
  ): Promise<void> {
    await this.manager.update(ApiTokenEntity, { accountId, id }, change);
  }

  /** The token and the older values it was rotated from stop working; they are kept as revoked ones for a while. */
  deleteToken({ accountId, userId }: KeyOwner, apiKeyIdentifier: string, identifier: string): Promise<boolean> {
    return this.revokeTokens({ accountId, userId, apiKeyIdentifier, identifier });
  }

  private async revokeTokens(
    which: KeyOwner & { readonly apiKeyIdentifier: string; readonly identifier?: string },
  ): Promise<boolean> {
    const { accountId, userId } = which;
    await this.manager.delete(ApiTokenEntity, {
      accountId,
      userId,
      status: 'revoked',
      updatedAt: LessThan(new Date(Date.now() - REVOKED_KEPT_MS)),
    });
    return (
      ((await this.manager.update(ApiTokenEntity, which, { status: 'revoked', isSuperseded: true })).affected ?? 0) > 0
    );
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
  readonly type: 'user' | 'serviceAccount';
  readonly name: string;
  readonly email: string;
  readonly is_disabled: boolean;
  readonly grants: readonly {
    readonly role: RoleName;
    readonly orgId: string | null;
    readonly projectId: string | null;
  }[];
}
