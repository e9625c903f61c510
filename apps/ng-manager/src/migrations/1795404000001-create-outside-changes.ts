import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Changes asked of another service whose outcome is not known yet: what is left here after a crash is looked up there. */
export class CreateOutsideChanges1795404000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE TABLE outside_changes (
      event_id text PRIMARY KEY,
      account_id text NOT NULL,
      event jsonb NOT NULL,
      created_at timestamptz NOT NULL DEFAULT clock_timestamp()
    )`);
    await runner.query('CREATE INDEX outside_changes_by_age ON outside_changes (created_at)');
  }

  async down(): Promise<void> {
    throw new Error('migrations go forward only; restore a backup instead');
  }
}
