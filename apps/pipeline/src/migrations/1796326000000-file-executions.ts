import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Executions are listed by what their stages are filed under. Most are filed under nothing and are not in the index. */
export class FileExecutions1796326000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE executions ADD COLUMN filed_under text[] NOT NULL DEFAULT '{}'`);
    await queryRunner.query(
      `CREATE INDEX executions_filed_under ON executions USING gin (filed_under) WHERE filed_under <> '{}'`,
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE executions DROP COLUMN filed_under`);
  }
}
