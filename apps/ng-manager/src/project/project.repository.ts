import { newId, type AccountScope, type OrgScope, type ProjectScope } from '@sluice/kernel';
import type { ProjectExistence } from '@sluice/ng-manager-api';
import type { EntityManager } from 'typeorm';
import type { Visible } from '../access/permission.js';
import { readPage, type Page, type PageRequest } from '../persistence/page.js';
import { ProjectEntity } from './project.entity.js';

export type ProjectRow = Readonly<ProjectEntity>;
export type ProjectValues = Pick<ProjectRow, 'name' | 'description' | 'color' | 'modules' | 'tags'>;

export interface ProjectFilter {
  readonly orgId?: string | undefined;
  readonly identifiers?: readonly string[] | undefined;
  /** Only projects that have the module, or only those that have not. */
  readonly module?: { readonly name: string; readonly isThere: boolean } | undefined;
  readonly visible: Visible;
}

export class ProjectRepository {
  constructor(private readonly manager: EntityManager) {}

  /** @param lock `update` against other writers, `keep` against its removal, until the transaction ends */
  find(
    { accountId, orgId, projectId }: ProjectScope,
    { lock }: { readonly lock?: 'update' | 'keep' } = {},
  ): Promise<ProjectRow | null> {
    return this.manager.findOne(ProjectEntity, {
      where: { accountId, orgId, identifier: projectId },
      ...(lock ? { lock: { mode: lock === 'update' ? 'pessimistic_write' : 'for_key_share' } } : {}),
    });
  }

  /** Whether a project and its organization are there, and which project it is; one look at each primary key. */
  async existence({ accountId, orgId, projectId }: ProjectScope): Promise<ProjectExistence> {
    const [row] = await this.manager.query<Pick<ProjectExistence, 'hasOrg' | 'uniqueId'>[]>(
      `SELECT EXISTS (SELECT FROM organizations WHERE account_id = $1 AND identifier = $2) AS "hasOrg",
              (SELECT unique_id FROM projects WHERE account_id = $1 AND org_id = $2 AND identifier = $3) AS "uniqueId"`,
      [accountId, orgId, projectId],
    );
    const { hasOrg, uniqueId } = row ?? { hasOrg: false, uniqueId: null };
    return { hasOrg, hasProject: uniqueId !== null, uniqueId };
  }

  page({ accountId }: AccountScope, page: PageRequest, filter: ProjectFilter): Promise<Page<ProjectRow>> {
    const query = this.manager
      .createQueryBuilder(ProjectEntity, 'row')
      .where('row.accountId = :accountId', { accountId });
    if (filter.orgId) query.andWhere('row.orgId = :orgId', { orgId: filter.orgId });
    if (filter.identifiers) query.andWhere('row.identifier = ANY(:identifiers)', { identifiers: filter.identifiers });
    if (filter.module)
      query.andWhere(`${filter.module.isThere ? '' : 'NOT '}row.modules @> :module`, {
        module: JSON.stringify([filter.module.name]),
      });
    if (filter.visible !== 'all') {
      const { orgIds, projects } = filter.visible;
      query.andWhere(`(row.orgId = ANY(:orgIds) OR (row.orgId || '/' || row.identifier) = ANY(:projects))`, {
        orgIds,
        projects: projects.map((pair) => pair.join('/')),
      });
    }
    return readPage(query, page);
  }

  /** At most `limit` identifiers of an org's projects, in order. */
  async identifiersIn({ accountId, orgId }: OrgScope, limit: number): Promise<string[]> {
    const rows = await this.manager.find(ProjectEntity, {
      select: { identifier: true },
      where: { accountId, orgId },
      order: { identifier: 'ASC' },
      take: limit,
    });
    return rows.map(({ identifier }) => identifier);
  }

  allIn({ accountId, orgId }: OrgScope): Promise<ProjectRow[]> {
    return this.manager.findBy(ProjectEntity, { accountId, orgId });
  }

  async insert({ accountId, orgId, projectId }: ProjectScope, values: ProjectValues): Promise<void> {
    await this.manager.insert(ProjectEntity, { accountId, orgId, identifier: projectId, uniqueId: newId(), ...values });
  }

  async update({ accountId, orgId, projectId }: ProjectScope, values: ProjectValues): Promise<boolean> {
    return (
      (await this.manager.update(ProjectEntity, { accountId, orgId, identifier: projectId }, values)).affected === 1
    );
  }

  async delete({ accountId, orgId, projectId }: ProjectScope): Promise<boolean> {
    return (await this.manager.delete(ProjectEntity, { accountId, orgId, identifier: projectId })).affected === 1;
  }
}
