import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Whose turn it is to say what a document of pipeline refers to. It goes with its project, and with the last thing the document refers to. */
export class OrderEntityUses1796333000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE TABLE entity_use_turns (
        account_id text NOT NULL REFERENCES accounts ON DELETE CASCADE,
        org_id text NOT NULL,
        project_id text NOT NULL,
        user_kind text NOT NULL,
        user_identifier text NOT NULL,
        turn uuid NOT NULL,
        FOREIGN KEY (account_id, org_id, project_id) REFERENCES projects ON DELETE CASCADE,
        PRIMARY KEY (account_id, org_id, project_id, user_kind, user_identifier)
      )`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE entity_use_turns');
  }
}
