import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Security events other services hand over, at least once: each counts once. Rows go when the events go. */
export class ReceiveSecurityEvents1796210000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      'CREATE TABLE security_event_receipts (account_id text NOT NULL, event_id text NOT NULL, received_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (account_id, event_id))',
    );
    await runner.query('CREATE INDEX security_event_receipts_by_age ON security_event_receipts (received_at)');
  }

  async down(): Promise<void> {
    throw new Error('migrations go forward only; restore a backup instead');
  }
}
