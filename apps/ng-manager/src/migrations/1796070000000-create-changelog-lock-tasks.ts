import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Change log locks a delegate was asked to look at or to free, and what became of it. */
export class CreateChangelogLockTasks1796070000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE TABLE changelog_lock_tasks (
      task_id text PRIMARY KEY,
      account_id text NOT NULL,
      org_id text,
      project_id text,
      question jsonb NOT NULL,
      expressions jsonb NOT NULL,
      asked_by jsonb NOT NULL,
      outcome jsonb,
      created_at timestamptz NOT NULL DEFAULT now()
    )`);
    await runner.query('CREATE INDEX changelog_lock_tasks_by_age ON changelog_lock_tasks (created_at)');
  }

  async down(): Promise<void> {
    throw new Error('migrations go forward only; restore a backup instead');
  }
}
