import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What starts a pipeline by itself. A trigger goes with its pipeline. */
export class CreateTriggers1795406000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE triggers (
        account_id text NOT NULL, org_id text NOT NULL, project_id text NOT NULL, target text NOT NULL, identifier text NOT NULL,
        name text NOT NULL, description text, tags jsonb NOT NULL DEFAULT '{}', type text NOT NULL, source_type text NOT NULL, webhook_secret_ref text,
        is_enabled boolean NOT NULL, yaml text NOT NULL, errors jsonb NOT NULL DEFAULT '{}',
        version int NOT NULL DEFAULT 1, created_at bigint NOT NULL, updated_at bigint NOT NULL,
        CONSTRAINT "PK_triggers" PRIMARY KEY (account_id, org_id, project_id, target, identifier),
        CONSTRAINT triggers_of_pipeline FOREIGN KEY (account_id, org_id, project_id, target) REFERENCES pipelines (account_id, org_id, project_id, identifier) ON DELETE CASCADE
      )`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP TABLE triggers`);
  }
}
