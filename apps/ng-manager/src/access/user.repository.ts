import { scopeColumns, type RoleName, type Scope } from '@sluice/kernel';
import { In, type EntityManager } from 'typeorm';
import { readPage, type Page, type PageRequest } from '../persistence/page.js';
import { RoleBindingEntity, UserEntity } from './user.entity.js';

export type User = Readonly<UserEntity>;
export type RoleBinding = Readonly<RoleBindingEntity>;

export class UserRepository {
  constructor(private readonly manager: EntityManager) {}

  find(accountId: string, id: string): Promise<User | null> {
    return this.manager.findOneBy(UserEntity, { accountId, id });
  }

  findByEmail(accountId: string, email: string): Promise<User | null> {
    return this.manager.findOneBy(UserEntity, { accountId, email: email.toLowerCase() });
  }

  async insert(user: { readonly accountId: string; readonly id: string; readonly email: string; readonly name: string }): Promise<void> {
    await this.manager.insert(UserEntity, { ...user, email: user.email.toLowerCase() });
  }

  page(accountId: string, page: PageRequest): Promise<Page<User>> {
    return readPage(this.manager.createQueryBuilder(UserEntity, 'row').where('row.accountId = :accountId', { accountId }), page, { searched: ['name', 'email'], sortable: { name: 'name', email: 'email', createdAt: 'createdAt' } });
  }

  bindingsOf(accountId: string, userIds: readonly string[]): Promise<RoleBinding[]> {
    return this.manager.findBy(RoleBindingEntity, { accountId, userId: In([...userIds]) });
  }

  /** Binds the role unless it is bound there already. */
  async bind(scope: Scope, userId: string, role: RoleName): Promise<void> {
    await this.manager.createQueryBuilder().insert().into(RoleBindingEntity).values({ ...scopeColumns(scope), userId, role }).orIgnore().execute();
  }
}
