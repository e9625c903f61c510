import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Lists of executions show stages, never what lies in them: each execution keeps its plan without the rest. */
export class OutlinePlans1795407000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE executions ADD COLUMN outline jsonb`);
    await queryRunner.query(`
      UPDATE executions SET outline = jsonb_set(plan, '{nodes}', (
        SELECT coalesce(jsonb_object_agg(key, CASE WHEN value ->> 'kind' = 'stage' THEN value || '{"children": []}' ELSE value END), '{}')
        FROM jsonb_each(plan -> 'nodes') WHERE value ->> 'kind' IN ('pipeline', 'stages', 'parallel', 'stage')))`);
    await queryRunner.query(`ALTER TABLE executions ALTER COLUMN outline SET NOT NULL`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE executions DROP COLUMN outline`);
  }
}
