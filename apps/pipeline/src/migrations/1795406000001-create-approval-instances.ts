import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Approvals that executions wait for. */
export class CreateApprovalInstances1795406000001 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE approval_instances (
        account_id text NOT NULL, org_id text NOT NULL, project_id text NOT NULL, id text NOT NULL, plan_execution_id text NOT NULL, node_execution_id text NOT NULL,
        type text NOT NULL, status text NOT NULL, message text NOT NULL, error_message text, deadline bigint NOT NULL, shows_history boolean NOT NULL,
        approvers jsonb NOT NULL, inputs jsonb NOT NULL DEFAULT '[]', activities jsonb NOT NULL DEFAULT '[]',
        version int NOT NULL DEFAULT 1, created_at bigint NOT NULL, updated_at bigint NOT NULL,
        CONSTRAINT "PK_approval_instances" PRIMARY KEY (id)
      )`);
    await queryRunner.query(
      `CREATE INDEX approval_instances_by_execution ON approval_instances (plan_execution_id, created_at)`,
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP TABLE approval_instances`);
  }
}
