import { Injectable } from '@nestjs/common';
import { recordAuditEvent, type AuditContext, type AuditEntry } from '@sluice/audit-outbox';
import { DataSource, type EntityManager } from 'typeorm';
import { DbInstanceRepository } from '../db-instance/db-instance.repository.js';
import { DbSchemaRepository } from '../db-schema/db-schema.repository.js';
import { DeployedStateRepository } from '../deployed-state/deployed-state.repository.js';
import { ImageOverrideRepository } from '../image-config/image-override.repository.js';
import { MigrationStateRepository } from '../migration-state/migration-state.repository.js';
import { ParsedLogRepository } from '../parsed-log/parsed-log.repository.js';
import { EntityUseRepository } from '../step-report/entity-use.repository.js';
import { StepReportRepository } from '../step-report/step-report.repository.js';

export interface Repositories {
  readonly schemas: DbSchemaRepository;
  readonly instances: DbInstanceRepository;
  readonly stepReports: StepReportRepository;
  readonly migrationStates: MigrationStateRepository;
  readonly deployedStates: DeployedStateRepository;
  readonly uses: EntityUseRepository;
  readonly parsedLogs: ParsedLogRepository;
  readonly imageOverrides: ImageOverrideRepository;
}

/** Says what a transaction changes, to whoever keeps the audit trail: committed with the change. */
export interface AuditRecorder {
  record(ctx: AuditContext, ...entries: readonly AuditEntry[]): Promise<void>;
}

/** Where services get their repositories: bound to a transaction for changes, to the pool for reads. */
@Injectable()
export class UnitOfWork {
  readonly read: Repositories;

  constructor(private readonly dataSource: DataSource) {
    this.read = repositoriesOf(dataSource.manager);
  }

  /** Runs `work` in one transaction; a thrown error undoes all of it. Never call another service inside. */
  run<T>(work: (repositories: Repositories & { readonly audit: AuditRecorder }) => Promise<T>): Promise<T> {
    return this.dataSource.transaction((manager) =>
      work({
        ...repositoriesOf(manager),
        audit: { record: (ctx, ...entries) => recordAuditEvent(manager, ctx, ...entries) },
      }),
    );
  }
}

export function repositoriesOf(manager: EntityManager): Repositories {
  return {
    schemas: new DbSchemaRepository(manager),
    instances: new DbInstanceRepository(manager),
    stepReports: new StepReportRepository(manager),
    migrationStates: new MigrationStateRepository(manager),
    deployedStates: new DeployedStateRepository(manager),
    uses: new EntityUseRepository(manager),
    parsedLogs: new ParsedLogRepository(manager),
    imageOverrides: new ImageOverrideRepository(manager),
  };
}
