import { Injectable } from '@nestjs/common';
import { toNgPage, type NgPage } from '@sluice/api-conventions';
import { AppError, accountScope, type RequestContext } from '@sluice/kernel';
import type { ApiKey, ApiKeyAggregate, Token, TokenAggregate, TokenOut } from '@sluice/ng-manager-api';
import { refuseDuplicate } from '../persistence/duplicate.js';
import type { PageRequest } from '../persistence/page.js';
import { UnitOfWork, type Stores } from '../persistence/unit-of-work.js';
import { newApiKey } from './api-key-text.js';
import type { ApiKeyRow, ApiTokenRow, KeyOwner } from './api-key.repository.js';
import type { User } from './user.repository.js';

/** Whose key it is, as requests name it. */
interface OwnerKeys {
  readonly apiKeyType: 'USER' | 'SERVICE_ACCOUNT';
  readonly parentIdentifier: string;
}

/** API keys and their tokens. A user manages their own; `user.edit` on the account allows those of others. */
@Injectable()
export class ApiKeyService {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  async createKey(ctx: RequestContext, key: ApiKey): Promise<ApiKey> {
    const owner = await this.ownerOf(ctx, key);
    const row = { ...owner, identifier: key.identifier, ...keyValues(key), orgId: key.orgIdentifier || null, projectId: key.projectIdentifier || null };
    return refuseDuplicate('API key', key.identifier, accountScope(ctx.accountId), () =>
      this.unitOfWork.run(async (stores) => {
        await stores.apiKeys.insertKey(row);
        await this.audit(stores, ctx, 'create', 'apiKey', key.identifier);
        return presentKey(await foundKey(stores, owner, key.identifier));
      }),
    );
  }

  async listKeys(ctx: RequestContext, of: OwnerKeys): Promise<ApiKey[]> {
    return (await this.unitOfWork.read.apiKeys.listKeys(await this.ownerOf(ctx, of))).map(presentKey);
  }

  async updateKey(ctx: RequestContext, identifier: string, key: ApiKey): Promise<ApiKey> {
    const owner = await this.ownerOf(ctx, key);
    return this.unitOfWork.run(async (stores) => {
      await stores.apiKeys.updateKey(owner, identifier, keyValues(key));
      const row = await foundKey(stores, owner, identifier);
      await this.audit(stores, ctx, 'update', 'apiKey', identifier);
      return presentKey(row);
    });
  }

  async deleteKey(ctx: RequestContext, identifier: string, of: OwnerKeys): Promise<boolean> {
    const owner = await this.ownerOf(ctx, of);
    return this.unitOfWork.run(async (stores) => {
      await foundKey(stores, owner, identifier);
      await this.audit(stores, ctx, 'delete', 'apiKey', identifier);
      return stores.apiKeys.deleteKey(owner, identifier);
    });
  }

  async pageOfKeys(ctx: RequestContext, of: OwnerKeys, page: PageRequest): Promise<NgPage<ApiKeyAggregate>> {
    const { rows, total } = await this.unitOfWork.read.apiKeys.pageOfKeys(await this.ownerOf(ctx, of), page);
    return toNgPage(await Promise.all(rows.map((row) => this.aggregate(row))), total, page.index, page.size);
  }

  async aggregateKey(ctx: RequestContext, identifier: string, of: OwnerKeys): Promise<ApiKeyAggregate> {
    return this.aggregate(await foundKey(this.unitOfWork.read, await this.ownerOf(ctx, of), identifier));
  }

  /** @returns the token's value, which is not stored */
  async createToken(ctx: RequestContext, token: Token): Promise<string> {
    const owner = await this.ownerOf(ctx, token);
    const made = newApiKey(ctx.accountId);
    return refuseDuplicate('token', token.identifier, accountScope(ctx.accountId), () =>
      this.unitOfWork.run(async (stores) => {
        const key = await foundKey(stores, owner, token.apiKeyIdentifier);
        const validFrom = new Date(token.validFrom ?? Date.now());
        const lifeMs = key.defaultTimeToExpireMs === null ? undefined : Number(key.defaultTimeToExpireMs);
        const validTo = expiryOf(token) ?? (lifeMs ? new Date(validFrom.getTime() + lifeMs) : null);
        await stores.apiKeys.insertToken({
          ...owner,
          id: made.tokenId,
          apiKeyIdentifier: key.identifier,
          identifier: token.identifier,
          ...describe(token),
          secretHash: made.secretHash,
          status: 'active',
          isSuperseded: false,
          validFrom,
          validTo: checkedExpiry(validFrom, validTo),
        });
        await this.audit(stores, ctx, 'create', 'token', token.identifier);
        return made.text;
      }),
    );
  }

  async updateToken(ctx: RequestContext, identifier: string, token: Token): Promise<TokenOut> {
    const owner = await this.ownerOf(ctx, token);
    return this.unitOfWork.run(async (stores) => {
      const row = await foundToken(stores, owner, token.apiKeyIdentifier, identifier);
      const validFrom = token.validFrom ? new Date(token.validFrom) : row.validFrom;
      const validTo = expiryOf(token) ?? row.validTo;
      await stores.apiKeys.updateToken(owner.accountId, row.id, { ...describe(token), validFrom, validTo: checkedExpiry(validFrom, validTo) });
      await this.audit(stores, ctx, 'update', 'token', identifier);
      return presentToken(await foundToken(stores, owner, token.apiKeyIdentifier, identifier), await this.user(owner));
    });
  }

  async deleteToken(ctx: RequestContext, apiKeyIdentifier: string, identifier: string, of: OwnerKeys): Promise<boolean> {
    const owner = await this.ownerOf(ctx, of);
    return this.unitOfWork.run(async (stores) => {
      await foundToken(stores, owner, apiKeyIdentifier, identifier);
      await this.audit(stores, ctx, 'delete', 'token', identifier);
      return stores.apiKeys.deleteToken(owner, apiKeyIdentifier, identifier);
    });
  }

  /** A new value; the old one works until `oldUntilMs`, or stops at once. */
  async rotateToken(ctx: RequestContext, apiKeyIdentifier: string, identifier: string, of: OwnerKeys, oldUntilMs: number | undefined): Promise<string> {
    const owner = await this.ownerOf(ctx, of);
    const made = newApiKey(ctx.accountId);
    return this.unitOfWork.run(async (stores) => {
      const old = await foundToken(stores, owner, apiKeyIdentifier, identifier);
      const now = Date.now();
      const until = new Date(Math.max(oldUntilMs ?? now, now));
      const lifeMs = old.validTo ? old.validTo.getTime() - old.validFrom.getTime() : undefined;
      await stores.apiKeys.updateToken(owner.accountId, old.id, { isSuperseded: true, validTo: old.validTo && old.validTo < until ? old.validTo : until });
      await stores.apiKeys.insertToken({
        ...owner,
        id: made.tokenId,
        apiKeyIdentifier,
        identifier,
        name: old.name,
        description: old.description,
        tags: old.tags,
        secretHash: made.secretHash,
        status: 'active',
        isSuperseded: false,
        validFrom: new Date(now),
        validTo: lifeMs === undefined ? null : new Date(now + lifeMs),
      });
      await this.audit(stores, ctx, 'rotate', 'token', identifier);
      return made.text;
    });
  }

  async pageOfTokens(ctx: RequestContext, of: OwnerKeys, apiKeyIdentifier: string | undefined, page: PageRequest): Promise<NgPage<TokenAggregate>> {
    const owner = await this.ownerOf(ctx, of);
    const user = await this.user(owner);
    const { rows, total } = await this.unitOfWork.read.apiKeys.pageOfTokens(owner, apiKeyIdentifier, page);
    const content = rows.map((row) => ({ token: presentToken(row, user), createdAt: row.createdAt.getTime(), lastModifiedAt: row.updatedAt.getTime(), expiryAt: row.validTo?.getTime() ?? null }));
    return toNgPage(content, total, page.index, page.size);
  }

  private async ownerOf(ctx: RequestContext, { apiKeyType, parentIdentifier }: OwnerKeys): Promise<KeyOwner> {
    if (apiKeyType !== 'USER') throw new AppError('NOT_IMPLEMENTED', 'service accounts are not there yet; use apiKeyType USER', { fields: [{ field: 'apiKeyType', error: 'must be USER' }] });
    const owner = { accountId: ctx.accountId, userId: parentIdentifier };
    await this.user(owner);
    return owner;
  }

  private async user({ accountId, userId }: KeyOwner): Promise<User> {
    const user = await this.unitOfWork.read.users.find(accountId, userId);
    if (user) return user;
    throw new AppError('RESOURCE_NOT_FOUND', `there is no user "${userId}" in account ${accountId}`, { fields: [{ field: 'parentIdentifier', error: 'does not exist' }] });
  }

  private async aggregate(row: ApiKeyRow): Promise<ApiKeyAggregate> {
    const user = await this.user(row);
    const tokensCount = await this.unitOfWork.read.apiKeys.countTokens(row, row.identifier);
    return { apiKey: presentKey(row), createdAt: row.createdAt.getTime(), lastModifiedAt: row.updatedAt.getTime(), createdBy: { name: user.name, email: user.email }, tokensCount };
  }

  private audit(stores: Stores, ctx: RequestContext, action: 'create' | 'update' | 'delete' | 'rotate', resourceType: string, identifier: string): Promise<void> {
    return stores.audit.append(ctx, { action, resourceType, identifier, scope: accountScope(ctx.accountId) });
  }
}

async function foundKey(stores: Stores, owner: KeyOwner, identifier: string): Promise<ApiKeyRow> {
  const row = await stores.apiKeys.findKey(owner, identifier);
  if (row) return row;
  throw new AppError('RESOURCE_NOT_FOUND', `there is no API key "${identifier}" of user ${owner.userId}`);
}

async function foundToken(stores: Stores, owner: KeyOwner, apiKeyIdentifier: string, identifier: string): Promise<ApiTokenRow> {
  const row = await stores.apiKeys.findToken(owner, apiKeyIdentifier, identifier);
  if (row) return row;
  throw new AppError('RESOURCE_NOT_FOUND', `there is no token "${identifier}" of API key "${apiKeyIdentifier}"`);
}

function describe({ name, description, tags }: ApiKey | Token): Pick<ApiTokenRow, 'name' | 'description' | 'tags'> {
  return { name, description: description ?? null, tags: tags ?? {} };
}

function keyValues(key: ApiKey): Pick<ApiKeyRow, 'name' | 'description' | 'tags' | 'defaultTimeToExpireMs'> {
  return { ...describe(key), defaultTimeToExpireMs: key.defaultTimeToExpireToken ? String(key.defaultTimeToExpireToken) : null };
}

function expiryOf({ scheduledExpireTime, validTo }: Token): Date | undefined {
  const at = scheduledExpireTime || validTo;
  return at ? new Date(at) : undefined;
}

function checkedExpiry(validFrom: Date, validTo: Date | null): Date | null {
  if (!validTo || validTo > validFrom) return validTo;
  throw new AppError('INVALID_REQUEST', 'validTo must be later than validFrom (milliseconds since 1970)', { fields: [{ field: 'validTo', error: 'is not later than validFrom' }] });
}

function presentKey(row: ApiKeyRow): ApiKey {
  return {
    identifier: row.identifier,
    name: row.name,
    description: row.description ?? '',
    tags: row.tags,
    apiKeyType: 'USER',
    parentIdentifier: row.userId,
    ...(row.defaultTimeToExpireMs === null ? {} : { defaultTimeToExpireToken: Number(row.defaultTimeToExpireMs) }),
    accountIdentifier: row.accountId,
    orgIdentifier: row.orgId,
    projectIdentifier: row.projectId,
  };
}

function presentToken(row: ApiTokenRow, user: User): TokenOut {
  const now = Date.now();
  const expiry = row.validTo ? { validTo: row.validTo.getTime(), scheduledExpireTime: row.validTo.getTime() } : {};
  return {
    identifier: row.identifier,
    name: row.name,
    description: row.description ?? '',
    tags: row.tags,
    apiKeyType: 'USER',
    parentIdentifier: row.userId,
    apiKeyIdentifier: row.apiKeyIdentifier,
    accountIdentifier: row.accountId,
    validFrom: row.validFrom.getTime(),
    ...expiry,
    valid: row.status === 'active' && row.validFrom.getTime() <= now + 1_000 && (row.validTo === null || row.validTo.getTime() > now),
    email: user.email,
    username: user.name,
  };
}
