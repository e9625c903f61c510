import type { Client } from 'pg';
import { BENCH_ORG, BENCH_PROJECT, BIG_GROUP, type Sizes } from './places.js';

/** Service accounts, groups with members and roles of the bench project, an audit trail of the account, and as many security events. Users must be there. */
export async function seedPrincipals(db: Client, account: string, sizes: Sizes): Promise<void> {
  const at = [account, BENCH_ORG, BENCH_PROJECT];
  await db.query(
    `INSERT INTO users (account_id, id, email, name, type) SELECT $1, 'service_' || n, 'service_' || n || '@service.local', 'Service ' || n, 'serviceAccount' FROM generate_series(1, $2::int) AS n`,
    [account, sizes.users],
  );
  await db.query(
    `INSERT INTO service_accounts (account_id, user_id, org_id, project_id, identifier, name, email, created_at)
     SELECT $1, 'service_' || n, CASE WHEN n % 2 = 0 THEN $2 END, CASE WHEN n % 2 = 0 THEN $3 END, 'service_' || n, ${NAME} || ' service ' || n, 'service_' || n || '@service.local', to_timestamp(1700000000 + n * 60)
     FROM generate_series(1, $4::int) AS n`,
    [...at, sizes.users],
  );
  await db.query(
    `INSERT INTO user_groups (account_id, org_id, project_id, identifier, name, created_at)
     SELECT $1, CASE WHEN n % 2 = 1 THEN $2 END, CASE WHEN n % 2 = 1 THEN $3 END, 'group_' || n, ${NAME} || ' group ' || n, to_timestamp(1700000000 + n * 60) FROM generate_series(1, $4::int) AS n`,
    [...at, Math.ceil(sizes.users / 2)],
  );
  await db.query(
    `INSERT INTO user_group_members (account_id, group_id, user_id)
     SELECT g.account_id, g.id, u.id FROM user_groups g JOIN users u ON u.account_id = g.account_id AND u.type = 'user' WHERE g.account_id = $1 AND g.identifier = $2
     UNION ALL
     SELECT g.account_id, g.id, 'user_' || n FROM user_groups g, generate_series(1, 10) AS n WHERE g.account_id = $1 AND g.identifier LIKE 'group%' AND g.identifier <> $2`,
    [account, BIG_GROUP],
  );
  await db.query(AUDIT_EVENTS, [...at, sizes.auditEvents]);
  await db.query(
    `INSERT INTO audit_chains (account_id, position, hash) SELECT account_id, max(position), repeat('0', 64) FROM audit_events WHERE account_id = $1 GROUP BY account_id
     ON CONFLICT (account_id) DO UPDATE SET position = excluded.position, hash = excluded.hash`,
    [account],
  );
  await db.query(SECURITY_EVENTS, [...at, sizes.auditEvents]);
  await db.query('ANALYZE');
}

const NAME = `(ARRAY['Orders', 'Billing', 'Customers', 'Shipping', 'Stock'])[1 + n % 5]`;

const AUDIT_EVENTS = `
  INSERT INTO audit_events (account_id, position, prev_hash, hash, recorded_at, module, event_id, at, org_id, project_id, action, resource_type, resource_identifier, resource_name, actor, correlation_id, details, before, after)
  SELECT $1, coalesce((SELECT max(position) FROM audit_events WHERE account_id = $1), 0) + n, repeat('0', 64), md5(n::text) || md5($1), to_timestamp(1700000000 + n * 60), 'CORE', 'event-' || n, to_timestamp(1700000000 + n * 60),
         CASE WHEN n % 10 < 8 THEN $2 END, CASE WHEN n % 10 < 8 THEN $3 END, (ARRAY['create', 'update', 'delete'])[1 + n % 3], (ARRAY['connector', 'secret', 'pipeline', 'dbschema'])[1 + n % 4], 'connector_' || n % 3000, ${NAME} || ' connector ' || n % 3000,
         jsonb_build_object('type', 'user', 'id', 'user_' || n % 50, 'name', 'Ann', 'email', 'user' || n % 50 || '@bench.local'), 'correlation-' || n, '{}',
         jsonb_build_object('identifier', 'connector_' || n % 3000, 'name', 'before', 'tags', '{}'::jsonb), jsonb_build_object('identifier', 'connector_' || n % 3000, 'name', 'after', 'tags', '{}'::jsonb)
  FROM generate_series(1, $4::int) AS n`;

/** As old as they may be: the service removes what is older than they are kept. */
const SECURITY_EVENTS = `
  INSERT INTO security_events (account_id, alike, minute, event_id, at, last_at, count, kind, outcome, org_id, project_id, resource_type, identifier, actor, origin, correlation_id, details)
  SELECT $1, md5(n::text), date_trunc('minute', t), 'security-' || n, t, t, 1 + n % 7, (ARRAY['accessDenied', 'signIn', 'connectorTest', 'secretTest'])[1 + n % 4], 'refused',
         CASE WHEN n % 10 < 8 THEN $2 END, CASE WHEN n % 10 < 8 THEN $3 END, 'connector', 'connector_' || n % 3000, jsonb_build_object('type', 'user', 'id', 'user_' || n % 50, 'name', 'Ann'),
         jsonb_build_object('clientAddress', '203.0.113.7'), 'correlation-' || n, '{}'
  FROM (SELECT n, now() - n * interval '60 days' / $4::int AS t FROM generate_series(1, $4::int) AS n) AS e`;
