import { Inject, Injectable } from '@nestjs/common';
import type { RouteInput, RouteResult } from '@sluice/api-conventions';
import type { stepSchemaAndInstances } from '@sluice/dbdevops-api';
import { AppError, type ProjectScope, type RequestContext, type Scope } from '@sluice/kernel';
import { eventOfStep } from '../audit/audited-state.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { instanceNotFound, instanceWasReplaced, type DbInstance } from '../db-instance/db-instance.js';
import { DbInstanceService } from '../db-instance/db-instance.service.js';
import type { DbSchema } from '../db-schema/db-schema.js';
import { changeOf, unknownSinceAfter, type SentReport } from './changeset-state.js';
import type { EntityUse, ReferredKind } from './entity-use.repository.js';
import { openedReport } from './opened-report.js';

type StepPair = RouteResult<typeof stepSchemaAndInstances>['pairs'][number];

/** What pipelines ask and tell through NG manager. */
@Injectable()
export class StepReportService {
  constructor(
    @Inject(UnitOfWork) private readonly work: UnitOfWork,
    @Inject(DbInstanceService) private readonly instances: DbInstanceService,
  ) {}

  /** Schema and instance of each pair, in the order asked. @throws AppError RESOURCE_NOT_FOUND for the first pair that does not exist */
  async stepInputs(
    scope: ProjectScope,
    pairs: RouteInput<typeof stepSchemaAndInstances>['body']['pairs'],
  ): Promise<StepPair[]> {
    const found: StepPair[] = [];
    for (const pair of pairs) {
      const { schema, instance } = await this.instances.find(scope, pair.dbSchema, pair.dbInstance);
      found.push({ dbSchema: stepSchemaOf(schema), dbInstance: stepInstanceOf(instance) });
    }
    return found;
  }

  /**
   * Records a report in one transaction; the answer is given after commit. Reports of one instance wait for each other.
   * @returns false when the same step was reported before; nothing is changed then
   * @throws AppError RESOURCE_NOT_FOUND, also for an instance that was made after the step of an earlier one of its name had begun
   */
  async record(
    ctx: Pick<RequestContext, 'principal' | 'correlationId' | 'origin'>,
    scope: ProjectScope,
    received: SentReport,
  ): Promise<boolean> {
    const report = await openedReport(received);
    return this.work.run(async ({ schemas, instances, stepReports, audit }) => {
      const schema = await schemas.findLocked(scope, report.dbSchema, 'keep');
      const instance = schema && (await instances.findLocked(scope, schema.id, report.dbInstance));
      if (!schema || !instance) throw instanceNotFound(report.dbSchema, report.dbInstance);
      if (report.dbInstanceId !== undefined && report.dbInstanceId !== instance.id)
        throw instanceWasReplaced(report.dbSchema, report.dbInstance);
      const place = { scope, schemaId: schema.id, instanceId: instance.id };
      const reportId = await stepReports.insertOnce(place, report);
      if (!reportId) return false;
      const change = changeOf({ historyAt: instance.historyAt, changesets: await stepReports.states(place) }, report);
      const ran = report.result.changesets.filter((outcome) => outcome.status !== 'skipped');
      await stepReports.addChangesets(place, [...change.changed, ...ran]);
      await stepReports.saveStates(place, change.changed);
      await stepReports.forgetStates(place, change.forgotten);
      await stepReports.saveOutcomes(place, reportId, report);
      await stepReports.touchInstance(
        place,
        report.result.endedAt,
        change.history,
        unknownSinceAfter(instance.unknownSince, report),
      );
      await audit.record(ctx, eventOfStep(scope, report));
      return true;
    });
  }

  usesOf(kind: ReferredKind, scope: Scope, identifier: string): Promise<EntityUse[]> {
    return this.work.read.uses.find(kind, scope, identifier);
  }
}

function stepSchemaOf(schema: DbSchema): StepPair['dbSchema'] {
  const location = schema.changelog?.location ?? schema.changeLogScript?.location;
  if (!location)
    throw new AppError('INVALID_REQUEST', `schema [${schema.identifier}] names no changelog; set changelog.location`);
  return {
    identifier: schema.identifier,
    name: schema.name,
    migrationType: schema.migrationType,
    type: schema.type,
    connector: schema.changelog?.connector,
    repo: schema.changelog?.repo,
    location,
    searchPath: schema.changelog?.searchPath,
    filePrefix: schema.changelog?.filePrefix,
  };
}

function stepInstanceOf(instance: DbInstance): StepPair['dbInstance'] {
  return {
    id: instance.id,
    identifier: instance.identifier,
    name: instance.name,
    connector: instance.connector,
    branch: instance.branch ?? undefined,
    commitSha: instance.commitSha ?? undefined,
    gitTag: instance.gitTag ?? undefined,
    context: instance.context,
    substituteProperties: { ...instance.substituteProperties },
    tags: { ...instance.tags },
  };
}
