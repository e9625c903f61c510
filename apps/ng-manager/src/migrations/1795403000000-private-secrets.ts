import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A private secret has an owner: nobody else sees or uses it. */
export class PrivateSecrets1795403000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE secrets ADD COLUMN owner_id text');
  }

  async down(): Promise<void> {
    throw new Error('migrations go forward only; restore a backup instead');
  }
}
