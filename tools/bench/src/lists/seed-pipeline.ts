import { compilePlan, NEW_NODE, planOutline, reduceNode, type NodeState, type Plan } from '@sluice/pipeline-engine';
import { applyPipelineYaml } from '@sluice/cli';
import { StepTypeRegistry } from '@sluice/step-types';
import type { Client } from 'pg';
import { BENCH_ORG, BENCH_PROJECT, BIG_PIPELINE, IN_BENCH_PROJECT, type Sizes } from './places.js';

/** Stands in the templates where every execution has its own id. */
const ID = '__EXECUTION__';
const ENDED_AFTER_MS = 42_000;
/** Executions written by one statement, so that progress can be told. */
const BATCH = 10_000;

/** Pipelines, input sets and executions with their plans and nodes: compiled and reduced by the engine itself, then multiplied in the database. */
export async function seedPipelines(
  db: Client,
  account: string,
  sizes: Sizes,
  say: (text: string) => void,
): Promise<void> {
  const at = [account, BENCH_ORG, BENCH_PROJECT];
  const yaml = applyPipelineYaml(
    { org: BENCH_ORG, project: BENCH_PROJECT },
    {
      identifier: BIG_PIPELINE,
      name: 'Orders deployment',
      schema: 'schema_1',
      instance: 'instance_1',
      cluster: 'cluster',
      timeout: '10m',
    },
  );
  await db.query(PIPELINES, [...at, sizes.pipelines, IN_BENCH_PROJECT, sizes.projects, yaml]);
  await db.query(INPUT_SETS, [
    ...at,
    sizes.inputSets,
    `inputSet:\n  identifier: set\n  name: Set\n  pipeline:\n    identifier: ${BIG_PIPELINE}\n`,
  ]);
  await db.query(TRIGGERS, [
    ...at,
    sizes.triggers,
    `trigger:\n  identifier: trigger\n  name: Trigger\n  targetIdentifier: ${BIG_PIPELINE}\n`,
  ]);
  const plan = compile(yaml, account);
  const template = [
    JSON.stringify(plan),
    yaml,
    JSON.stringify(statesOf(plan, 'Success')),
    JSON.stringify(statesOf(plan, 'Failed')),
  ];
  for (let from = 1; from <= sizes.executions; from += BATCH) {
    const to = Math.min(from + BATCH - 1, sizes.executions);
    await db.query(EXECUTIONS, [
      ...at,
      from,
      to,
      IN_BENCH_PROJECT,
      sizes.projects,
      sizes.pipelines,
      template[0],
      template[1],
      Date.now(),
      JSON.stringify(planOutline(plan)),
    ]);
    await db.query(NODES, [account, from, to, template[2], template[3]]);
    say(`  ${to} executions`);
  }
  await db.query('ANALYZE');
}

function compile(yaml: string, accountId: string): Plan {
  return compilePlan({
    yaml,
    catalogue: new StepTypeRegistry(),
    planId: `plan-${ID}`,
    planExecutionId: ID,
    accountId,
    orgId: BENCH_ORG,
    projectId: BENCH_PROJECT,
    runSequence: 1,
    triggeredBy: { name: 'Ann', email: 'ann@bench.local' },
    idOf: nodeId(),
  });
}

/** Ids of 22 characters and more, as long as the service's own. */
function nodeId(): (text: string) => string {
  const known = new Map<string, string>();
  return (text) => {
    const id = known.get(text) ?? `n${String(known.size).padStart(3, '0')}-${ID}`;
    known.set(text, id);
    return id;
  };
}

function statesOf(plan: Plan, status: 'Success' | 'Failed'): Record<string, NodeState> {
  const failure =
    status === 'Failed'
      ? {
          message: 'ERROR: relation "orders" already exists [Failed SQL: (0) CREATE TABLE orders (id bigint)]',
          failureType: 'APPLICATION_ERROR',
        }
      : null;
  const ended = (id: string): NodeState => {
    const node = plan.nodes[id];
    const delegate = { id: 'delegate-1', name: 'local', taskId: `task-${id}` };
    const started = reduceNode(
      reduceNode(NEW_NODE, { kind: 'started', at: 0, decision: 'Success', parameters: { ...node?.step?.spec } }),
      { kind: 'taskAcquired', delegate },
    );
    return reduceNode(started, {
      kind: 'ended',
      at: ENDED_AFTER_MS,
      status,
      failure,
      outputs: node?.step ? { preStartTag: 'before', changeSets: ['db/changelog.xml::1::ann'] } : {},
    });
  };
  return Object.fromEntries(Object.keys(plan.nodes).map((id) => [id, ended(id)]));
}

const PIPELINES = `
  INSERT INTO pipelines (account_id, org_id, project_id, identifier, name, tags, yaml, stage_names, run_sequence, created_at, updated_at)
  SELECT $1, CASE WHEN isOurs THEN $2 ELSE 'org_' || (1 + n % 50) END, CASE WHEN isOurs THEN $3 ELSE 'project_' || (1 + n % $6::int) END,
         'pipeline_' || n, (ARRAY['Orders', 'Billing', 'Customers', 'Shipping', 'Stock'])[1 + n % 5] || ' deployment ' || n, jsonb_build_object('team', 'team' || n % 10), $7::text, '["Database"]',
         100, 1700000000000 + n * 60000::bigint, 1700000000000 + ((n * 7919) % 100000) * 60000::bigint
  FROM generate_series(1, $4::int) AS n, LATERAL (SELECT n <= $4::int * $5::float8 AS isOurs) AS place`;

const INPUT_SETS = `
  INSERT INTO input_sets (account_id, org_id, project_id, pipeline_identifier, identifier, name, tags, yaml, created_at, updated_at)
  SELECT $1, $2, $3, 'pipeline_1', 'set_' || n, 'Production set ' || n, '{}', $5::text, 1700000000000 + n * 60000::bigint, 1700000000000 + ((n * 7919) % 100000) * 60000::bigint FROM generate_series(1, $4::int) AS n`;

const TRIGGERS = `
  INSERT INTO triggers (account_id, org_id, project_id, target, identifier, name, type, source_type, is_enabled, yaml, created_at, updated_at)
  SELECT $1, $2, $3, 'pipeline_1', 'trigger_' || n, 'Nightly trigger ' || n, 'Scheduled', 'Cron', n % 3 <> 0, $5::text, 1700000000000 + n * 60000::bigint, 1700000000000 + n * 60000::bigint FROM generate_series(1, $4::int) AS n`;

/** A fifth belongs to the first pipeline, the rest is spread; every seventh failed. The newest are of the last days, as pipelines' summaries count them. */
const EXECUTIONS = `
  INSERT INTO executions (account_id, org_id, project_id, plan_execution_id, pipeline_identifier, name, run_sequence, status, plan, outline, yaml, input_yaml, caller, correlation_id, created_at, valid_until, ended_at, failure_message, is_started, tags, search_text)
  SELECT $1, CASE WHEN isOurs THEN $2 ELSE 'org_' || (1 + n % 50) END, CASE WHEN isOurs THEN $3 ELSE 'project_' || (1 + n % $7::int) END,
         id, 'pipeline_' || p, (ARRAY['Orders', 'Billing', 'Customers', 'Shipping', 'Stock'])[1 + p % 5] || ' deployment ' || p, n, CASE WHEN n % 7 = 0 THEN 'Failed' ELSE 'Success' END,
         replace($9, '${ID}', id)::jsonb, replace($12, '${ID}', id)::jsonb, $10::text, '', jsonb_build_object('accountId', $1::text, 'principal', jsonb_build_object('type', 'user', 'id', 'user_' || n % 20, 'name', 'Ann', 'email', 'ann@bench.local'), 'grants', '[]'::jsonb),
         'correlation-' || n, at, at + 86400000, at + ${ENDED_AFTER_MS}, CASE WHEN n % 7 = 0 THEN 'ERROR: relation "orders" already exists' END, true, '{}', lower((ARRAY['Orders', 'Billing', 'Customers', 'Shipping', 'Stock'])[1 + p % 5] || ' deployment ' || p || E'\\n' || 'pipeline_' || p)
  FROM generate_series($4::int, $5::int) AS n,
       LATERAL (SELECT n % 10 < 10 * $6::float8 AS isOurs, CASE WHEN n % 5 = 0 THEN 1 ELSE 1 + n % $8::int END AS p, substr(md5($1 || 'execution' || n), 1, 22) AS id, $11::bigint - 90 * 86400000::bigint + n * 77760::bigint AS at) AS v`;

const NODES = `
  INSERT INTO execution_nodes (plan_execution_id, node_id, status, state)
  SELECT v.id, replace(s.key, '${ID}', v.id), s.value ->> 'status', replace(s.value::text, '${ID}', v.id)::jsonb
  FROM generate_series($2::int, $3::int) AS n, LATERAL (SELECT substr(md5($1 || 'execution' || n), 1, 22) AS id) AS v,
       LATERAL jsonb_each(CASE WHEN n % 7 = 0 THEN $5::jsonb ELSE $4::jsonb END) AS s`;
