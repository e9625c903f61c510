import type { Client } from 'pg';
import type { Sizes } from './places.js';

/** Delegates that are gone and tokens of the account: connected delegates are too few to matter. */
export async function seedDelegates(db: Client, account: string, sizes: Sizes): Promise<void> {
  await db.query(
    `INSERT INTO delegate_tokens (id, account_id, name, secret_hash, status, created_by, created_at)
     SELECT 'bench-token-' || n, $1, 'token_' || n, md5(n::text), CASE WHEN n % 3 = 0 THEN 'REVOKED' ELSE 'ACTIVE' END, 'bench', to_timestamp(1700000000 + n * 60) FROM generate_series(1, $2::int) AS n`,
    [account, sizes.delegateTokens],
  );
  await db.query(
    `INSERT INTO delegates (id, account_id, name, host_name, instance_id, token_id, version, tags, task_kinds, max_tasks, public_key, connected_at, last_heartbeat_at)
     SELECT 'bench-delegate-' || n, $1, 'delegate ' || n / 2, 'host-' || n, 'instance-' || n, 'bench-token-' || 1 + n % 100, '0.1.0', ARRAY['linux', 'team' || n % 10], ARRAY['pod'], 10, 'key', now(), now() FROM generate_series(1, $2::int) AS n`,
    [account, sizes.delegates],
  );
  await db.query('ANALYZE');
}
