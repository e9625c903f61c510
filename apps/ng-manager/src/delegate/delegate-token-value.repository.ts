import { In, type EntityManager } from 'typeorm';
import { DelegateTokenValueEntity } from './delegate-token-value.entity.js';

export type DelegateTokenValueRow = Readonly<Omit<DelegateTokenValueEntity, 'createdAt'>>;

/** Encrypted values of delegate tokens. */
export class DelegateTokenValueRepository {
  constructor(private readonly manager: EntityManager) {}

  find(accountId: string, tokenIds: readonly string[]): Promise<DelegateTokenValueRow[]> {
    return this.manager.findBy(DelegateTokenValueEntity, { accountId, tokenId: In([...tokenIds]) });
  }

  /** Adds a value unless the token has one. */
  async add(row: DelegateTokenValueRow): Promise<void> {
    await this.manager.createQueryBuilder().insert().into(DelegateTokenValueEntity).values(row).orIgnore().execute();
  }

  async delete(accountId: string, tokenId: string): Promise<void> {
    await this.manager.delete(DelegateTokenValueEntity, { accountId, tokenId });
  }
}
