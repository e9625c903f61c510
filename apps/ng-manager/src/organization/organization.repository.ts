import type { AccountScope } from '@sluice/kernel';
import type { EntityManager } from 'typeorm';
import type { Visible } from '../access/permission.js';
import { readPage, type Page, type PageRequest } from '../persistence/page.js';
import { OrganizationEntity } from './organization.entity.js';

export type OrganizationRow = Readonly<OrganizationEntity>;
export type OrganizationValues = Pick<OrganizationRow, 'name' | 'description' | 'tags'>;

export class OrganizationRepository {
  constructor(private readonly manager: EntityManager) {}

  find(
    { accountId }: AccountScope,
    identifier: string,
    options: { readonly forUpdate?: boolean } = {},
  ): Promise<OrganizationRow | null> {
    return this.manager.findOne(OrganizationEntity, {
      where: { accountId, identifier },
      ...(options.forUpdate ? { lock: { mode: 'pessimistic_write' } } : {}),
    });
  }

  page(
    { accountId }: AccountScope,
    page: PageRequest,
    filter: { readonly identifiers?: readonly string[] | undefined; readonly visible: Visible },
  ): Promise<Page<OrganizationRow>> {
    const query = this.manager
      .createQueryBuilder(OrganizationEntity, 'row')
      .where('row.accountId = :accountId', { accountId });
    if (filter.identifiers) query.andWhere('row.identifier = ANY(:identifiers)', { identifiers: filter.identifiers });
    if (filter.visible !== 'all')
      query.andWhere('row.identifier = ANY(:visible)', {
        visible: [...filter.visible.orgIds, ...filter.visible.projects.map(([orgId]) => orgId)],
      });
    return readPage(query, page);
  }

  async insert({ accountId }: AccountScope, identifier: string, values: OrganizationValues): Promise<void> {
    await this.manager.insert(OrganizationEntity, { accountId, identifier, ...values });
  }

  async update({ accountId }: AccountScope, identifier: string, values: OrganizationValues): Promise<boolean> {
    return (await this.manager.update(OrganizationEntity, { accountId, identifier }, values)).affected === 1;
  }

  async delete({ accountId }: AccountScope, identifier: string): Promise<boolean> {
    return (await this.manager.delete(OrganizationEntity, { accountId, identifier })).affected === 1;
  }
}
