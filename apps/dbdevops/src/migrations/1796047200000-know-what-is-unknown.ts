import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * An instance remembers since when it is not known what its database holds. Changesets whose names hold colons get keys of their own: before, two of them
 * with the same `file::id::author` were taken for one.
 */
export class KnowWhatIsUnknown1796047200000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE db_instances ADD COLUMN unknown_since bigint`);
    await queryRunner.query(
      `UPDATE changesets SET fqn_key = md5(fqn || '#' || char_length(file) || ',' || char_length(change_id))::uuid
       WHERE strpos(file, ':') > 0 OR strpos(change_id, ':') > 0 OR strpos(author, ':') > 0`,
    );
  }

  async down(): Promise<void> {}
}
