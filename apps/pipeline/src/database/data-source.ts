import { AUDIT_OUTBOX_ENTITIES } from '@sluice/audit-outbox';
import { createDataSource } from '@sluice/persistence';
import type { DataSource } from 'typeorm';
import { ApprovalInstanceEntity } from '../approval/approval.entity.js';
import { CheckEntity } from '../check/check.entity.js';
import {
  ExecutionEntity,
  ExecutionNodeEntity,
  ExecutionTaskEntity,
  InstanceLockEntity,
} from '../execution/execution.entity.js';
import { FilterEntity } from '../filter/filter.entity.js';
import { InputSetEntity } from '../input-set/input-set.entity.js';
import { CreatePipelineTables1795305600000 } from '../migrations/1795305600000-create-pipeline-tables.js';
import { CreateAuditOutbox1795404000000 } from '../migrations/1795404000000-create-audit-outbox.js';
import { CompletePipelineApi1795405000000 } from '../migrations/1795405000000-complete-pipeline-api.js';
import { NarrowExecutions1795405000001 } from '../migrations/1795405000001-narrow-executions.js';
import { CreateTriggers1795406000000 } from '../migrations/1795406000000-create-triggers.js';
import { CreateApprovalInstances1795406000001 } from '../migrations/1795406000001-create-approval-instances.js';
import { OutlinePlans1795407000000 } from '../migrations/1795407000000-outline-plans.js';
import { SearchExecutions1795407000001 } from '../migrations/1795407000001-search-executions.js';
import { CreateRemovedProjects1795420000000 } from '../migrations/1795420000000-create-removed-projects.js';
import { DisableTriggers1795430000000 } from '../migrations/1795430000000-disable-triggers.js';
import { FindOpenCleanups1796190000000 } from '../migrations/1796190000000-find-open-cleanups.js';
import { CreateFilters1796311000000 } from '../migrations/1796311000000-create-filters.js';
import { FileExecutions1796326000000 } from '../migrations/1796326000000-file-executions.js';
import { KeepStops1796328000000 } from '../migrations/1796328000000-keep-stops.js';
import { PipelineEntity } from '../pipeline/pipeline.entity.js';
import { RemovedProjectEntity } from '../project/removed-project.entity.js';
import { TriggerEntity } from '../trigger/trigger.entity.js';

export function createPipelineDataSource(url: string, poolSize: number): DataSource {
  return createDataSource({
    app: 'pipeline',
    url,
    poolSize,
    entities: [
      PipelineEntity,
      InputSetEntity,
      CheckEntity,
      ExecutionEntity,
      ExecutionNodeEntity,
      ExecutionTaskEntity,
      InstanceLockEntity,
      TriggerEntity,
      ApprovalInstanceEntity,
      RemovedProjectEntity,
      FilterEntity,
      ...AUDIT_OUTBOX_ENTITIES,
    ],
    migrations: [
      CreatePipelineTables1795305600000,
      CreateAuditOutbox1795404000000,
      CompletePipelineApi1795405000000,
      NarrowExecutions1795405000001,
      CreateTriggers1795406000000,
      CreateApprovalInstances1795406000001,
      OutlinePlans1795407000000,
      SearchExecutions1795407000001,
      CreateRemovedProjects1795420000000,
      DisableTriggers1795430000000,
      FindOpenCleanups1796190000000,
      CreateFilters1796311000000,
      FileExecutions1796326000000,
      KeepStops1796328000000,
    ],
  });
}
