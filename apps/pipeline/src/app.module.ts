import { Module, type DynamicModule } from '@nestjs/common';
import { StepTypeRegistry } from '@sluice/step-types';
import { DataSource } from 'typeorm';
import { ApprovalController } from './approval/approval.controller.js';
import { ApprovalRepository } from './approval/approval.repository.js';
import { ApprovalService } from './approval/approval.service.js';
import { BuiltInGroups } from './approval/approver.js';
import { AuditTrail } from './audit/audit-trail.js';
import { CheckRepository } from './check/check.repository.js';
import { Documents } from './documents/documents.js';
import { ExecuteController } from './execution/execute.controller.js';
import { ExecuteService } from './execution/execute.service.js';
import { ExecutionInputsController } from './execution/execution-inputs.controller.js';
import { ExecutionController } from './execution/execution.controller.js';
import { ExecutionRepository } from './execution/execution.repository.js';
import { InterruptController } from './execution/interrupt.controller.js';
import { PreflightController } from './execution/preflight.controller.js';
import { PreflightService } from './execution/preflight.service.js';
import { RetryController } from './execution/retry.controller.js';
import { FilterController } from './filter/filter.controller.js';
import { FilterRepository } from './filter/filter.repository.js';
import { FilterService } from './filter/filter.service.js';
import { InputSetController } from './input-set/input-set.controller.js';
import { InputSetV1Controller } from './input-set/input-set-v1.controller.js';
import { InputSetRepository } from './input-set/input-set.repository.js';
import { InputSetService } from './input-set/input-set.service.js';
import { PipelineV1Controller } from './pipeline/pipeline-v1.controller.js';
import { PipelineController } from './pipeline/pipeline.controller.js';
import { PipelineRepository } from './pipeline/pipeline.repository.js';
import { PipelineService } from './pipeline/pipeline.service.js';
import { Projects } from './project/projects.js';
import { References } from './reference/references.js';
import { NgManager } from './run/ng-manager.js';
import { Sweeper } from './run/sweeper.js';
import { Workflows } from './run/workflows.js';
import { TriggerController } from './trigger/trigger.controller.js';
import { TriggerRepository } from './trigger/trigger.repository.js';
import { TriggerService } from './trigger/trigger.service.js';
import { StoredVariableValues } from './variable/stored-variables.js';
import { WebhookController } from './trigger/webhook.controller.js';

/** What is made before Nest starts: the database and the durable side. */
export interface AppParts {
  readonly dataSource: DataSource;
  readonly types: StepTypeRegistry;
  readonly workflows: Workflows;
  readonly sweeper: Sweeper;
  readonly ngManager: NgManager;
  readonly audit: AuditTrail;
  readonly references: References;
  readonly documents: Documents;
}

@Module({})
export class AppModule {
  static with(parts: AppParts): DynamicModule {
    return {
      module: AppModule,
      controllers: [
        ApprovalController,
        ExecuteController,
        ExecutionController,
        ExecutionInputsController,
        FilterController,
        InputSetController,
        InputSetV1Controller,
        InterruptController,
        PipelineController,
        PipelineV1Controller,
        PreflightController,
        RetryController,
        TriggerController,
        WebhookController,
      ],
      providers: [
        { provide: DataSource, useValue: parts.dataSource },
        { provide: StepTypeRegistry, useValue: parts.types },
        { provide: Workflows, useValue: parts.workflows },
        { provide: Sweeper, useValue: parts.sweeper },
        { provide: NgManager, useValue: parts.ngManager },
        { provide: AuditTrail, useValue: parts.audit },
        { provide: References, useValue: parts.references },
        { provide: Documents, useValue: parts.documents },
        ApprovalRepository,
        ApprovalService,
        BuiltInGroups,
        CheckRepository,
        ExecuteService,
        ExecutionRepository,
        FilterRepository,
        FilterService,
        InputSetRepository,
        InputSetService,
        PipelineRepository,
        PipelineService,
        PreflightService,
        Projects,
        StoredVariableValues,
        TriggerRepository,
        TriggerService,
      ],
    };
  }
}
