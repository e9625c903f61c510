import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Stored filters of the lists of pipelines and executions. */
export class CreateFilters1796311000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE filters (
        account_id text NOT NULL, org_id text NOT NULL, project_id text NOT NULL, type text NOT NULL, identifier text NOT NULL,
        name text NOT NULL, visibility text NOT NULL, properties jsonb NOT NULL, created_by text NOT NULL, created_at bigint NOT NULL, updated_at bigint NOT NULL,
        CONSTRAINT "PK_filters" PRIMARY KEY (account_id, org_id, project_id, type, identifier)
      )`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP TABLE filters`);
  }
}
