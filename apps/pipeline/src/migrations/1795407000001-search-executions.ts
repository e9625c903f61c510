import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * A search of executions looks at every name of a project. It reads them from the index that gives the list its order; short columns stay in their rows,
 * which the narrow rows had pushed out.
 */
export class SearchExecutions1795407000001 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    const short = [
      'account_id',
      'org_id',
      'project_id',
      'plan_execution_id',
      'pipeline_identifier',
      'name',
      'status',
      'correlation_id',
      'root_execution_id',
      'retry_of',
      'search_text',
    ];
    await queryRunner.query(
      `ALTER TABLE executions ADD COLUMN search_text text, ${short.map((column) => `ALTER COLUMN ${column} SET STORAGE MAIN`).join(', ')}`,
    );
    await queryRunner.query(
      `UPDATE executions SET search_text = lower(left(name, 128) || E'\\n' || left(pipeline_identifier, 128))`,
    );
    await queryRunner.query(`ALTER TABLE executions ALTER COLUMN search_text SET NOT NULL`);
    await queryRunner.query(
      `CREATE INDEX executions_for_search ON executions (account_id, org_id, project_id, created_at, plan_execution_id) INCLUDE (search_text)`,
    );
    await queryRunner.query(`DROP INDEX executions_in_order`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      `CREATE INDEX executions_in_order ON executions (account_id, org_id, project_id, created_at, plan_execution_id)`,
    );
    await queryRunner.query(`DROP INDEX executions_for_search`);
    await queryRunner.query(`ALTER TABLE executions DROP COLUMN search_text`);
  }
}
