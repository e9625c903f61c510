import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The sweeper looks for pods that were not cleaned up. */
export class FindOpenCleanups1796190000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      `CREATE INDEX execution_tasks_cleanups ON execution_tasks (created_at) WHERE kind = 'cleanup-pod' AND status <> 'ended'`,
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP INDEX execution_tasks_cleanups`);
  }
}
