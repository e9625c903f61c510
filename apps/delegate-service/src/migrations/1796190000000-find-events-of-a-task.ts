import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Requests for secrets look for an open one of the same task, and retention for any event of it. */
export class FindEventsOfATask1796190000000 implements MigrationInterface {
  readonly name = 'FindEventsOfATask1796190000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE INDEX task_events_task ON task_events (task_id)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP INDEX task_events_task`);
  }
}
