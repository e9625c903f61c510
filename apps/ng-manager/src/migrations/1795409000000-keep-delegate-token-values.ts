import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Values of delegate tokens, encrypted, for readers with the right. Tokens made before have none: of those only a hash was kept, by the delegate service. */
export class KeepDelegateTokenValues1795409000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE TABLE delegate_token_values (
      account_id text NOT NULL REFERENCES accounts ON DELETE CASCADE,
      token_id text NOT NULL,
      ciphertext bytea NOT NULL,
      key_version integer NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (account_id, token_id),
      FOREIGN KEY (account_id, key_version) REFERENCES account_data_keys
    )`);
  }

  async down(): Promise<void> {
    throw new Error('migrations go forward only; restore a backup instead');
  }
}
