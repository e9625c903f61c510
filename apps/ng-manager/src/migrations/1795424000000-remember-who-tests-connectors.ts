import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who asked for a connection test, so that its secrets are read in their name. Tests asked for before have nobody; they are over within minutes. */
export class RememberWhoTestsConnectors1795424000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE connector_tests ADD COLUMN asked_by jsonb');
  }

  async down(): Promise<void> {
    throw new Error('migrations go forward only; restore a backup instead');
  }
}
