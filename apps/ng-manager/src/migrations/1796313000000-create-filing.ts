import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Services, environments and infrastructures, in one table: they differ in a few fields of their own. They go with their organization or project. */
export class CreateFiling1796313000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE TABLE filing_entities (
        id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
        account_id text NOT NULL REFERENCES accounts ON DELETE CASCADE,
        org_id text,
        project_id text,
        kind text NOT NULL,
        environment text NOT NULL DEFAULT '',
        identifier text NOT NULL,
        name text NOT NULL,
        description text,
        tags jsonb NOT NULL DEFAULT '{}',
        traits jsonb NOT NULL DEFAULT '{}',
        yaml text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        updated_at timestamptz NOT NULL DEFAULT now(),
        FOREIGN KEY (account_id, org_id) REFERENCES organizations ON DELETE CASCADE,
        FOREIGN KEY (account_id, org_id, project_id) REFERENCES projects ON DELETE CASCADE,
        CONSTRAINT filing_entities_identifier_is_unique UNIQUE NULLS NOT DISTINCT (account_id, org_id, project_id, kind, environment, identifier)
      )`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE filing_entities');
  }
}
