import type { EntityManager } from 'typeorm';
import type { ProjectScope } from '@sluice/kernel';

/** Longer than any request takes. */
const KEPT_MS = 24 * 3_600_000;
const LOCKS = 20260201;

/**
 * Which projects are gone, by the id that tells them from others of the same name. What is stored in a project and its removal take turns: either
 * the removal sees what was stored, or who stores sees the removal. Bound to one transaction.
 */
export class RemovedProjects {
  constructor(private readonly db: EntityManager) {}

  /** Holds a project until the transaction ends. @returns false when it is gone */
  async hold(uniqueId: string): Promise<boolean> {
    await this.db.query(`SELECT pg_advisory_xact_lock_shared(hashtextextended($1, ${LOCKS}))`, [uniqueId]);
    const rows = await this.db.query<unknown[]>(`SELECT FROM removed_projects WHERE unique_id = $1`, [uniqueId]);
    return rows.length === 0;
  }

  /** From the commit on nothing new is stored in the project. Safe to repeat. Those removed long ago are forgotten. */
  async add({ accountId, orgId, projectId }: ProjectScope, uniqueId: string, at: number): Promise<void> {
    await this.lock(uniqueId);
    await this.db.query(
      `INSERT INTO removed_projects (account_id, org_id, project_id, unique_id, removed_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (unique_id) DO UPDATE SET removed_at = excluded.removed_at`,
      [accountId, orgId, projectId, uniqueId, at],
    );
    await this.db.query(`DELETE FROM removed_projects WHERE removed_at < $1`, [at - KEPT_MS]);
  }

  /**
   * Waits until no other process works on what is left of the project, and keeps others waiting until the transaction ends.
   * @returns false when nothing is left: then its name may be another project's already
   */
  async takeTurn(uniqueId: string): Promise<boolean> {
    await this.lock(uniqueId);
    const rows = await this.db.query<unknown[]>(`SELECT FROM removed_projects WHERE unique_id = $1 AND NOT is_empty`, [
      uniqueId,
    ]);
    return rows.length === 1;
  }

  /** Nothing is left, for ever: said before the name is freed. */
  async markEmpty(uniqueId: string): Promise<void> {
    await this.db.query(`UPDATE removed_projects SET is_empty = true WHERE unique_id = $1`, [uniqueId]);
  }

  private async lock(uniqueId: string): Promise<void> {
    await this.db.query(`SELECT pg_advisory_xact_lock(hashtextextended($1, ${LOCKS}))`, [uniqueId]);
  }
}
