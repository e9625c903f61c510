import { createAuditOutbox, dropAuditOutbox } from '@sluice/audit-outbox';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Events on their way to the audit trail. */
export class CreateAuditOutbox1795404000000 implements MigrationInterface {
  up(runner: QueryRunner): Promise<void> {
    return createAuditOutbox(runner);
  }

  down(runner: QueryRunner): Promise<void> {
    return dropAuditOutbox(runner);
  }
}
