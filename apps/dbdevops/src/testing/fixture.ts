import {
  atDbdevops,
  createDbInstance,
  createDbSchema,
  recordStep,
  updateImages,
  deleteDbSchemasOfProject,
} from '@sluice/dbdevops-api';
import { aReport, inHistory, named, outcome } from './reports.js';
import type { RunningDbDevops, TestRequest } from './running-dbdevops.js';

export const ACCOUNT = 'acc1';
export const PROJECT = { org: 'default', project: 'shop' } as const;

const admin = { accountId: ACCOUNT };
let reports = 0;

/**
 * Puts the project into its known state: schema `orders` with instances `dev` (changeset 1 deployed by `exec-1`, 2 pending) and `prod` (nothing known),
 * Flyway schema `fly` with instance `f1`, schema `empty`, one image override, one parsed log.
 */
export async function resetFixture(app: RunningDbDevops): Promise<void> {
  const send = async (
    route:
      | typeof createDbSchema
      | typeof createDbInstance
      | typeof updateImages
      | typeof deleteDbSchemasOfProject
      | typeof recordStep,
    request: TestRequest,
  ): Promise<void> => {
    const reply = await app.send(admin, route.path.startsWith('/dbdevops') ? route : atDbdevops(route), request);
    if (reply.status >= 300) throw new Error(`${route.id} answered ${reply.status}: ${JSON.stringify(reply.body)}`);
  };
  await send(deleteDbSchemasOfProject, {
    query: { orgIdentifier: PROJECT.org, projectIdentifier: PROJECT.project, parent_id: 'any', forceDelete: true },
  });
  for (const [identifier, migrationType] of [
    ['orders', 'Liquibase'],
    ['fly', 'Flyway'],
    ['empty', 'Liquibase'],
  ] as const) {
    await send(createDbSchema, {
      params: PROJECT,
      body: {
        identifier,
        name: `${identifier[0]?.toUpperCase()}${identifier.slice(1)}`,
        migrationType,
        changelog: { connector: 'git', location: 'db/changelog.xml' },
      },
    });
  }
  for (const [dbschema, identifier, name] of [
    ['orders', 'dev', 'Dev'],
    ['orders', 'prod', 'Prod'],
    ['fly', 'f1', 'F1'],
  ] as const) {
    await send(createDbInstance, {
      params: { ...PROJECT, dbschema },
      body: {
        identifier,
        name,
        connector: 'db',
        branch: 'main',
        tags: { env: identifier },
        substituteProperties: { owner: 'app', color: 'red' },
      },
    });
  }
  reports += 1;
  const result = {
    history: [inHistory('1', 1, { tag: 'v1', labels: 'core' })],
    changesets: [outcome('1', 'applied')],
    pending: [named('2')],
    outputs: { preStartTag: 'before-1' },
  };
  await send(recordStep, { body: aReport(result, { stepExecutionId: `fixture-${reports}` }) });
  await send(updateImages, { body: [{ field: 'mongoTag', value: 'mine/mongo:1' }] });
  await app.pg.query(
    'dbdevops',
    `INSERT INTO parsed_logs (account_id, org_id, project_id, id, instance_id, success, command, created_at)
     SELECT account_id, org_id, project_id, 'log-1', id, true, 'Update', 1 FROM db_instances WHERE account_id = $1 AND identifier = 'dev'`,
    [ACCOUNT],
  );
}

const TABLES = [
  'db_schemas',
  'db_instances',
  'step_reports',
  'changesets',
  'changeset_deployments',
  'execution_changesets',
  'parsed_logs',
  'image_overrides',
] as const;

/** A fingerprint of every row an account has, by table. */
export async function contentOf(app: RunningDbDevops, account: string): Promise<Record<string, unknown>> {
  const columns = TABLES.map(
    (table) =>
      `(SELECT md5(coalesce(string_agg(t::text, ',' ORDER BY t::text), '')) FROM ${table} t WHERE account_id = $1) AS ${table}`,
  );
  const [row] = await app.pg.query('dbdevops', `SELECT ${columns.join(', ')}`, [account]);
  return row ?? {};
}
