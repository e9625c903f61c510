import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Service accounts and user groups beside users. A service account is a row of `users` too, of type `serviceAccount`, so that keys, tokens and role
 * bindings are one mechanism for both; its own table holds what only service accounts have. Every account gets the group of all its users. Tokens outlive
 * their API key as revoked ones, so that a client learns why it is refused.
 */
export class Principals1795401000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error('migrations go forward only; restore a backup instead');
  }
}

const STATEMENTS: readonly string[] = [
  `ALTER TABLE users
    ADD COLUMN type text NOT NULL DEFAULT 'user' CHECK (type IN ('user', 'serviceAccount')),
    ADD COLUMN updated_at timestamptz NOT NULL DEFAULT now(),
    DROP CONSTRAINT users_email_is_unique`,
  `CREATE UNIQUE INDEX users_email_is_unique ON users (account_id, email) WHERE type = 'user'`,
  `CREATE TABLE service_accounts (
    account_id text NOT NULL,
    user_id text NOT NULL,
    org_id text,
    project_id text,
    identifier text NOT NULL,
    name text NOT NULL,
    email text NOT NULL,
    description text,
    tags jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account_id, user_id),
    FOREIGN KEY (account_id, user_id) REFERENCES users ON DELETE CASCADE,
    FOREIGN KEY (account_id, org_id) REFERENCES organizations ON DELETE CASCADE,
    FOREIGN KEY (account_id, org_id, project_id) REFERENCES projects ON DELETE CASCADE,
    CONSTRAINT service_accounts_identifier_is_unique UNIQUE NULLS NOT DISTINCT (account_id, org_id, project_id, identifier)
  )`,
  // The row in users is what keys hang on: it goes when the service account goes with its project.
  `CREATE FUNCTION drop_user_of_service_account() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN DELETE FROM users WHERE account_id = OLD.account_id AND id = OLD.user_id; RETURN NULL; END $$`,
  `CREATE TRIGGER service_accounts_take_their_user_along AFTER DELETE ON service_accounts FOR EACH ROW EXECUTE FUNCTION drop_user_of_service_account()`,
  `CREATE TABLE user_groups (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    account_id text NOT NULL REFERENCES accounts ON DELETE CASCADE,
    org_id text,
    project_id text,
    identifier text NOT NULL,
    name text NOT NULL,
    description text,
    tags jsonb NOT NULL DEFAULT '{}',
    holds_all_users boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (account_id, org_id) REFERENCES organizations ON DELETE CASCADE,
    FOREIGN KEY (account_id, org_id, project_id) REFERENCES projects ON DELETE CASCADE,
    CONSTRAINT user_groups_identifier_is_unique UNIQUE NULLS NOT DISTINCT (account_id, org_id, project_id, identifier)
  )`,
  `CREATE TABLE user_group_members (
    account_id text NOT NULL,
    group_id uuid NOT NULL REFERENCES user_groups ON DELETE CASCADE,
    user_id text NOT NULL,
    PRIMARY KEY (account_id, user_id, group_id),
    FOREIGN KEY (account_id, user_id) REFERENCES users ON DELETE CASCADE
  )`,
  `CREATE INDEX user_group_members_by_group ON user_group_members (group_id)`,
  `INSERT INTO user_groups (account_id, identifier, name, description, holds_all_users)
    SELECT identifier, '_account_all_users', 'All Account Users', 'Every user of the account', true FROM accounts`,
  `ALTER TABLE role_bindings
    ALTER COLUMN user_id DROP NOT NULL,
    ADD COLUMN group_id uuid REFERENCES user_groups ON DELETE CASCADE,
    ADD COLUMN identifier text NOT NULL DEFAULT 'role_assignment_' || replace(gen_random_uuid()::text, '-', ''),
    ADD CONSTRAINT role_bindings_have_one_principal CHECK (num_nonnulls(user_id, group_id) = 1),
    ADD CONSTRAINT role_bindings_identifier_is_unique UNIQUE NULLS NOT DISTINCT (account_id, org_id, project_id, identifier),
    DROP CONSTRAINT role_bindings_are_unique,
    ADD CONSTRAINT role_bindings_are_unique UNIQUE NULLS NOT DISTINCT (account_id, user_id, group_id, role, org_id, project_id)`,
  `CREATE INDEX role_bindings_by_group ON role_bindings (group_id)`,
  `ALTER TABLE api_tokens
    ADD COLUMN org_id text,
    ADD COLUMN project_id text,
    ADD COLUMN scheduled_expire_at timestamptz,
    DROP CONSTRAINT api_tokens_account_id_user_id_api_key_identifier_fkey,
    ADD FOREIGN KEY (account_id, user_id) REFERENCES users ON DELETE CASCADE`,
  // Roles as users and service accounts hold them: their own, those of their groups, and those of the group of all users.
  `CREATE VIEW granted_roles AS
    SELECT b.account_id, b.user_id, b.id AS binding_id, b.role, b.org_id, b.project_id FROM role_bindings b WHERE b.user_id IS NOT NULL
    UNION ALL
    SELECT b.account_id, m.user_id, b.id, b.role, b.org_id, b.project_id FROM role_bindings b JOIN user_group_members m ON m.account_id = b.account_id AND m.group_id = b.group_id
    UNION ALL
    SELECT b.account_id, u.id, b.id, b.role, b.org_id, b.project_id FROM role_bindings b JOIN user_groups g ON g.id = b.group_id AND g.holds_all_users
      JOIN users u ON u.account_id = b.account_id AND u.type = 'user'`,
];
