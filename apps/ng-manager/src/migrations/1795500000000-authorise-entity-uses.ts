import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * References of connectors and secrets to what lies above them were stored without a look at the writer's right to use it. They count from now on when
 * somebody who has that right stores them again, or runs what uses them.
 */
export class AuthoriseEntityUses1795500000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE entity_uses ADD COLUMN is_authorised boolean NOT NULL DEFAULT true');
    await runner.query(
      `UPDATE entity_uses SET is_authorised = false
        WHERE user_kind IN ('connector', 'secret') AND (used_org_id IS DISTINCT FROM org_id OR used_project_id IS DISTINCT FROM project_id)`,
    );
  }

  async down(): Promise<void> {
    throw new Error('migrations go forward only; restore a backup instead');
  }
}
