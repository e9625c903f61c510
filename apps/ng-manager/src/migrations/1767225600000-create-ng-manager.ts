import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Everything NG manager owns. Rows with a scope carry account, org and project; `NULLS NOT DISTINCT` makes an identifier unique at its scope. */
export class CreateNgManager1767225600000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error('migrations go forward only; restore a backup instead');
  }
}

const STATEMENTS: readonly string[] = [
  `CREATE TABLE accounts (
    identifier text PRIMARY KEY,
    name text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
  )`,
  `CREATE TABLE account_data_keys (
    account_id text NOT NULL REFERENCES accounts ON DELETE CASCADE,
    version integer NOT NULL,
    key_encryption_key_id text NOT NULL,
    wrapped_key bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account_id, version)
  )`,
  `CREATE TABLE users (
    account_id text NOT NULL REFERENCES accounts ON DELETE CASCADE,
    id text NOT NULL,
    email text NOT NULL,
    name text NOT NULL,
    is_disabled boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account_id, id),
    CONSTRAINT users_email_is_unique UNIQUE (account_id, email)
  )`,
  `CREATE TABLE organizations (
    account_id text NOT NULL REFERENCES accounts ON DELETE CASCADE,
    identifier text NOT NULL,
    name text NOT NULL,
    description text,
    tags jsonb NOT NULL DEFAULT '{}',
    harness_managed boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account_id, identifier)
  )`,
  `CREATE TABLE projects (
    account_id text NOT NULL,
    org_id text NOT NULL,
    identifier text NOT NULL,
    unique_id text NOT NULL,
    name text NOT NULL,
    description text,
    color text,
    modules jsonb NOT NULL DEFAULT '[]',
    tags jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account_id, org_id, identifier),
    FOREIGN KEY (account_id, org_id) REFERENCES organizations ON DELETE CASCADE
  )`,
  `CREATE TABLE role_bindings (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    account_id text NOT NULL,
    user_id text NOT NULL,
    role text NOT NULL,
    org_id text,
    project_id text,
    created_at timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (account_id, user_id) REFERENCES users ON DELETE CASCADE,
    FOREIGN KEY (account_id, org_id) REFERENCES organizations ON DELETE CASCADE,
    FOREIGN KEY (account_id, org_id, project_id) REFERENCES projects ON DELETE CASCADE,
    CONSTRAINT role_bindings_are_unique UNIQUE NULLS NOT DISTINCT (account_id, user_id, role, org_id, project_id)
  )`,
  `CREATE TABLE api_keys (
    account_id text NOT NULL,
    user_id text NOT NULL,
    identifier text NOT NULL,
    name text NOT NULL,
    description text,
    tags jsonb NOT NULL DEFAULT '{}',
    org_id text,
    project_id text,
    default_time_to_expire_ms bigint,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account_id, user_id, identifier),
    FOREIGN KEY (account_id, user_id) REFERENCES users ON DELETE CASCADE
  )`,
  `CREATE TABLE api_tokens (
    account_id text NOT NULL,
    id text NOT NULL,
    user_id text NOT NULL,
    api_key_identifier text NOT NULL,
    identifier text NOT NULL,
    name text NOT NULL,
    description text,
    tags jsonb NOT NULL DEFAULT '{}',
    secret_hash bytea NOT NULL CHECK (length(secret_hash) = 32),
    status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'revoked')),
    is_superseded boolean NOT NULL DEFAULT false,
    valid_from timestamptz NOT NULL DEFAULT now(),
    valid_to timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account_id, id),
    FOREIGN KEY (account_id, user_id, api_key_identifier) REFERENCES api_keys ON DELETE CASCADE
  )`,
  `CREATE UNIQUE INDEX api_tokens_identifier_is_unique ON api_tokens (account_id, user_id, api_key_identifier, identifier) WHERE NOT is_superseded`,
  `CREATE TABLE connectors (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    account_id text NOT NULL REFERENCES accounts ON DELETE CASCADE,
    org_id text,
    project_id text,
    identifier text NOT NULL,
    name text NOT NULL,
    description text,
    tags jsonb NOT NULL DEFAULT '{}',
    type text NOT NULL,
    spec jsonb NOT NULL,
    harness_managed boolean NOT NULL DEFAULT false,
    status jsonb,
    last_activity_at timestamptz NOT NULL DEFAULT now(),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (account_id, org_id) REFERENCES organizations ON DELETE CASCADE,
    FOREIGN KEY (account_id, org_id, project_id) REFERENCES projects ON DELETE CASCADE,
    CONSTRAINT connectors_identifier_is_unique UNIQUE NULLS NOT DISTINCT (account_id, org_id, project_id, identifier)
  )`,
  `CREATE TABLE secrets (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    account_id text NOT NULL REFERENCES accounts ON DELETE CASCADE,
    org_id text,
    project_id text,
    identifier text NOT NULL,
    name text NOT NULL,
    description text,
    tags jsonb NOT NULL DEFAULT '{}',
    type text NOT NULL,
    spec jsonb NOT NULL,
    ciphertext bytea,
    key_version integer,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (account_id, org_id) REFERENCES organizations ON DELETE CASCADE,
    FOREIGN KEY (account_id, org_id, project_id) REFERENCES projects ON DELETE CASCADE,
    FOREIGN KEY (account_id, key_version) REFERENCES account_data_keys,
    CONSTRAINT secrets_identifier_is_unique UNIQUE NULLS NOT DISTINCT (account_id, org_id, project_id, identifier)
  )`,
  `CREATE TABLE entity_uses (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    account_id text NOT NULL REFERENCES accounts ON DELETE CASCADE,
    user_kind text NOT NULL,
    org_id text,
    project_id text,
    user_identifier text NOT NULL,
    used_kind text NOT NULL,
    used_org_id text,
    used_project_id text,
    used_identifier text NOT NULL,
    FOREIGN KEY (account_id, org_id) REFERENCES organizations ON DELETE CASCADE,
    FOREIGN KEY (account_id, org_id, project_id) REFERENCES projects ON DELETE CASCADE
  )`,
  `CREATE INDEX entity_uses_by_user ON entity_uses (account_id, user_kind, user_identifier, org_id, project_id)`,
  `CREATE INDEX entity_uses_by_used ON entity_uses (account_id, used_kind, used_identifier, used_org_id, used_project_id)`,
  `CREATE TABLE settings (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    account_id text NOT NULL REFERENCES accounts ON DELETE CASCADE,
    org_id text,
    project_id text,
    identifier text NOT NULL,
    value text NOT NULL,
    allow_overrides boolean NOT NULL DEFAULT true,
    updated_at timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (account_id, org_id) REFERENCES organizations ON DELETE CASCADE,
    FOREIGN KEY (account_id, org_id, project_id) REFERENCES projects ON DELETE CASCADE,
    CONSTRAINT settings_are_unique UNIQUE NULLS NOT DISTINCT (account_id, org_id, project_id, identifier)
  )`,
  `CREATE TABLE connector_tests (
    task_id text PRIMARY KEY,
    account_id text NOT NULL REFERENCES accounts ON DELETE CASCADE,
    org_id text,
    project_id text,
    connector_identifier text NOT NULL,
    expressions jsonb NOT NULL,
    result jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz
  )`,
  `CREATE INDEX connector_tests_by_age ON connector_tests (created_at)`,
  `CREATE TABLE audit_events (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    account_id text NOT NULL,
    org_id text,
    project_id text,
    action text NOT NULL,
    resource_type text NOT NULL,
    resource_identifier text NOT NULL,
    actor jsonb NOT NULL,
    correlation_id text NOT NULL,
    details jsonb NOT NULL DEFAULT '{}'
  )`,
  `CREATE INDEX audit_events_by_account ON audit_events (account_id, seq DESC)`,
  `CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'audit events are only ever added'; END $$`,
  `CREATE TRIGGER audit_events_are_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_events FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()`,
];
