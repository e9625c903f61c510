import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Roles and resource groups that clients make and read again. They count for nothing: what is bound names built-in ones. */
export class CreateKeptAccess1796082000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE TABLE kept_access (
      id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
      account_id text NOT NULL REFERENCES accounts ON DELETE CASCADE,
      org_id text,
      project_id text,
      kind text NOT NULL CHECK (kind IN ('role', 'resourceGroup')),
      identifier text NOT NULL,
      name text NOT NULL,
      description text,
      tags jsonb NOT NULL DEFAULT '{}',
      content jsonb NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now(),
      updated_at timestamptz NOT NULL DEFAULT now(),
      FOREIGN KEY (account_id, org_id) REFERENCES organizations ON DELETE CASCADE,
      FOREIGN KEY (account_id, org_id, project_id) REFERENCES projects ON DELETE CASCADE,
      CONSTRAINT kept_access_is_unique UNIQUE NULLS NOT DISTINCT (account_id, org_id, project_id, kind, identifier)
    )`);
  }

  async down(): Promise<void> {
    throw new Error('migrations go forward only; restore a backup instead');
  }
}
