import { Controller, Inject } from '@nestjs/common';
import {
  atDbdevops,
  flywayDeployedState,
  flywayInstanceMigrationState,
  flywayMigrationScript,
  flywaySchemaMigrationState,
  flywayStepScripts,
} from '@sluice/dbdevops-api';
import { Call, Route, type RouteCall } from '@sluice/http';
import { AppError } from '@sluice/kernel';
import { projectOf } from '../database/project-scope.js';
import { DbInstanceService } from '../db-instance/db-instance.service.js';
import type { DbSchema } from '../db-schema/db-schema.js';
import { MigrationStateService } from '../migration-state/migration-state.service.js';
import { FLYWAY_INSTEAD, FLYWAY_RUNS, notServed } from './not-served.js';

/** Flyway reads: Sluice runs no Flyway migrations, so it does not know what the history table of a database says. */
@Controller()
export class FlywayController {
  constructor(
    @Inject(DbInstanceService) private readonly instances: DbInstanceService,
    @Inject(MigrationStateService) private readonly states: MigrationStateService,
  ) {}

  @Route(atDbdevops(flywaySchemaMigrationState))
  async ofSchema(@Call() call: RouteCall<typeof flywaySchemaMigrationState>): Promise<never> {
    const schema = flywayOnly(await this.instances.schemaOf(projectOf(call), call.params.dbschema));
    await this.states.columns(projectOf(call), schema, call.body?.instanceFilter, call.query.limit);
    throw notServed(FLYWAY_RUNS, FLYWAY_INSTEAD);
  }

  @Route(atDbdevops(flywayInstanceMigrationState))
  async ofInstance(@Call() call: RouteCall<typeof flywayInstanceMigrationState>): Promise<never> {
    await this.find(call);
    throw notServed(FLYWAY_RUNS, FLYWAY_INSTEAD);
  }

  @Route(atDbdevops(flywayDeployedState))
  async deployed(@Call() call: RouteCall<typeof flywayDeployedState>): Promise<never> {
    await this.find(call);
    throw notServed(FLYWAY_RUNS, FLYWAY_INSTEAD);
  }

  @Route(atDbdevops(flywayMigrationScript))
  async script(@Call() call: RouteCall<typeof flywayMigrationScript>): Promise<never> {
    const { instance } = await this.find(call);
    throw new AppError(
      'RESOURCE_NOT_FOUND',
      `no migration of version [${call.query.flywayVersion}] is known on instance [${instance.identifier}]`,
    );
  }

  @Route(atDbdevops(flywayStepScripts))
  stepScripts(@Call() { query }: RouteCall<typeof flywayStepScripts>): never {
    throw new AppError(
      'RESOURCE_NOT_FOUND',
      `no Flyway scripts are recorded for execution [${query.pipelineExecutionId}]`,
    );
  }

  private async find(
    call:
      | RouteCall<typeof flywayInstanceMigrationState>
      | RouteCall<typeof flywayDeployedState>
      | RouteCall<typeof flywayMigrationScript>,
  ) {
    const found = await this.instances.find(projectOf(call), call.params.dbschema, call.params.dbinstance);
    flywayOnly(found.schema);
    return found;
  }
}

function flywayOnly(schema: DbSchema): DbSchema {
  if (schema.migrationType === 'Flyway') return schema;
  throw new AppError(
    'INVALID_REQUEST',
    `schema [${schema.identifier}] is of migrationType Liquibase; use the same address without /flyway`,
  );
}
