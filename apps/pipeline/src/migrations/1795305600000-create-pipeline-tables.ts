import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Pipelines, input sets, executions with their nodes and tasks, and the queue in front of each database instance. */
export class CreatePipelineTables1795305600000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE pipelines (
        account_id text NOT NULL, org_id text NOT NULL, project_id text NOT NULL, identifier text NOT NULL,
        name text NOT NULL, description text, tags jsonb NOT NULL DEFAULT '{}', yaml text NOT NULL, stage_names jsonb NOT NULL DEFAULT '[]',
        version int NOT NULL DEFAULT 1, run_sequence int NOT NULL DEFAULT 0, created_at bigint NOT NULL, updated_at bigint NOT NULL,
        CONSTRAINT "PK_pipelines" PRIMARY KEY (account_id, org_id, project_id, identifier)
      )`);
    await queryRunner.query(`
      CREATE TABLE input_sets (
        account_id text NOT NULL, org_id text NOT NULL, project_id text NOT NULL, pipeline_identifier text NOT NULL, identifier text NOT NULL,
        name text NOT NULL, description text, tags jsonb NOT NULL DEFAULT '{}', yaml text NOT NULL,
        version int NOT NULL DEFAULT 1, created_at bigint NOT NULL, updated_at bigint NOT NULL,
        CONSTRAINT "PK_input_sets" PRIMARY KEY (account_id, org_id, project_id, pipeline_identifier, identifier)
      )`);
    await queryRunner.query(`
      CREATE TABLE executions (
        account_id text NOT NULL, org_id text NOT NULL, project_id text NOT NULL, plan_execution_id text NOT NULL,
        pipeline_identifier text NOT NULL, name text NOT NULL, run_sequence int NOT NULL, status text NOT NULL,
        plan jsonb NOT NULL, yaml text NOT NULL, input_yaml text NOT NULL, input_template_yaml text, input_set_ids jsonb NOT NULL DEFAULT '[]',
        caller jsonb NOT NULL, correlation_id text NOT NULL, traceparent text, notes text, retry_of text, taken_over jsonb NOT NULL DEFAULT '[]',
        created_at bigint NOT NULL, valid_until bigint NOT NULL, ended_at bigint, failure_message text,
        interrupt_id text, interrupted_at bigint, interrupted_by text, is_started boolean NOT NULL DEFAULT false,
        CONSTRAINT "PK_executions" PRIMARY KEY (plan_execution_id)
      )`);
    await queryRunner.query(
      `CREATE INDEX executions_by_project ON executions (account_id, org_id, project_id, created_at)`,
    );
    await queryRunner.query(
      `CREATE INDEX executions_by_pipeline ON executions (account_id, org_id, project_id, pipeline_identifier, created_at)`,
    );
    await queryRunner.query(`CREATE INDEX executions_under_way ON executions (created_at) WHERE ended_at IS NULL`);
    await queryRunner.query(`
      CREATE TABLE execution_nodes (
        plan_execution_id text NOT NULL, node_id text NOT NULL, status text NOT NULL, state jsonb NOT NULL, version int NOT NULL DEFAULT 1,
        CONSTRAINT "PK_execution_nodes" PRIMARY KEY (plan_execution_id, node_id)
      )`);
    await queryRunner.query(`
      CREATE TABLE execution_tasks (
        task_id text NOT NULL, plan_execution_id text NOT NULL, node_id text NOT NULL, workflow_id text NOT NULL, kind text NOT NULL,
        status text NOT NULL DEFAULT 'open', context jsonb NOT NULL, report jsonb, created_at bigint NOT NULL, ended_at bigint,
        CONSTRAINT "PK_execution_tasks" PRIMARY KEY (task_id)
      )`);
    await queryRunner.query(
      `CREATE INDEX execution_tasks_open ON execution_tasks (plan_execution_id) WHERE status = 'open'`,
    );
    await queryRunner.query(`
      CREATE TABLE instance_locks (
        account_id text NOT NULL, org_id text NOT NULL, project_id text NOT NULL, holder text NOT NULL, position bigserial NOT NULL,
        db_schema text NOT NULL, db_instance text NOT NULL, plan_execution_id text NOT NULL, workflow_id text NOT NULL,
        queued_at bigint NOT NULL, granted_at bigint, is_told boolean NOT NULL DEFAULT false,
        CONSTRAINT "PK_instance_locks" PRIMARY KEY (holder)
      )`);
    await queryRunner.query(
      `CREATE UNIQUE INDEX instance_locks_one_holder ON instance_locks (account_id, org_id, project_id, db_schema, db_instance) WHERE granted_at IS NOT NULL`,
    );
    await queryRunner.query(
      `CREATE INDEX instance_locks_queue ON instance_locks (account_id, org_id, project_id, db_schema, db_instance, position)`,
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const table of [
      'instance_locks',
      'execution_tasks',
      'execution_nodes',
      'executions',
      'input_sets',
      'pipelines',
    ])
      await queryRunner.query(`DROP TABLE ${table}`);
  }
}
