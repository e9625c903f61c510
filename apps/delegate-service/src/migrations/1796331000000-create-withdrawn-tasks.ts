import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Task ids that were aborted before their task had arrived. Each is of one account and one submitting service, so it says nothing about ids of another. */
export class CreateWithdrawnTasks1796331000000 implements MigrationInterface {
  readonly name = 'CreateWithdrawnTasks1796331000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE withdrawn_tasks (
        task_id text NOT NULL,
        account_id text NOT NULL,
        consumer text NOT NULL,
        withdrawn_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (task_id, account_id, consumer)
      )`);
    await runner.query(`CREATE INDEX withdrawn_tasks_at ON withdrawn_tasks (withdrawn_at)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE withdrawn_tasks`);
  }
}
