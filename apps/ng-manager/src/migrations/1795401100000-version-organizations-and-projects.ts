import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A version per organization and project, so that a client can say which state it changes (`If-Match`). */
export class VersionOrganizationsAndProjects1795401100000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const table of ['organizations', 'projects'])
      await runner.query(`ALTER TABLE ${table} ADD COLUMN version integer NOT NULL DEFAULT 1`);
  }

  async down(): Promise<void> {
    throw new Error('migrations go forward only; restore a backup instead');
  }
}
