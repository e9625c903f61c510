import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The names of role and resource group a client wrote, so that it reads what it sent. */
export class KeepWrittenRoles1795512000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE role_bindings ADD COLUMN as_written jsonb');
  }

  async down(): Promise<void> {
    throw new Error('migrations go forward only; restore a backup instead');
  }
}
