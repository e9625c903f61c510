import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Where a group would be notified: what anybody may read of it, and encrypted what whoever knows it can use. */
export class KeepGroupNotifications1796081000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE user_groups
      ADD COLUMN notification_configs jsonb NOT NULL DEFAULT '[]',
      ADD COLUMN ciphertext bytea,
      ADD COLUMN key_version integer,
      ADD CONSTRAINT user_groups_name_the_key_of_a_ciphertext CHECK ((ciphertext IS NULL) = (key_version IS NULL)),
      ADD FOREIGN KEY (account_id, key_version) REFERENCES account_data_keys`);
  }

  async down(): Promise<void> {
    throw new Error('migrations go forward only; restore a backup instead');
  }
}
