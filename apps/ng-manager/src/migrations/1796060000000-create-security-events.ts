import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Security events: beside the audit trail, removed when their time is over. Those of a minute that are alike are one row. */
export class CreateSecurityEvents1796060000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE TABLE security_events (
        account_id text NOT NULL,
        alike text NOT NULL,
        minute timestamptz NOT NULL,
        event_id text NOT NULL,
        at timestamptz NOT NULL,
        last_at timestamptz NOT NULL,
        count integer NOT NULL,
        kind text NOT NULL,
        outcome text NOT NULL,
        org_id text,
        project_id text,
        resource_type text NOT NULL,
        identifier text NOT NULL,
        actor jsonb NOT NULL,
        origin jsonb,
        correlation_id text NOT NULL,
        details jsonb NOT NULL,
        PRIMARY KEY (account_id, alike, minute)
      )`,
    );
    await runner.query('CREATE INDEX security_events_by_time ON security_events (account_id, at, event_id)');
    await runner.query(
      'CREATE INDEX security_events_by_project ON security_events (account_id, org_id, project_id, at, event_id)',
    );
    await runner.query('CREATE INDEX security_events_by_kind ON security_events (account_id, kind, at, event_id)');
    await runner.query('CREATE INDEX security_events_by_age ON security_events (at)');
  }

  async down(): Promise<void> {
    throw new Error('migrations go forward only; restore a backup instead');
  }
}
