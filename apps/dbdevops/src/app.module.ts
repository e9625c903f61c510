import { Module, type DynamicModule } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { AuditOutboxController } from './audit/audit-outbox.controller.js';
import { UnitOfWork } from './database/unit-of-work.js';
import { DbInstanceController } from './db-instance/db-instance.controller.js';
import { DbInstanceService } from './db-instance/db-instance.service.js';
import { DbSchemaController } from './db-schema/db-schema.controller.js';
import { DbSchemaService } from './db-schema/db-schema.service.js';
import { DeployedStateController } from './deployed-state/deployed-state.controller.js';
import { ImageConfigController } from './image-config/image-config.controller.js';
import { ChangeAuthoringController } from './later-work/change-authoring.controller.js';
import { FlywayController } from './later-work/flyway.controller.js';
import { SnapshotController } from './later-work/snapshot.controller.js';
import { StepOutputController } from './later-work/step-output.controller.js';
import { MigrationStateController } from './migration-state/migration-state.controller.js';
import { MigrationStateService } from './migration-state/migration-state.service.js';
import { ParsedLogController } from './parsed-log/parsed-log.controller.js';
import { ParsedLogService } from './parsed-log/parsed-log.service.js';
import { StepPluginController } from './step-plugin/step-plugin.controller.js';
import { StepPluginService } from './step-plugin/step-plugin.service.js';
import { StepReportController } from './step-report/step-report.controller.js';
import { StepReportService } from './step-report/step-report.service.js';

@Module({})
export class AppModule {
  static with(dataSource: DataSource): DynamicModule {
    return {
      module: AppModule,
      controllers: [
        DbSchemaController,
        DbInstanceController,
        MigrationStateController,
        DeployedStateController,
        ParsedLogController,
        ImageConfigController,
        StepPluginController,
        StepReportController,
        AuditOutboxController,
        FlywayController,
        SnapshotController,
        ChangeAuthoringController,
        StepOutputController,
      ],
      providers: [
        { provide: DataSource, useValue: dataSource },
        { provide: UnitOfWork, useValue: new UnitOfWork(dataSource) },
        DbSchemaService,
        DbInstanceService,
        MigrationStateService,
        ParsedLogService,
        StepPluginService,
        StepReportService,
      ],
    };
  }
}
