import type { EntityManager } from 'typeorm';
import { AccountDataKeyEntity, AccountEntity } from './account.entity.js';

export type Account = Readonly<AccountEntity>;
export type AccountDataKey = Readonly<Omit<AccountDataKeyEntity, 'createdAt'>>;

export class AccountRepository {
  constructor(private readonly manager: EntityManager) {}

  find(accountId: string): Promise<Account | null> {
    return this.manager.findOneBy(AccountEntity, { identifier: accountId });
  }

  /** Makes the account unless it is there. */
  async ensure(accountId: string, name: string): Promise<void> {
    await this.manager.createQueryBuilder().insert().into(AccountEntity).values({ identifier: accountId, name }).orIgnore().execute();
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
}
