import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Instances may be filed under an environment. Who refers to a service or an environment is found by an index before that is deleted. */
export class FileInstances1796325000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE db_instances ADD COLUMN environment text`);
    await queryRunner.query(`CREATE INDEX db_instances_environment ON db_instances (account_id, environment)`);
    await queryRunner.query(`CREATE INDEX db_schemas_service ON db_schemas (account_id, service)`);
  }

  async down(): Promise<void> {}
}
