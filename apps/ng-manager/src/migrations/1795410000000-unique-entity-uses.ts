import type { MigrationInterface, QueryRunner } from 'typeorm';

/** One row per user and used entity, whoever writes it; what pipelines refer to is found by the entity they refer to. */
export class UniqueEntityUses1795410000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE UNIQUE INDEX entity_uses_are_unique ON entity_uses
         (account_id, used_kind, used_identifier, used_org_id, used_project_id, user_kind, user_identifier, org_id, project_id) NULLS NOT DISTINCT`,
    );
    await runner.query('DROP INDEX entity_uses_by_used');
  }

  async down(): Promise<void> {
    throw new Error('migrations go forward only; restore a backup instead');
  }
}
