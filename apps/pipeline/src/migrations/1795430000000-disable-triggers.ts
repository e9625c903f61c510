import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Triggers were stored as enabled although nothing starts a pipeline by itself. They say so now, and none begins to start by surprise when that is built. */
export class DisableTriggers1795430000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      UPDATE triggers SET is_enabled = false, errors = errors || jsonb_build_object('trigger.enabled',
        'nothing starts a pipeline by itself yet, so the trigger is not enabled; write "enabled: false", and run the pipeline by POST /pipeline/api/pipeline/execute/{pipelineIdentifier}')
      WHERE is_enabled`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      `UPDATE triggers SET is_enabled = true, errors = errors - 'trigger.enabled' WHERE jsonb_exists(errors, 'trigger.enabled')`,
    );
  }
}
