import { AppError } from '@sluice/kernel';
import { MoreThan, type EntityManager } from 'typeorm';
import type { WrappedKey } from '../encryption/key-provider.js';
import { AccountDataKeyEntity, AccountEntity } from './account.entity.js';

export type Account = Readonly<AccountEntity>;
export type AccountDataKey = Readonly<Omit<AccountDataKeyEntity, 'createdAt'>>;
export type StoredDataKey = Readonly<AccountDataKeyEntity>;

export class AccountRepository {
  constructor(private readonly manager: EntityManager) {}

  find(accountId: string): Promise<Account | null> {
    return this.manager.findOneBy(AccountEntity, { identifier: accountId });
  }

  /** Whether this installation has an account at all. */
  isAny(): Promise<boolean> {
    return this.manager.exists(AccountEntity);
  }

  /** Makes the account unless it is there. */
  async ensure(accountId: string, name: string): Promise<void> {
    await this.manager
      .createQueryBuilder()
      .insert()
      .into(AccountEntity)
      .values({ identifier: accountId, name })
      .orIgnore()
      .execute();
  }

  /** The key new values are encrypted with. */
  currentDataKey(accountId: string): Promise<AccountDataKey | null> {
    return this.manager.findOne(AccountDataKeyEntity, { where: { accountId }, order: { version: 'DESC' } });
  }

  dataKey(accountId: string, version: number): Promise<AccountDataKey | null> {
    return this.manager.findOneBy(AccountDataKeyEntity, { accountId, version });
  }

  /** Adds a data key unless that version is there; the one that was first stays. */
  async addDataKey(key: AccountDataKey): Promise<void> {
    await this.manager.createQueryBuilder().insert().into(AccountDataKeyEntity).values(key).orIgnore().execute();
  }

  /** All data keys of an account, oldest first. */
  dataKeysOf(accountId: string): Promise<StoredDataKey[]> {
    return this.manager.find(AccountDataKeyEntity, { where: { accountId }, order: { version: 'ASC' } });
  }

  /** Identifiers of at most `limit` accounts after `after`, in order. */
  async identifiersAfter(after: string, limit: number): Promise<string[]> {
    const rows = await this.manager.find(AccountEntity, {
      select: { identifier: true },
      where: { identifier: MoreThan(after) },
      order: { identifier: 'ASC' },
      take: limit,
    });
    return rows.map(({ identifier }) => identifier);
  }

  /** Names of all key-encryption keys in use, of at most `limit`. */
  async keyEncryptionKeyIds(limit: number): Promise<string[]> {
    const rows = await this.manager
      .createQueryBuilder(AccountDataKeyEntity, 'key')
      .select('DISTINCT key.keyEncryptionKeyId', 'id')
      .limit(limit)
      .getRawMany<{ id: string }>();
    return rows.map(({ id }) => id);
  }

  /** Replaces how a data key is wrapped, unless somebody else did meanwhile: then nothing happens and the answer is false. */
  async rewrapDataKey(
    { accountId, version, keyEncryptionKeyId, wrappedKey }: AccountDataKey,
    { keyId, wrapped }: WrappedKey,
  ): Promise<boolean> {
    const changed = await this.manager.update(
      AccountDataKeyEntity,
      { accountId, version, keyEncryptionKeyId, wrappedKey },
      { keyEncryptionKeyId: keyId, wrappedKey: wrapped },
    );
    return changed.affected === 1;
  }
}

/** @throws AppError RESOURCE_NOT_FOUND */
export async function foundAccount(accounts: AccountRepository, accountId: string): Promise<Account> {
  const account = await accounts.find(accountId);
  if (account) return account;
  throw new AppError('RESOURCE_NOT_FOUND', `there is no account "${accountId}"`);
}
