import { AUDIT_OUTBOX_ENTITIES } from '@sluice/audit-outbox';
import { createDataSource } from '@sluice/persistence';
import type { DataSource } from 'typeorm';
import { DbInstanceEntity } from '../db-instance/db-instance.entity.js';
import { DbSchemaEntity } from '../db-schema/db-schema.entity.js';
import { ImageOverrideEntity } from '../image-config/image-override.entity.js';
import { CreateTables1767225600000 } from '../migrations/1767225600000-create-tables.js';
import { CreateAuditOutbox1795404000000 } from '../migrations/1795404000000-create-audit-outbox.js';
import { FileInstances1796325000000 } from '../migrations/1796325000000-file-instances.js';
import { KnowWhatIsUnknown1796047200000 } from '../migrations/1796047200000-know-what-is-unknown.js';
import { ReadMigrationStateFromIndexes1795407000000 } from '../migrations/1795407000000-read-migration-state-from-indexes.js';
import { ParsedLogEntity } from '../parsed-log/parsed-log.entity.js';
import { ChangesetDeploymentEntity } from '../step-report/changeset-deployment.entity.js';
import { ChangesetEntity } from '../step-report/changeset.entity.js';
import { ExecutionChangesetEntity } from '../step-report/execution-changeset.entity.js';
import { StepReportEntity } from '../step-report/step-report.entity.js';

export function createDbDevopsDataSource(url: string, poolSize?: number): DataSource {
  return createDataSource({
    app: 'dbdevops',
    url,
    poolSize,
    entities: [
      DbSchemaEntity,
      DbInstanceEntity,
      StepReportEntity,
      ChangesetEntity,
      ChangesetDeploymentEntity,
      ExecutionChangesetEntity,
      ParsedLogEntity,
      ImageOverrideEntity,
      ...AUDIT_OUTBOX_ENTITIES,
    ],
    migrations: [
      CreateTables1767225600000,
      CreateAuditOutbox1795404000000,
      ReadMigrationStateFromIndexes1795407000000,
      KnowWhatIsUnknown1796047200000,
      FileInstances1796325000000,
    ],
  });
}
