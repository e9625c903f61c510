import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What lists of audit events are narrowed by, so that none of them reads a whole trail; the search reads one narrow index instead of the events. */
export class IndexAuditEvents1795404000002 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error('migrations go forward only; restore a backup instead');
  }
}

const STATEMENTS: readonly string[] = [
  `ALTER TABLE audit_events
    ADD COLUMN actor_key text NOT NULL GENERATED ALWAYS AS (lower(left(coalesce(actor ->> 'email', actor ->> 'id', ''), 256))) STORED,
    ADD COLUMN search_text text NOT NULL GENERATED ALWAYS AS (lower(left(
      left(resource_identifier, 128) || ' ' || left(coalesce(resource_name, ''), 128) || ' ' || resource_type || ' ' || action || ' ' ||
      left(coalesce(actor ->> 'name', ''), 128) || ' ' || left(coalesce(actor ->> 'email', ''), 128) || ' ' || left(correlation_id, 128), 600))) STORED`,
  `CREATE INDEX audit_events_by_action ON audit_events (account_id, action, position)`,
  `CREATE INDEX audit_events_by_actor ON audit_events (account_id, actor_key, position)`,
  `CREATE INDEX audit_events_by_time ON audit_events (account_id, at)`,
  `CREATE INDEX audit_events_for_search ON audit_events (account_id, position) INCLUDE (org_id, project_id, search_text)`,
];
