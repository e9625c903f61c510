import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Projects that are gone while pipeline still has what lay in them. A row holds the name until pipeline confirms that nothing is left. */
export class CreateRemovedProjects1795420000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE TABLE removed_projects (
      position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      account_id text NOT NULL,
      org_id text NOT NULL,
      project_id text NOT NULL,
      unique_id text NOT NULL UNIQUE,
      removed_by jsonb NOT NULL,
      correlation_id text NOT NULL,
      removed_at timestamptz NOT NULL DEFAULT now(),
      UNIQUE (account_id, org_id, project_id)
    )`);
  }

  async down(): Promise<void> {
    throw new Error('migrations go forward only; restore a backup instead');
  }
}
