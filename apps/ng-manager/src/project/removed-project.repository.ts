import type { AuditActor } from '@sluice/api-conventions';
import { scopeColumns, type OrgScope, type ProjectScope } from '@sluice/kernel';
import type { RemovedProject } from '@sluice/ng-manager-api';
import { MoreThan, type EntityManager } from 'typeorm';
import { RemovedProjectEntity } from './removed-project.entity.js';

/** Who removed something, and in which request. */
export interface RemovedBy {
  readonly principal: AuditActor;
  readonly correlationId: string;
}

/** Projects that are gone while pipeline still has what lay in them. */
export class RemovedProjectRepository {
  constructor(private readonly manager: EntityManager) {}

  /** Holds the name of a project, or of every project of an org, in the transaction that removes it; call it before. Nobody else removes those projects meanwhile. */
  async add(scope: OrgScope | ProjectScope, { principal, correlationId }: RemovedBy): Promise<void> {
    const { accountId, orgId, projectId } = scopeColumns(scope);
    const { type, id, name, email } = principal;
    await this.manager.query(
      `INSERT INTO removed_projects (account_id, org_id, project_id, unique_id, removed_by, correlation_id)
       SELECT account_id, org_id, identifier, unique_id, $4::jsonb, $5 FROM projects WHERE account_id = $1 AND org_id = $2 AND ($3::text IS NULL OR identifier = $3) ORDER BY identifier FOR UPDATE`,
      [accountId, orgId, projectId, JSON.stringify({ type, id, name, email }), correlationId],
    );
  }

  /** Is there something left of a project of this name? */
  holds({ accountId, orgId, projectId }: ProjectScope): Promise<boolean> {
    return this.manager.existsBy(RemovedProjectEntity, { accountId, orgId, projectId });
  }

  /** Of every account, oldest first: this is for pipeline itself. */
  async after(position: number, limit: number): Promise<RemovedProject[]> {
    const rows = await this.manager.find(RemovedProjectEntity, {
      where: { position: MoreThan(String(position)) },
      order: { position: 'ASC' },
      take: limit,
    });
    return rows.map(({ position: at, removedAt: _at, ...row }) => ({ ...row, position: Number(at) }));
  }

  /** Frees the name. @returns false when it was free already */
  async delete(position: number): Promise<boolean> {
    return (await this.manager.delete(RemovedProjectEntity, { position: String(position) })).affected === 1;
  }
}
