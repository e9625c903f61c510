import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';

/** The value of a delegate token, under the account's data key `keyVersion`. The token itself is kept by the delegate service. */
@Entity('delegate_token_values')
export class DelegateTokenValueEntity {
  @PrimaryColumn({ name: 'account_id', type: 'text' })
  accountId!: string;

  /** Id the delegate service gave the token; a token of the same name made later has another. */
  @PrimaryColumn({ name: 'token_id', type: 'text' })
  tokenId!: string;

  @Column({ type: 'bytea' })
  ciphertext!: Buffer;

  @Column({ name: 'key_version', type: 'integer' })
  keyVersion!: number;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;
}
