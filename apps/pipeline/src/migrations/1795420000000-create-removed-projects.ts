import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Which projects are gone, for requests that still believe in them; and what of a project is removed is found without looking at others. */
export class CreateRemovedProjects1795420000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE removed_projects (
        account_id text NOT NULL, org_id text NOT NULL, project_id text NOT NULL, unique_id text NOT NULL, removed_at bigint NOT NULL,
        is_empty boolean NOT NULL DEFAULT false,
        CONSTRAINT "PK_removed_projects" PRIMARY KEY (unique_id)
      )`);
    await queryRunner.query(`CREATE INDEX removed_projects_by_age ON removed_projects (removed_at)`);
    await queryRunner.query(`CREATE INDEX execution_tasks_by_execution ON execution_tasks (plan_execution_id)`);
    await queryRunner.query(
      `CREATE INDEX pipeline_checks_by_project ON pipeline_checks (account_id, org_id, project_id)`,
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP INDEX pipeline_checks_by_project`);
    await queryRunner.query(`DROP INDEX execution_tasks_by_execution`);
    await queryRunner.query(`DROP TABLE removed_projects`);
  }
}
