import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Identity of a delegate: token, process and sealing key. A lease belongs to the key it was given to. */
export class BindLeasesToKeys1796180000020 implements MigrationInterface {
  readonly name = 'BindLeasesToKeys1796180000020';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE delegates ADD COLUMN is_key_proven boolean NOT NULL DEFAULT false`);
    await runner.query(`DROP INDEX delegates_instance`);
    await runner.query(`CREATE INDEX delegates_process ON delegates (account_id, instance_id)`);
    await runner.query(`ALTER TABLE tasks ADD COLUMN holder_key text`);
    await runner.query(
      `UPDATE tasks t SET holder_key = d.public_key FROM delegates d WHERE t.state = 'ASSIGNED' AND d.id = t.delegate_id AND d.instance_id = t.instance_id`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE tasks DROP COLUMN holder_key`);
    await runner.query(`DROP INDEX delegates_process`);
    await runner.query(
      `DELETE FROM delegates d USING delegates newer WHERE newer.account_id = d.account_id AND newer.instance_id = d.instance_id AND (newer.created_at, newer.id) > (d.created_at, d.id)`,
    );
    await runner.query(`CREATE UNIQUE INDEX delegates_instance ON delegates (account_id, instance_id)`);
    await runner.query(`ALTER TABLE delegates DROP COLUMN is_key_proven`);
  }
}
