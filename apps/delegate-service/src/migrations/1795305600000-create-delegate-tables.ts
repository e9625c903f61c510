import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateDelegateTables1795305600000 implements MigrationInterface {
  readonly name = 'CreateDelegateTables1795305600000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE delegate_tokens (
        id text PRIMARY KEY,
        account_id text NOT NULL,
        org_id text,
        project_id text,
        name text NOT NULL,
        secret_hash text NOT NULL,
        status text NOT NULL CHECK (status IN ('ACTIVE', 'REVOKED')),
        created_at timestamptz NOT NULL DEFAULT now(),
        created_by text NOT NULL,
        revoke_after timestamptz
      )`);
    await runner.query(
      `CREATE UNIQUE INDEX delegate_tokens_name ON delegate_tokens (account_id, coalesce(org_id, ''), coalesce(project_id, ''), name)`,
    );

    await runner.query(`
      CREATE TABLE delegates (
        id text PRIMARY KEY,
        account_id text NOT NULL,
        org_id text,
        project_id text,
        name text NOT NULL,
        host_name text NOT NULL,
        instance_id text NOT NULL,
        token_id text NOT NULL,
        version text NOT NULL,
        tags text[] NOT NULL,
        task_kinds text[] NOT NULL,
        max_tasks integer NOT NULL,
        public_key text NOT NULL,
        connection_id text,
        replica_id text,
        is_draining boolean NOT NULL DEFAULT false,
        running_tasks integer NOT NULL DEFAULT 0,
        connected_at timestamptz NOT NULL DEFAULT now(),
        last_heartbeat_at timestamptz NOT NULL DEFAULT now(),
        created_at timestamptz NOT NULL DEFAULT now()
      )`);
    await runner.query(`CREATE UNIQUE INDEX delegates_instance ON delegates (account_id, instance_id)`);
    await runner.query(`CREATE INDEX delegates_name ON delegates (account_id, name, host_name)`);
    await runner.query(`CREATE INDEX delegates_token ON delegates (token_id)`);

    await runner.query(`
      CREATE TABLE tasks (
        id text PRIMARY KEY,
        account_id text NOT NULL,
        org_id text,
        project_id text,
        consumer text NOT NULL,
        kind text NOT NULL,
        payload jsonb NOT NULL,
        secret_expressions text[] NOT NULL,
        selectors text[] NOT NULL,
        description text NOT NULL,
        traceparent text NOT NULL,
        bound_delegate_id text,
        queue_timeout_ms integer NOT NULL,
        run_timeout_ms integer NOT NULL,
        state text NOT NULL CHECK (state IN ('QUEUED', 'ASSIGNED', 'ENDED')),
        outcome text,
        reason text,
        delegate_id text,
        delegate_name text,
        instance_id text,
        epoch integer NOT NULL DEFAULT 0,
        holders text[] NOT NULL DEFAULT '{}',
        lease_until timestamptz,
        queue_deadline timestamptz NOT NULL,
        run_deadline timestamptz,
        abort_requested_at timestamptz,
        next_offer_at timestamptz NOT NULL DEFAULT now(),
        created_at timestamptz NOT NULL DEFAULT now(),
        acquired_at timestamptz,
        ended_at timestamptz,
        CHECK (state <> 'ASSIGNED' OR (delegate_id IS NOT NULL AND lease_until IS NOT NULL AND run_deadline IS NOT NULL)),
        CHECK ((state = 'ENDED') = (outcome IS NOT NULL))
      )`);
    await runner.query(`CREATE INDEX tasks_queued ON tasks (account_id, created_at) WHERE state = 'QUEUED'`);
    await runner.query(`CREATE INDEX tasks_offer ON tasks (next_offer_at) WHERE state = 'QUEUED'`);
    await runner.query(`CREATE INDEX tasks_queue_deadline ON tasks (queue_deadline) WHERE state = 'QUEUED'`);
    await runner.query(`CREATE INDEX tasks_held ON tasks (delegate_id) WHERE state = 'ASSIGNED'`);
    await runner.query(`CREATE INDEX tasks_lease ON tasks (lease_until) WHERE state = 'ASSIGNED'`);
    await runner.query(`CREATE INDEX tasks_run_deadline ON tasks (run_deadline) WHERE state = 'ASSIGNED'`);
    await runner.query(`CREATE INDEX tasks_ended ON tasks (ended_at) WHERE state = 'ENDED'`);

    await runner.query(`
      CREATE TABLE task_results (
        task_id text NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
        epoch integer NOT NULL,
        delegate_id text NOT NULL,
        outcome text NOT NULL CHECK (outcome IN ('accepted', 'late')),
        result text NOT NULL,
        received_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (task_id, epoch)
      )`);

    await runner.query(`
      CREATE TABLE task_events (
        seq bigserial PRIMARY KEY,
        consumer text NOT NULL,
        task_id text NOT NULL,
        account_id text NOT NULL,
        org_id text,
        project_id text,
        type text NOT NULL CHECK (type IN ('acquired', 'secretsWanted', 'ended')),
        epoch integer NOT NULL,
        body jsonb NOT NULL,
        traceparent text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now()
      )`);
    await runner.query(`CREATE INDEX task_events_backlog ON task_events (consumer, seq)`);

    // Sealed values on their way to another replica's socket; a row lives for milliseconds.
    await runner.query(`
      CREATE TABLE sealed_deliveries (
        id text PRIMARY KEY,
        task_id text NOT NULL,
        epoch integer NOT NULL,
        sealed jsonb NOT NULL,
        error text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now()
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['sealed_deliveries', 'task_events', 'task_results', 'tasks', 'delegates', 'delegate_tokens'])
      await runner.query(`DROP TABLE ${table}`);
  }
}
