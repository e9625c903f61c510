import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Security events on their way to NG manager. Those of a minute that are alike are one row with their number, until it is handed over. */
export class CreateSecurityOutbox1796210000010 implements MigrationInterface {
  readonly name = 'CreateSecurityOutbox1796210000010';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE security_outbox (
        position bigserial PRIMARY KEY,
        event_id uuid NOT NULL UNIQUE,
        account_id text NOT NULL,
        alike text NOT NULL,
        minute timestamptz NOT NULL,
        event jsonb NOT NULL,
        count integer NOT NULL,
        is_handed_over boolean NOT NULL DEFAULT false
      )`);
    await runner.query(
      `CREATE UNIQUE INDEX security_outbox_alike ON security_outbox (account_id, alike, minute) WHERE NOT is_handed_over`,
    );
  }

  async down(): Promise<void> {
    throw new Error('migrations go forward only; restore a backup instead');
  }
}
