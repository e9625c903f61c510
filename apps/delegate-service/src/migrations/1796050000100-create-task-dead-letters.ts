import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Events that can never be handled are kept apart, with the reason, until somebody sends them again or their time is over. */
export class CreateTaskDeadLetters1796050000100 implements MigrationInterface {
  readonly name = 'CreateTaskDeadLetters1796050000100';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE task_dead_letters (
        id bigserial PRIMARY KEY,
        consumer text NOT NULL,
        task_id text NOT NULL,
        account_id text NOT NULL,
        org_id text,
        project_id text,
        type text NOT NULL,
        epoch integer NOT NULL,
        body jsonb NOT NULL,
        traceparent text NOT NULL,
        created_at timestamptz NOT NULL,
        reason text NOT NULL,
        attempts integer NOT NULL,
        set_aside_at timestamptz NOT NULL DEFAULT now()
      )`);
    await runner.query(`CREATE INDEX task_dead_letters_account ON task_dead_letters (account_id, id)`);
    await runner.query(`CREATE INDEX task_dead_letters_task ON task_dead_letters (task_id)`);
    await runner.query(`CREATE INDEX task_dead_letters_age ON task_dead_letters (set_aside_at)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE task_dead_letters`);
  }
}
