import { projectScope, type ProjectScope } from '@sluice/kernel';
import type { DataSource } from 'typeorm';
import { UnitOfWork } from '../database/unit-of-work.js';
import { newDbInstance, type DbInstance } from '../db-instance/db-instance.js';
import { DbInstanceService } from '../db-instance/db-instance.service.js';
import { newDbSchema, type DbSchema } from '../db-schema/db-schema.js';
import { StepReportService } from '../step-report/step-report.service.js';
import { A_RUN, aReport, inHistory, named, outcome } from './reports.js';

/** A project with a schema, two instances, one recorded report, one log and one image override. */
export interface SeededProject {
  readonly scope: ProjectScope;
  readonly schema: DbSchema;
  readonly instance: DbInstance;
  readonly reports: StepReportService;
  /** Row id of the recorded report. */
  readonly reportId: string;
}

let seeds = 0;

export async function seedProject(dataSource: DataSource, account: string): Promise<SeededProject> {
  seeds += 1;
  const work = new UnitOfWork(dataSource);
  const scope = projectScope(account, 'default', 'shop');
  const schema = newDbSchema(
    {
      identifier: 'orders',
      name: 'Orders',
      type: 'Repository',
      migrationType: 'Liquibase',
      usePercona: false,
      changelog: { connector: 'git', location: 'db.xml' },
    },
    scope,
    crypto.randomUUID(),
    1_000,
  );
  const instance = newDbInstance(
    { identifier: 'dev', name: 'Dev', connector: 'db', branch: 'main', tags: { env: 'dev' } },
    schema,
    crypto.randomUUID(),
    1_000,
  );
  await work.read.schemas.insert(schema);
  await work.read.instances.insert(instance);
  await work.read.instances.insert(
    newDbInstance(
      { identifier: 'prod', name: 'Prod', connector: 'db', branch: 'main', tags: { env: 'prod' } },
      schema,
      crypto.randomUUID(),
      2_000,
    ),
  );
  const reports = new StepReportService(work, new DbInstanceService(work));
  await reports.record(
    A_RUN,
    scope,
    aReport(
      {
        history: [inHistory('1', 1, { tag: 'v1' })],
        changesets: [outcome('1', 'applied')],
        pending: [named('2')],
        outputs: { preStartTag: 'before' },
      },
      { stepExecutionId: `seed-${seeds}` },
    ),
  );
  await work.read.parsedLogs.insert(
    scope,
    instance.id,
    { id: `log-${account}`, success: true, command: 'Update' },
    1_000,
  );
  await work.read.imageOverrides.set(scope, [{ field: 'mongoTag', value: 'mine/mongo:1' }]);
  const [row] = await dataSource.query<{ id: string }[]>('SELECT id::text FROM step_reports WHERE instance_id = $1', [
    instance.id,
  ]);
  return { scope, schema, instance, reports, reportId: row?.id ?? '' };
}
