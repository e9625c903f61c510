import type { QueryRunner } from 'typeorm';

const STATEMENTS = [
  `CREATE TABLE audit_outbox (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id text NOT NULL,
    event_id uuid NOT NULL,
    event jsonb NOT NULL,
    CONSTRAINT audit_outbox_events_are_unique UNIQUE (event_id)
  )`,
  `CREATE TABLE audit_outbox_lease (
    id int PRIMARY KEY CONSTRAINT audit_outbox_lease_is_one CHECK (id = 1),
    holder text,
    leased_until timestamptz NOT NULL
  )`,
  `INSERT INTO audit_outbox_lease (id, leased_until) VALUES (1, 'epoch')`,
];

/** The outbox's tables; called by a migration of the service that owns them. */
export async function createAuditOutbox(runner: QueryRunner): Promise<void> {
  for (const statement of STATEMENTS) await runner.query(statement);
}

export async function dropAuditOutbox(runner: QueryRunner): Promise<void> {
  for (const table of ['audit_outbox_lease', 'audit_outbox']) await runner.query(`DROP TABLE ${table}`);
}
