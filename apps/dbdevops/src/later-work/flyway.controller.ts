import { Controller, Inject } from '@nestjs/common';
import type { RouteInput, RouteResult } from '@sluice/api-conventions';
import { atDbdevops, flywayDeployedState, flywayInstanceMigrationState, flywayMigrationScript, flywaySchemaMigrationState, flywayStepScripts } from '@sluice/dbdevops-api';
import { Call, Route, type RouteCall } from '@sluice/http';
import { AppError } from '@sluice/kernel';
import { projectOf } from '../database/project-scope.js';
import { DbInstanceService } from '../db-instance/db-instance.service.js';
import type { DbSchema } from '../db-schema/db-schema.js';
import { MigrationStateService } from '../migration-state/migration-state.service.js';

/** Flyway reads: Sluice runs no Flyway migrations yet, so a Flyway schema truthfully has none. */
@Controller()
export class FlywayController {
  constructor(
    @Inject(DbInstanceService) private readonly instances: DbInstanceService,
    @Inject(MigrationStateService) private readonly states: MigrationStateService,
  ) {}

  @Route(atDbdevops(flywaySchemaMigrationState))
  async ofSchema(@Call() call: RouteCall<typeof flywaySchemaMigrationState>): Promise<RouteResult<typeof flywaySchemaMigrationState>> {
    const schema = flywayOnly(await this.instances.schemaOf(projectOf(call), call.params.dbschema));
    const { items } = await this.states.columns(projectOf(call), schema, call.body?.instanceFilter, call.query.limit);
    return { body: { schema: schema.identifier, instances: items.map(({ identifier, name }) => ({ identifier, name })), migrations: [] }, ...emptyPage(call.query) };
  }

  @Route(atDbdevops(flywayInstanceMigrationState))
  async ofInstance(@Call() call: RouteCall<typeof flywayInstanceMigrationState>): Promise<RouteResult<typeof flywayInstanceMigrationState>> {
    const { schema, instance } = await this.find(call);
    return { body: { schemaName: schema.name, instanceName: instance.name, migrations: [] }, ...emptyPage(call.query) };
  }

  @Route(atDbdevops(flywayDeployedState))
  async deployed(@Call() call: RouteCall<typeof flywayDeployedState>): Promise<RouteResult<typeof flywayDeployedState>> {
    await this.find(call);
    return { body: { deployedScripts: [] }, ...emptyPage(call.query) };
  }

  @Route(atDbdevops(flywayMigrationScript))
  async script(@Call() call: RouteCall<typeof flywayMigrationScript>): Promise<never> {
    const { instance } = await this.find(call);
    throw new AppError('RESOURCE_NOT_FOUND', `no migration of version [${call.query.flywayVersion}] is known on instance [${instance.identifier}]`);
  }

  @Route(atDbdevops(flywayStepScripts))
  stepScripts(@Call() { query }: RouteCall<typeof flywayStepScripts>): never {
    throw new AppError('RESOURCE_NOT_FOUND', `no Flyway scripts are recorded for execution [${query.pipelineExecutionId}]`);
  }

  private async find(call: RouteCall<typeof flywayInstanceMigrationState> | RouteCall<typeof flywayDeployedState> | RouteCall<typeof flywayMigrationScript>) {
    const found = await this.instances.find(projectOf(call), call.params.dbschema, call.params.dbinstance);
    flywayOnly(found.schema);
    return found;
  }
}

function flywayOnly(schema: DbSchema): DbSchema {
  if (schema.migrationType === 'Flyway') return schema;
  throw new AppError('INVALID_REQUEST', `schema [${schema.identifier}] is of migrationType Liquibase; use the same address without /flyway`);
}

function emptyPage({ page, limit }: Pick<RouteInput<typeof flywaySchemaMigrationState>['query'], 'page' | 'limit'>): { total: number; page: number; limit: number } {
  return { total: 0, page, limit };
}
