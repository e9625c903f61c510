import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Members of a group have a place, so that a client reads the list it sent. Members of before are in the order of their ids, as they were shown. */
export class OrderGroupMembers1795512100000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE user_group_members ADD COLUMN position integer NOT NULL DEFAULT 0');
  }

  async down(): Promise<void> {
    throw new Error('migrations go forward only; restore a backup instead');
  }
}
