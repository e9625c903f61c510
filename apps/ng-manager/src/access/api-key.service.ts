import { Injectable } from '@nestjs/common';
import { toNgPage, type NgPage } from '@sluice/api-conventions';
import { AppError, type RequestContext, type Scope } from '@sluice/kernel';
import type { ApiKey, ApiKeyAggregate, Token, TokenAggregate, TokenOut } from '@sluice/ng-manager-api';
import { refuseDuplicate } from '../persistence/duplicate.js';
import type { PageRequest } from '../persistence/page.js';
import { UnitOfWork, type Stores } from '../persistence/unit-of-work.js';
import { foundServiceAccount } from '../service-account/service-account.service.js';
import { SettingService } from '../setting/setting.service.js';
import { newApiKey } from './api-key-text.js';
import {
  defaultEnd,
  describe,
  endOf,
  keyValues,
  presentKey,
  presentKeyAggregate,
  presentToken,
  renewed,
  validityOf,
  type NamedOwner,
} from './api-key-view.js';
import type { ApiKeyRow, ApiTokenRow, TokenFilter } from './api-key.repository.js';
import { requireSameAccount } from './permission.js';
import { requireCovers } from './roles.js';

/** Whose key it is, as requests name it. */
interface OwnerKeys {
  readonly apiKeyType: 'USER' | 'SERVICE_ACCOUNT';
  readonly parentIdentifier: string;
}

/**
 * API keys and their tokens. The guard has seen that the caller is the owner or may change people at `scope`; a token for somebody else is made only by
 * who holds every right it gives.
 */
@Injectable()
export class ApiKeyService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly settings: SettingService,
  ) {}

  async createKey(ctx: RequestContext, scope: Scope, key: ApiKey): Promise<ApiKey> {
    requireSameAccount(ctx, key.accountIdentifier);
    const owner = await this.ownerOf(scope, key);
    const row = {
      accountId: owner.accountId,
      userId: owner.userId,
      identifier: key.identifier,
      ...keyValues(key),
      orgId: key.orgIdentifier || null,
      projectId: key.projectIdentifier || null,
    };
    return refuseDuplicate('API key', key.identifier, scope, () =>
      this.unitOfWork.run(async (stores) => {
        await stores.apiKeys.insertKey(row);
        const after = presentKey(await foundKey(stores, owner, key.identifier), owner);
        await stores.audit.append(ctx, {
          action: 'create',
          resourceType: 'apiKey',
          identifier: key.identifier,
          scope,
          after,
        });
        return after;
      }),
    );
  }

  async listKeys(scope: Scope, of: OwnerKeys, identifiers?: readonly string[]): Promise<ApiKey[]> {
    const owner = await this.ownerOf(scope, of);
    const rows = await this.unitOfWork.read.apiKeys.listKeys(owner);
    return rows
      .filter(({ identifier }) => identifiers?.includes(identifier) ?? true)
      .map((row) => presentKey(row, owner));
  }

  async updateKey(ctx: RequestContext, scope: Scope, identifier: string, key: ApiKey): Promise<ApiKey> {
    requireSameAccount(ctx, key.accountIdentifier);
    requireSameIdentifier('API key', key.identifier, identifier);
    const owner = await this.ownerOf(scope, key);
    return this.unitOfWork.run(async (stores) => {
      const before = presentKey(await foundKey(stores, owner, identifier), owner);
      await stores.apiKeys.updateKey(owner, identifier, keyValues(key));
      const after = presentKey(await foundKey(stores, owner, identifier), owner);
      await stores.audit.append(ctx, { action: 'update', resourceType: 'apiKey', identifier, scope, before, after });
      return after;
    });
  }

  async deleteKey(ctx: RequestContext, scope: Scope, identifier: string, of: OwnerKeys): Promise<boolean> {
    const owner = await this.ownerOf(scope, of);
    return this.unitOfWork.run(async (stores) => {
      const before = presentKey(await foundKey(stores, owner, identifier), owner);
      await stores.audit.append(ctx, { action: 'delete', resourceType: 'apiKey', identifier, scope, before });
      return stores.apiKeys.deleteKey(owner, identifier);
    });
  }

  async pageOfKeys(
    scope: Scope,
    of: OwnerKeys,
    page: PageRequest,
    identifiers?: readonly string[],
  ): Promise<NgPage<ApiKeyAggregate>> {
    const owner = await this.ownerOf(scope, of);
    const { apiKeys } = this.unitOfWork.read;
    const { rows, total } = await apiKeys.pageOfKeys(owner, page, identifiers);
    const counts = await apiKeys.tokenCounts(
      owner,
      rows.map(({ identifier }) => identifier),
    );
    return toNgPage(
      rows.map((row) => presentKeyAggregate(row, owner, counts.get(row.identifier) ?? 0)),
      total,
      page.index,
      page.size,
    );
  }

  async aggregateKey(scope: Scope, identifier: string, of: OwnerKeys): Promise<ApiKeyAggregate> {
    const owner = await this.ownerOf(scope, of);
    const row = await foundKey(this.unitOfWork.read, owner, identifier);
    const counts = await this.unitOfWork.read.apiKeys.tokenCounts(owner, [identifier]);
    return presentKeyAggregate(row, owner, counts.get(identifier) ?? 0);
  }

  /** Ends when it says, else as its key says, else as the account does. @returns the token's value, which is not stored @throws AppError ACCESS_DENIED for the token of somebody who may do more than the caller */
  async createToken(ctx: RequestContext, scope: Scope, token: Token): Promise<string> {
    requireSameAccount(ctx, token.accountIdentifier);
    const owner = await this.ownerOf(scope, token);
    await this.requireRights(ctx, owner);
    const made = newApiKey(ctx.accountId, kindOf(owner));
    const accountLifeMs = await this.settings.tokenLifeMs(ctx.accountId);
    return refuseDuplicate('token', token.identifier, scope, () =>
      this.unitOfWork.run(async (stores) => {
        const key = await foundKey(stores, owner, token.apiKeyIdentifier);
        const validFrom = new Date(token.validFrom || Date.now());
        const hasOwnEnd = Boolean(token.validTo || token.scheduledExpireTime);
        await stores.apiKeys.insertToken({
          accountId: owner.accountId,
          userId: owner.userId,
          id: made.tokenId,
          apiKeyIdentifier: key.identifier,
          identifier: token.identifier,
          ...describe(token),
          orgId: token.orgIdentifier || null,
          projectId: token.projectIdentifier || null,
          secretHash: made.secretHash,
          status: 'active',
          isSuperseded: false,
          ...validityOf(hasOwnEnd ? token : {}, {
            validFrom,
            validTo: hasOwnEnd ? null : defaultEnd(validFrom, Number(key.defaultTimeToExpireMs ?? 0), accountLifeMs),
            scheduledExpireAt: null,
          }),
        });
        const after = presentToken(await foundToken(stores, owner, key.identifier, token.identifier), owner);
        await stores.audit.append(ctx, {
          action: 'create',
          resourceType: 'token',
          identifier: token.identifier,
          scope,
          after,
        });
        return made.text;
      }),
    );
  }

  async updateToken(ctx: RequestContext, scope: Scope, identifier: string, token: Token): Promise<TokenOut> {
    requireSameAccount(ctx, token.accountIdentifier);
    requireSameIdentifier('token', token.identifier, identifier);
    const owner = await this.ownerOf(scope, token);
    await this.requireRights(ctx, owner);
    return this.unitOfWork.run(async (stores) => {
      const row = await foundToken(stores, owner, token.apiKeyIdentifier, identifier);
      await stores.apiKeys.updateToken(owner.accountId, row.id, { ...describe(token), ...validityOf(token, row) });
      const after = presentToken(await foundToken(stores, owner, token.apiKeyIdentifier, identifier), owner);
      await stores.audit.append(ctx, {
        action: 'update',
        resourceType: 'token',
        identifier,
        scope,
        before: presentToken(row, owner),
        after,
      });
      return after;
    });
  }

  async deleteToken(
    ctx: RequestContext,
    scope: Scope,
    apiKeyIdentifier: string,
    identifier: string,
    of: OwnerKeys,
  ): Promise<boolean> {
    const owner = await this.ownerOf(scope, of);
    return this.unitOfWork.run(async (stores) => {
      const before = presentToken(await foundToken(stores, owner, apiKeyIdentifier, identifier), owner);
      await stores.audit.append(ctx, { action: 'revoke', resourceType: 'token', identifier, scope, before });
      return stores.apiKeys.deleteToken(owner, apiKeyIdentifier, identifier);
    });
  }

  /** A new value, which lives as long as the old one was made for; the old one works until `oldUntilMs`, or stops at once. */
  async rotateToken(
    ctx: RequestContext,
    scope: Scope,
    apiKeyIdentifier: string,
    identifier: string,
    of: OwnerKeys,
    oldUntilMs: number | undefined,
  ): Promise<string> {
    const owner = await this.ownerOf(scope, of);
    await this.requireRights(ctx, owner);
    const made = newApiKey(ctx.accountId, kindOf(owner));
    const accountLifeMs = await this.settings.tokenLifeMs(ctx.accountId);
    return this.unitOfWork.run(async (stores) => {
      const key = await foundKey(stores, owner, apiKeyIdentifier);
      const old = await foundToken(stores, owner, apiKeyIdentifier, identifier);
      const now = Date.now();
      const until = new Date(Math.max(oldUntilMs ?? now, now));
      const end = endOf(old);
      await stores.apiKeys.updateToken(owner.accountId, old.id, {
        isSuperseded: true,
        scheduledExpireAt: end && end < until ? end : until,
      });
      const { createdAt: _, updatedAt: __, ...kept } = old;
      await stores.apiKeys.insertToken({
        ...kept,
        id: made.tokenId,
        secretHash: made.secretHash,
        status: 'active',
        isSuperseded: false,
        ...renewed(old, now, defaultEnd(new Date(now), Number(key.defaultTimeToExpireMs ?? 0), accountLifeMs)),
      });
      const after = presentToken(await foundToken(stores, owner, apiKeyIdentifier, identifier), owner);
      await stores.audit.append(ctx, {
        action: 'rotate',
        resourceType: 'token',
        identifier,
        scope,
        before: presentToken(old, owner),
        after,
        details: { apiKeyIdentifier, oldWorksUntil: until.getTime() },
      });
      return made.text;
    });
  }

  async pageOfTokens(
    scope: Scope,
    of: OwnerKeys,
    which: TokenFilter,
    page: PageRequest,
  ): Promise<NgPage<TokenAggregate>> {
    const owner = await this.ownerOf(scope, of);
    const { rows, total } = await this.unitOfWork.read.apiKeys.pageOfTokens(owner, which, page);
    const content = rows.map((row) => ({
      token: presentToken(row, owner),
      createdAt: row.createdAt.getTime(),
      lastModifiedAt: row.updatedAt.getTime(),
      expiryAt: endOf(row)?.getTime() ?? null,
    }));
    return toNgPage(content, total, page.index, page.size);
  }

  /** @throws AppError RESOURCE_NOT_FOUND naming parentIdentifier */
  private async ownerOf(scope: Scope, { apiKeyType, parentIdentifier }: OwnerKeys): Promise<NamedOwner> {
    const stores = this.unitOfWork.read;
    if (apiKeyType === 'SERVICE_ACCOUNT') {
      const { accountId, userId, name, email } = await foundServiceAccount(stores, scope, parentIdentifier);
      return { accountId, userId, name, email, apiKeyType, parentIdentifier };
    }
    const user = await stores.users.find(scope.accountId, parentIdentifier);
    if (user)
      return {
        accountId: user.accountId,
        userId: user.id,
        name: user.name,
        email: user.email,
        apiKeyType,
        parentIdentifier,
      };
    throw new AppError('RESOURCE_NOT_FOUND', `there is no user "${parentIdentifier}" in account ${scope.accountId}`, {
      fields: [{ field: 'parentIdentifier', error: 'does not exist' }],
    });
  }

  private async requireRights(ctx: RequestContext, owner: NamedOwner): Promise<void> {
    if (owner.userId === ctx.principal.id) return;
    requireCovers(
      ctx,
      await this.unitOfWork.read.roleBindings.grantsOf(owner.accountId, owner.userId),
      `make keys for ${owner.name}`,
    );
  }
}

function kindOf({ apiKeyType }: NamedOwner): 'pat' | 'sat' {
  return apiKeyType === 'SERVICE_ACCOUNT' ? 'sat' : 'pat';
}

function requireSameIdentifier(what: string, inBody: string, inPath: string): void {
  if (inBody === inPath) return;
  throw new AppError(
    'INVALID_REQUEST',
    `the body names ${what} "${inBody}", the path "${inPath}"; an identifier cannot be changed`,
    { fields: [{ field: 'identifier', error: 'differs from the path' }] },
  );
}

async function foundKey(stores: Stores, owner: NamedOwner, identifier: string): Promise<ApiKeyRow> {
  const row = await stores.apiKeys.findKey(owner, identifier);
  if (row) return row;
  throw new AppError('RESOURCE_NOT_FOUND', `there is no API key "${identifier}" of ${owner.name}`);
}

async function foundToken(
  stores: Stores,
  owner: NamedOwner,
  apiKeyIdentifier: string,
  identifier: string,
): Promise<ApiTokenRow> {
  const row = await stores.apiKeys.findToken(owner, apiKeyIdentifier, identifier);
  if (row) return row;
  throw new AppError('RESOURCE_NOT_FOUND', `there is no token "${identifier}" of API key "${apiKeyIdentifier}"`);
}
