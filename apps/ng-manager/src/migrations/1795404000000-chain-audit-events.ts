import type { MigrationInterface, QueryRunner } from 'typeorm';
import { NO_EVENTS, chainEvent, type ChainHead } from '../audit/chain.js';
import { eventOfRow, type AuditRow } from '../audit/audit-row.js';

const BATCH = 1_000;

/**
 * Audit events get their place in a chain per account, and what they lacked: id, module, origin, states before and after. Events there are already are
 * chained in the order in which they were written, so that every chain begins with the account's first event.
 */
export class ChainAuditEvents1795404000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of BEFORE) await runner.query(statement);
    await chainExisting(runner);
    for (const statement of AFTER) await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error('migrations go forward only; restore a backup instead');
  }
}

const BEFORE: readonly string[] = [
  `ALTER TABLE audit_events
    ADD COLUMN position bigint,
    ADD COLUMN prev_hash text,
    ADD COLUMN hash text,
    ADD COLUMN recorded_at timestamptz,
    ADD COLUMN module text NOT NULL DEFAULT 'CORE',
    ADD COLUMN event_id text,
    ADD COLUMN resource_name text,
    ADD COLUMN origin jsonb,
    ADD COLUMN request_method text,
    ADD COLUMN before jsonb,
    ADD COLUMN after jsonb,
    ADD COLUMN changes jsonb NOT NULL DEFAULT '[]'`,
  `CREATE TABLE audit_chains (account_id text PRIMARY KEY, position bigint NOT NULL, hash text NOT NULL)`,
  // Windows of refused sign-ins that are still being counted; the first of each is in the trail already.
  `CREATE TABLE refused_sign_ins (
    account_id text NOT NULL,
    key_id text NOT NULL,
    client_address text NOT NULL,
    minute timestamptz NOT NULL,
    code text NOT NULL,
    repeats integer NOT NULL DEFAULT 0,
    last_at timestamptz NOT NULL,
    actor jsonb NOT NULL,
    PRIMARY KEY (account_id, key_id, client_address, minute)
  )`,
  `CREATE INDEX refused_sign_ins_by_age ON refused_sign_ins (minute)`,
  `ALTER TABLE audit_events DISABLE TRIGGER audit_events_are_append_only`,
  `UPDATE audit_events SET at = date_trunc('milliseconds', at), recorded_at = date_trunc('milliseconds', at), event_id = gen_random_uuid()::text`,
];

const AFTER: readonly string[] = [
  `ALTER TABLE audit_events ENABLE TRIGGER audit_events_are_append_only`,
  `ALTER TABLE audit_events
    ALTER COLUMN position SET NOT NULL, ALTER COLUMN prev_hash SET NOT NULL, ALTER COLUMN hash SET NOT NULL, ALTER COLUMN recorded_at SET NOT NULL,
    ALTER COLUMN event_id SET NOT NULL, ALTER COLUMN module DROP DEFAULT, ALTER COLUMN at DROP DEFAULT,
    ADD CONSTRAINT audit_events_have_one_place UNIQUE (account_id, position),
    ADD CONSTRAINT audit_events_are_added_once UNIQUE (account_id, event_id)`,
  `DROP INDEX audit_events_by_account`,
  `CREATE INDEX audit_events_by_project ON audit_events (account_id, org_id, project_id, position)`,
  `CREATE INDEX audit_events_by_resource ON audit_events (account_id, resource_type, resource_identifier, position)`,
];

async function chainExisting(runner: QueryRunner): Promise<void> {
  const heads = new Map<string, ChainHead>();
  for (let after = '0'; ;) {
    const rows = (await runner.query('SELECT * FROM audit_events WHERE seq > $1 ORDER BY seq LIMIT $2', [
      after,
      BATCH,
    ])) as (AuditRow & { seq: string })[];
    const last = rows.at(-1);
    if (!last) break;
    after = last.seq;
    const places = rows.map((row) => {
      const { position: _position, prevHash: _prevHash, hash: _hash, module, recordedAt, ...event } = eventOfRow(row);
      const next = chainEvent(heads.get(row.account_id) ?? NO_EVENTS, event, { module, recordedAt });
      heads.set(row.account_id, next);
      return { seq: row.seq, position: next.position, prev_hash: next.prevHash, hash: next.hash };
    });
    await runner.query(
      `UPDATE audit_events e SET position = n.position, prev_hash = n.prev_hash, hash = n.hash
       FROM jsonb_to_recordset($1::jsonb) AS n(seq bigint, position bigint, prev_hash text, hash text) WHERE e.seq = n.seq`,
      [JSON.stringify(places)],
    );
  }
  for (const [accountId, { position, hash }] of heads)
    await runner.query('INSERT INTO audit_chains (account_id, position, hash) VALUES ($1, $2, $3)', [
      accountId,
      position,
      hash,
    ]);
}
