import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Migration state is read by changeset over all instances, and the rows of one changeset lie far apart, each where its instance's deployment put it. With
 * these indexes a page is read from neighbouring index entries; the table itself is visited for the few rows that have a tag or an error.
 */
export class ReadMigrationStateFromIndexes1795407000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      `CREATE INDEX changeset_deployments_cells ON changeset_deployments (changeset_id, instance_id) INCLUDE (status, updated_at, pipeline, plan_execution_id, stage_execution_id)`,
    );
    await queryRunner.query(
      `CREATE INDEX changeset_deployments_remarks ON changeset_deployments (changeset_id) WHERE tag IS NOT NULL OR error IS NOT NULL`,
    );
    await queryRunner.query(`CREATE INDEX changesets_newest ON changesets (schema_id, id)`);
  }

  async down(): Promise<void> {}
}
