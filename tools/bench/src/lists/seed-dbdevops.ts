import type { Client } from 'pg';
import { BENCH_ORG, BENCH_PROJECT, IN_BENCH_PROJECT, type Sizes } from './places.js';

/**
 * Schemas, instances and the state of their changesets, as dbdevops stores them. The first schema of the bench project has the most instances, and each of
 * them the state of every changeset; every tenth schema has that for its own instances.
 */
export async function seedDbDevops(db: Client, account: string, sizes: Sizes): Promise<void> {
  await db.query(SCHEMAS, [account, BENCH_ORG, BENCH_PROJECT, sizes.schemas, IN_BENCH_PROJECT, sizes.projects]);
  await db.query(INSTANCES, [account, sizes.instances, sizes.bigInstances, sizes.schemas]);
  await db.query(CHANGESETS, [account, sizes.changesets]);
  await db.query(DEPLOYMENTS, [account]);
  await db.query(REPORTS, [account]);
  await db.query(OUTCOMES, [account]);
  await db.query(`ANALYZE`);
}

/** Number `n` of the account's projects: the bench project for most, project `1…` for the rest. */
const SCHEMAS = `
  INSERT INTO db_schemas (account_id, org_id, project_id, id, identifier, name, tags, type, migration_type, changelog, created_at, updated_at)
  SELECT $1, CASE WHEN isOurs THEN $2 ELSE 'org_' || (1 + n % 50) END, CASE WHEN isOurs THEN $3 ELSE 'project_' || (1 + n % $6::int) END,
         md5($1 || 'schema' || n)::uuid, 'schema_' || n, (ARRAY['Orders', 'Billing', 'Customers', 'Shipping', 'Stock'])[1 + n % 5] || ' schema ' || n,
         jsonb_build_object('team', 'team' || n % 10), 'Repository', CASE WHEN n % 10 = 9 THEN 'Flyway' ELSE 'Liquibase' END,
         jsonb_build_object('connector', 'connector_' || n, 'location', 'db/changelog.xml'), 1700000000000 + n * 60000::bigint, 1700000000000 + ((n * 7919) % 100000) * 60000::bigint
  FROM generate_series(1, $4::int) AS n, LATERAL (SELECT n <= $4::int * $5::float8 AS isOurs) AS place`;

const INSTANCES = `
  INSERT INTO db_instances (account_id, org_id, project_id, id, schema_id, identifier, name, tags, connector, branch, created_at, updated_at, history_at, last_applied_tag, last_run_at)
  SELECT s.account_id, s.org_id, s.project_id, md5($1 || 'instance' || n)::uuid, s.id, 'instance_' || n,
         (ARRAY['Development', 'Test', 'Staging', 'Production'])[1 + n % 4] || ' ' || n, jsonb_build_object('env', (ARRAY['dev', 'test', 'stage', 'prod'])[1 + n % 4]),
         'connector_' || (1 + n % 1000), 'main', 1700000000000 + n * 1000::bigint, 1700000000000 + ((n * 7919) % 100000) * 1000::bigint, 1700000000000, 'v1.2.3', 1700000000000 + n * 1000::bigint
  FROM generate_series(1, $2::int) AS n
  JOIN db_schemas s ON s.account_id = $1 AND s.identifier = 'schema_' || CASE WHEN n <= $3::int THEN 1 ELSE 2 + n % ($4::int - 1) END`;

const CHANGESETS = `
  INSERT INTO changesets (account_id, org_id, project_id, schema_id, fqn_key, fqn, file, change_id, author)
  SELECT s.account_id, s.org_id, s.project_id, s.id, md5(v.fqn)::uuid, v.fqn, v.file, v.id, v.author
  FROM db_schemas s, generate_series(1, $2::int) AS n,
       LATERAL (SELECT 'db/changes/release-' || n / 10 || '.xml' AS file, 'create-table-' || n AS id, (ARRAY['ann', 'bob', 'eve'])[1 + n % 3] AS author) AS part,
       LATERAL (SELECT part.*, part.file || '::' || part.id || '::' || part.author AS fqn) AS v
  WHERE s.account_id = $1 AND (s.identifier = 'schema_1' OR substr(s.identifier, 8)::int % 10 = 0)
  ORDER BY s.id, n`;

/** In the order of the instances, as deployments come in: the rows of one changeset lie far apart. */
const DEPLOYMENTS = `
  INSERT INTO changeset_deployments (account_id, org_id, project_id, changeset_id, instance_id, status, deployed_at, updated_at, order_executed, tag, label, error, pipeline, plan_execution_id, stage_execution_id)
  SELECT i.account_id, i.org_id, i.project_id, c.id, i.id, v.status, CASE WHEN v.status = 'Successfully_Deployed' THEN i.last_run_at END, i.last_run_at,
         row_number() OVER (PARTITION BY i.id ORDER BY c.id), CASE WHEN c.id % 20 = 0 THEN 'v1.2.' || c.id % 50 END, 'core',
         CASE WHEN v.status = 'Deployment_Failed' THEN 'ERROR: relation "orders" already exists' END, 'pipeline_1', substr(md5(i.id::text), 1, 22), substr(md5(c.id::text), 1, 22)
  FROM db_instances i JOIN changesets c ON c.schema_id = i.schema_id,
       LATERAL (SELECT CASE WHEN (c.id + hashtext(i.id::text)) % 97 = 0 THEN 'Deployment_Failed' WHEN (c.id + hashtext(i.id::text)) % 41 = 0 THEN 'Not_Deployed' ELSE 'Successfully_Deployed' END AS status) AS v
  WHERE i.account_id = $1
  ORDER BY i.created_at, i.id, c.id`;

const REPORTS = `
  INSERT INTO step_reports (account_id, org_id, project_id, instance_id, step_execution_id, is_late, command, pipeline, plan_execution_id, stage_execution_id, status, started_at, ended_at)
  SELECT account_id, org_id, project_id, id, 'step-' || identifier, false, 'Update', 'pipeline_1', 'exec-' || identifier, 'stage-' || identifier, 'succeeded', last_run_at - 1000, last_run_at
  FROM db_instances WHERE account_id = $1`;

const OUTCOMES = `
  INSERT INTO execution_changesets (account_id, org_id, project_id, step_report_id, changeset_id, status, ended_at)
  SELECT r.account_id, r.org_id, r.project_id, r.id, d.changeset_id, 'SUCCESS', r.ended_at
  FROM step_reports r JOIN changeset_deployments d ON d.instance_id = r.instance_id
  WHERE r.account_id = $1 AND d.status = 'Successfully_Deployed' AND d.changeset_id % 10 = 0`;
