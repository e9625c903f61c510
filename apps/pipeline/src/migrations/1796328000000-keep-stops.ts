import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A stop that the delegate service has not taken, or no delegate has confirmed, is kept with its task. */
export class KeepStops1796328000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      `ALTER TABLE execution_tasks ADD COLUMN stop_wanted_at bigint, ADD COLUMN stop_until bigint`,
    );
    await queryRunner.query(
      `CREATE INDEX execution_tasks_to_stop ON execution_tasks (stop_wanted_at) WHERE stop_wanted_at IS NOT NULL`,
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP INDEX execution_tasks_to_stop`);
    await queryRunner.query(`ALTER TABLE execution_tasks DROP COLUMN stop_wanted_at, DROP COLUMN stop_until`);
  }
}
