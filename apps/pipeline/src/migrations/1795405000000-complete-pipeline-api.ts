import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What the rest of the public API keeps: overlays, chosen stages, reruns, results of checks; and indexes behind the lists. */
export class CompletePipelineApi1795405000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      `ALTER TABLE pipelines ADD COLUMN filters jsonb NOT NULL DEFAULT '{}', ADD COLUMN last_execution_at bigint`,
    );
    await queryRunner.query(`
      UPDATE pipelines p SET last_execution_at = (SELECT max(e.created_at) FROM executions e
        WHERE e.account_id = p.account_id AND e.org_id = p.org_id AND e.project_id = p.project_id AND e.pipeline_identifier = p.identifier)`);
    await queryRunner.query(
      `ALTER TABLE input_sets ADD COLUMN type text NOT NULL DEFAULT 'INPUT_SET', ADD COLUMN input_set_references jsonb NOT NULL DEFAULT '[]'`,
    );
    await queryRunner.query(`
      ALTER TABLE executions ADD COLUMN rerun_of text, ADD COLUMN root_execution_id text, ADD COLUMN chosen_stages jsonb, ADD COLUMN tags jsonb NOT NULL DEFAULT '{}',
        ADD COLUMN is_retried boolean NOT NULL DEFAULT false, ADD COLUMN module_type text`);
    await queryRunner.query(`UPDATE executions SET tags = coalesce(plan -> 'tags', '{}')`);
    await queryRunner.query(
      `UPDATE executions e SET is_retried = true WHERE EXISTS (SELECT 1 FROM executions r WHERE r.retry_of = e.plan_execution_id)`,
    );
    // The first execution of every chain of retries.
    await queryRunner.query(`
      WITH RECURSIVE chain AS (
        SELECT plan_execution_id, plan_execution_id AS root FROM executions WHERE retry_of IS NULL
        UNION ALL SELECT e.plan_execution_id, c.root FROM executions e JOIN chain c ON e.retry_of = c.plan_execution_id
      ) UPDATE executions e SET root_execution_id = c.root FROM chain c WHERE c.plan_execution_id = e.plan_execution_id AND e.retry_of IS NOT NULL`);
    await queryRunner.query(
      `CREATE INDEX executions_by_status ON executions (account_id, org_id, project_id, status, created_at)`,
    );
    await queryRunner.query(
      `CREATE INDEX executions_by_caller ON executions (account_id, org_id, project_id, (caller #>> '{principal,id}'), created_at)`,
    );
    await queryRunner.query(
      `CREATE INDEX executions_of_pipeline ON executions (account_id, org_id, project_id, pipeline_identifier, created_at) INCLUDE (status)`,
    );
    await queryRunner.query(`DROP INDEX executions_by_pipeline`);
    await queryRunner.query(
      `CREATE INDEX executions_by_root ON executions (root_execution_id) WHERE root_execution_id IS NOT NULL`,
    );
    await queryRunner.query(`CREATE INDEX execution_nodes_by_node ON execution_nodes (node_id)`);
    await queryRunner.query(`
      CREATE TABLE pipeline_checks (
        account_id text NOT NULL, org_id text NOT NULL, project_id text NOT NULL, check_id text NOT NULL,
        kind text NOT NULL, pipeline_identifier text NOT NULL, result jsonb NOT NULL, created_at bigint NOT NULL,
        CONSTRAINT "PK_pipeline_checks" PRIMARY KEY (check_id)
      )`);
    await queryRunner.query(`CREATE INDEX pipeline_checks_by_age ON pipeline_checks (created_at)`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP TABLE pipeline_checks`);
    await queryRunner.query(`DROP INDEX execution_nodes_by_node`);
    await queryRunner.query(
      `CREATE INDEX executions_by_pipeline ON executions (account_id, org_id, project_id, pipeline_identifier, created_at)`,
    );
    for (const index of [
      'executions_by_root',
      'executions_of_pipeline',
      'executions_by_caller',
      'executions_by_status',
    ])
      await queryRunner.query(`DROP INDEX ${index}`);
    await queryRunner.query(
      `ALTER TABLE executions DROP COLUMN module_type, DROP COLUMN is_retried, DROP COLUMN tags, DROP COLUMN chosen_stages, DROP COLUMN root_execution_id, DROP COLUMN rerun_of`,
    );
    await queryRunner.query(`ALTER TABLE input_sets DROP COLUMN input_set_references, DROP COLUMN type`);
    await queryRunner.query(`ALTER TABLE pipelines DROP COLUMN last_execution_at, DROP COLUMN filters`);
  }
}
