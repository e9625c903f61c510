import { Inject, Injectable } from '@nestjs/common';
import type { RouteInput, RouteResult } from '@sluice/api-conventions';
import type { customOperations, schemaInstanceMetadata, stepPluginInputs } from '@sluice/dbdevops-api';
import { accountScope, systemClock, type ProjectScope, type RequestContext } from '@sluice/kernel';
import { UnitOfWork } from '../database/unit-of-work.js';
import { dbInstanceOut } from '../db-instance/db-instance.js';
import { DbInstanceService } from '../db-instance/db-instance.service.js';
import { dbSchemaOut } from '../db-schema/db-schema.js';
import { effectiveImages } from '../image-config/image-config.js';
import { requireRun } from '../later-work/not-served.js';
import { readMigrationLog } from '../parsed-log/parse-log.js';
import { StepReportService } from '../step-report/step-report.service.js';
import { reportOfPlugin, type PluginResponse } from './plugin-report.js';

type Metadata = RouteResult<typeof schemaInstanceMetadata>;
type Operations = RouteInput<typeof customOperations>['body'];

/** What step plugins of the public contract ask and tell. Sluice's own runner uses the internal routes. */
@Injectable()
export class StepPluginService {
  constructor(
    @Inject(UnitOfWork) private readonly work: UnitOfWork,
    @Inject(DbInstanceService) private readonly instances: DbInstanceService,
    @Inject(StepReportService) private readonly reports: StepReportService,
  ) {}

  /** Schema, instance and images. @throws AppError RESOURCE_NOT_FOUND `instance with id [x] schema [y] does not exist` */
  async metadata(scope: ProjectScope, schemaIdentifier: string, instanceIdentifier: string): Promise<Metadata> {
    const { schema, instance } = await this.instances.find(scope, schemaIdentifier, instanceIdentifier);
    const { schemas, imageOverrides } = this.work.read;
    const images = effectiveImages(await imageOverrides.find(accountScope(scope.accountId)));
    const { artifactoryTag, gitCloneTag, ...dbImages } = images;
    return {
      dbSchema: dbSchemaOut(schema, await schemas.countInstances(scope, schema.id)),
      dbInstance: dbInstanceOut(instance, schema),
      image: schema.migrationType === 'Flyway' ? images.flywayDefaultTag : images.defaultTag,
      dbImages,
      downloadImages: { gitClone: gitCloneTag, artifactoryDownload: artifactoryTag },
      defaultConfigs: {},
    };
  }

  async inputs(
    scope: ProjectScope,
    body: RouteInput<typeof stepPluginInputs>['body'],
  ): Promise<RouteResult<typeof stepPluginInputs>> {
    requireRun((await this.instances.find(scope, body.dbSchema, body.dbInstance)).schema);
    const { dbSchema, dbInstance, ...images } = await this.metadata(scope, body.dbSchema, body.dbInstance);
    return {
      ...images,
      schema: dbSchema,
      instance: dbInstance,
      settings: { ...body.settings },
      propertiesResult: { ...dbInstance.substituteProperties, ...body.properties },
    };
  }

  /** Records what the log of a step says it did. */
  async consume(ctx: RequestContext, scope: ProjectScope, response: PluginResponse): Promise<void> {
    requireRun((await this.instances.find(scope, response.dbSchema, response.dbInstance)).schema);
    const report = reportOfPlugin(response, readMigrationLog(response.logs), systemClock.now());
    if (report) await this.reports.record(ctx, scope, report);
  }

  /** Answers only the properties asked for. */
  async operations(
    scope: ProjectScope,
    {
      dbSchema,
      dbInstance,
      pipelineExecutionMetadata,
      properties,
    }: Pick<Operations, 'dbSchema' | 'dbInstance' | 'pipelineExecutionMetadata' | 'properties'>,
  ): Promise<RouteResult<typeof customOperations>> {
    const { schema, instance } = await this.instances.find(scope, dbSchema, dbInstance);
    requireRun(schema);
    const { planExecutionId, stageExecutionId } = pipelineExecutionMetadata;
    const runs = await this.work.read.stepReports.earlierRuns(scope, instance.id, planExecutionId, stageExecutionId);
    const asked = new Set(properties);
    return {
      ...(asked.has('EarlierRunInStage') ? { earlierRunInStage: runs.hasRun } : {}),
      ...(asked.has('SuccessfulChangeSetDeploymentInStage')
        ? { successfulChangeSetDeploymentInStage: runs.hasDeployed }
        : {}),
      ...(asked.has('DeployedChangeSets')
        ? { deployedChangeSets: runs.deployed.map((changeSetFQN) => ({ changeSetFQN })) }
        : {}),
      ...(asked.has('PreStartTag') && runs.preStartTag !== null ? { preStartTag: runs.preStartTag } : {}),
    };
  }
}
