import { createHash, randomBytes } from 'node:crypto';
import type { Client } from 'pg';
import { BENCH_ORG, BENCH_PROJECT, IN_BENCH_PROJECT, type Sizes } from './places.js';

export interface SeededUser {
  /** An API key of a user who may use the bench project and nothing else. */
  readonly apiKey: string;
  readonly userId: string;
}

/** Everything ng-manager owns that has a list. */
export async function seedNgManager(
  db: Client,
  account: string,
  administrator: string,
  sizes: Sizes,
): Promise<SeededUser> {
  await db.query(
    `INSERT INTO organizations (account_id, identifier, name) SELECT $1, id, id FROM unnest($2::text[]) AS id ON CONFLICT DO NOTHING`,
    [account, [BENCH_ORG, 'org_1']],
  );
  await db.query(ORGANIZATIONS, [account, Math.max(sizes.organizations, 50)]);
  await db.query(
    `INSERT INTO projects (account_id, org_id, identifier, unique_id, name, modules) VALUES ($1, $2, $3, 'AAAAAAAAAAAAAAAAAAAAAA', 'Bench', '["DBOPS"]')`,
    [account, BENCH_ORG, BENCH_PROJECT],
  );
  await db.query(PROJECTS, [account, sizes.projects, BENCH_ORG]);
  await db.query(USERS, [account, sizes.users]);
  await db.query(BINDINGS, [account, BENCH_ORG, BENCH_PROJECT]);
  await db.query(KEYS, [account, administrator, sizes.keys]);
  await db.query(TOKENS, [account, administrator, sizes.tokens]);
  await db.query(CONNECTORS, [account, BENCH_ORG, BENCH_PROJECT, sizes.connectors, IN_BENCH_PROJECT]);
  await db.query(SECRETS, [account, BENCH_ORG, BENCH_PROJECT, sizes.secrets, IN_BENCH_PROJECT]);
  await db.query(USES, [account]);
  const user = await ordinaryUser(db, account, sizes);
  await db.query('ANALYZE');
  return user;
}

/** Another account with a tenth of everything: rows a list must not even look at. */
export async function seedNeighbours(db: Client, accounts: readonly string[], sizes: Sizes): Promise<void> {
  const share = (size: number): number => Math.ceil(size / 10 / accounts.length);
  for (const account of accounts) {
    await db.query(`INSERT INTO accounts (identifier, name) VALUES ($1, $1)`, [account]);
    await db.query(ORGANIZATIONS, [account, 50]);
    await db.query(`INSERT INTO organizations (account_id, identifier, name) VALUES ($1, $2, 'Bench')`, [
      account,
      BENCH_ORG,
    ]);
    await db.query(
      `INSERT INTO projects (account_id, org_id, identifier, unique_id, name) VALUES ($1, $2, $3, 'BBBBBBBBBBBBBBBBBBBBBB', 'Bench')`,
      [account, BENCH_ORG, BENCH_PROJECT],
    );
    await db.query(PROJECTS, [account, share(sizes.projects), BENCH_ORG]);
    await db.query(USERS, [account, share(sizes.users)]);
    await db.query(CONNECTORS, [account, BENCH_ORG, BENCH_PROJECT, share(sizes.connectors), 1]);
    await db.query(SECRETS, [account, BENCH_ORG, BENCH_PROJECT, share(sizes.secrets), 1]);
  }
  await db.query('ANALYZE');
}

async function ordinaryUser(db: Client, account: string, sizes: Sizes): Promise<SeededUser> {
  const secret = randomBytes(32).toString('base64url');
  const userId = 'bench_user';
  await db.query(`INSERT INTO users (account_id, id, email, name) VALUES ($1, $2, 'bench@bench.local', 'Bench')`, [
    account,
    userId,
  ]);
  await db.query(
    `INSERT INTO role_bindings (account_id, user_id, role, org_id, project_id) VALUES ($1, $2, 'project_admin', $3, $4)`,
    [account, userId, BENCH_ORG, BENCH_PROJECT],
  );
  await db.query(KEYS, [account, userId, sizes.keys]);
  await db.query(TOKENS, [account, userId, sizes.tokens]);
  await db.query(
    `INSERT INTO api_tokens (account_id, id, user_id, api_key_identifier, identifier, name, secret_hash) VALUES ($1, 'bench_token', $2, 'key_1', 'bench', 'Bench', $3)`,
    [account, userId, createHash('sha256').update(secret).digest()],
  );
  return { apiKey: `pat.${account}.bench_token.${secret}`, userId };
}

const NAME = `(ARRAY['Orders', 'Billing', 'Customers', 'Shipping', 'Stock'])[1 + n % 5]`;
const TIMES = `to_timestamp(1700000000 + n * 60), to_timestamp(1700000000 + ((n * 7919) % 100000) * 60)`;

const ORGANIZATIONS = `
  INSERT INTO organizations (account_id, identifier, name, description, tags, created_at, updated_at)
  SELECT $1, 'org_' || n, ${NAME} || ' organization ' || n, 'Everything about it', jsonb_build_object('team', 'team' || n % 10), ${TIMES} FROM generate_series(1, $2::int) AS n ON CONFLICT DO NOTHING`;

/** The first tenth lies in the bench organization. */
const PROJECTS = `
  INSERT INTO projects (account_id, org_id, identifier, unique_id, name, modules, tags, created_at, updated_at)
  SELECT $1, CASE WHEN n <= $2::int / 10 THEN $3 ELSE 'org_' || (1 + n % 50) END, 'project_' || n, substr(md5($1 || n), 1, 22), ${NAME} || ' project ' || n, '["DBOPS"]', jsonb_build_object('team', 'team' || n % 10), ${TIMES}
  FROM generate_series(1, $2::int) AS n`;

const USERS = `
  INSERT INTO users (account_id, id, email, name, created_at)
  SELECT $1, 'user_' || n, 'user' || n || '@bench.local', ${NAME} || ' person ' || n, to_timestamp(1700000000 + n * 60) FROM generate_series(1, $2::int) AS n`;

const BINDINGS = `
  INSERT INTO role_bindings (account_id, user_id, role, org_id, project_id)
  SELECT u.account_id, u.id, r.role, $2, $3 FROM users u, unnest(ARRAY['viewer', 'pipeline_executor', 'project_admin']) AS r(role) WHERE u.account_id = $1 AND u.id LIKE 'user%'`;

const KEYS = `
  INSERT INTO api_keys (account_id, user_id, identifier, name, created_at, updated_at)
  SELECT $1, $2, 'key_' || n, ${NAME} || ' key ' || n, ${TIMES} FROM generate_series(1, $3::int) AS n`;

const TOKENS = `
  INSERT INTO api_tokens (account_id, id, user_id, api_key_identifier, identifier, name, secret_hash, created_at, updated_at)
  SELECT $1, 'token_' || $2 || n, $2, 'key_1', 'token_' || n, ${NAME} || ' token ' || n, sha256(convert_to($1 || $2 || n, 'UTF8')), ${TIMES} FROM generate_series(1, $3::int) AS n`;

/** Columns of place: the bench project for most, an organization, the account and other projects for the rest. */
const PLACE = `LATERAL (SELECT CASE WHEN n <= $4::int * $5::float8 THEN $2 WHEN n % 3 = 0 THEN NULL ELSE 'org_' || (1 + n % 50) END AS org, CASE WHEN n <= $4::int * $5::float8 THEN $3 END AS project) AS place`;

const CONNECTORS = `
  INSERT INTO connectors (account_id, org_id, project_id, identifier, name, tags, type, spec, status, created_at, updated_at)
  SELECT $1, place.org, place.project, 'connector_' || n, ${NAME} || ' connector ' || n, jsonb_build_object('team', 'team' || n % 10),
         CASE WHEN n % 2 = 0 THEN 'JDBC' ELSE 'Git' END,
         CASE WHEN n % 2 = 0
           THEN jsonb_build_object('url', 'jdbc:postgresql://db' || n || '.internal:5432/orders', 'delegateSelectors', '[]'::jsonb, 'auth', jsonb_build_object('type', 'UsernamePassword', 'spec', jsonb_build_object('username', 'app', 'passwordRef', 'secret_' || n)))
           ELSE jsonb_build_object('url', 'https://git.bench.local/team/repo' || n || '.git', 'type', 'Http', 'connectionType', 'Repo', 'spec', jsonb_build_object('username', 'app', 'passwordRef', 'secret_' || n)) END,
         jsonb_build_object('status', 'SUCCESS', 'errorSummary', NULL, 'errors', '[]'::jsonb, 'testedAt', 1700000000000, 'lastTestedAt', 1700000000000, 'lastConnectedAt', 1700000000000), ${TIMES}
  FROM generate_series(1, $4::int) AS n, ${PLACE}`;

const SECRETS = `
  INSERT INTO secrets (account_id, org_id, project_id, identifier, name, description, tags, type, spec, created_at, updated_at)
  SELECT $1, place.org, place.project, 'secret_' || n, ${NAME} || ' secret ' || n, 'Password of the application', jsonb_build_object('team', 'team' || n % 10), 'SecretText',
         jsonb_build_object('secretManagerIdentifier', 'harnessSecretManager', 'valueType', 'Inline'), ${TIMES}
  FROM generate_series(1, $4::int) AS n, ${PLACE}`;

const USES = `
  INSERT INTO entity_uses (account_id, user_kind, org_id, project_id, user_identifier, used_kind, used_org_id, used_project_id, used_identifier)
  SELECT account_id, 'connector', org_id, project_id, identifier, 'secret', org_id, project_id, replace(identifier, 'connector', 'secret') FROM connectors WHERE account_id = $1 AND identifier LIKE 'connector%'`;
