import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Variables that pipelines read. They go with their organization or project. */
export class CreateVariables1796312000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE TABLE variables (
        id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
        account_id text NOT NULL REFERENCES accounts ON DELETE CASCADE,
        org_id text,
        project_id text,
        identifier text NOT NULL,
        name text NOT NULL,
        description text,
        tags jsonb NOT NULL DEFAULT '{}',
        value text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        updated_at timestamptz NOT NULL DEFAULT now(),
        FOREIGN KEY (account_id, org_id) REFERENCES organizations ON DELETE CASCADE,
        FOREIGN KEY (account_id, org_id, project_id) REFERENCES projects ON DELETE CASCADE,
        CONSTRAINT variables_identifier_is_unique UNIQUE NULLS NOT DISTINCT (account_id, org_id, project_id, identifier)
      )`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE variables');
  }
}
