import { Column, Entity, PrimaryColumn } from 'typeorm';
import { NamedEntity } from '../persistence/named.js';

/** A named holder of tokens, owned by a user or service account. */
@Entity('api_keys')
export class ApiKeyEntity extends NamedEntity {
  @PrimaryColumn({ name: 'account_id', type: 'text' })
  accountId!: string;

  @PrimaryColumn({ name: 'user_id', type: 'text' })
  userId!: string;

  @PrimaryColumn({ type: 'text' })
  identifier!: string;

  @Column({ name: 'org_id', type: 'text', nullable: true })
  orgId!: string | null;

  @Column({ name: 'project_id', type: 'text', nullable: true })
  projectId!: string | null;

  /** Milliseconds; PostgreSQL's bigint arrives as text. */
  @Column({ name: 'default_time_to_expire_ms', type: 'bigint', nullable: true })
  defaultTimeToExpireMs!: string | null;
}

/** `pat.<account>.<id>.<secret>`, or `sat.…` of a service account; only the SHA-256 of the secret is kept. */
@Entity('api_tokens')
export class ApiTokenEntity extends NamedEntity {
  @PrimaryColumn({ name: 'account_id', type: 'text' })
  accountId!: string;

  @PrimaryColumn({ type: 'text' })
  id!: string;

  @Column({ name: 'user_id', type: 'text' })
  userId!: string;

  @Column({ name: 'api_key_identifier', type: 'text' })
  apiKeyIdentifier!: string;

  @Column({ type: 'text' })
  identifier!: string;

  @Column({ name: 'secret_hash', type: 'bytea' })
  secretHash!: Buffer;

  @Column({ type: 'text' })
  status!: 'active' | 'revoked';

  @Column({ name: 'org_id', type: 'text', nullable: true })
  orgId!: string | null;

  @Column({ name: 'project_id', type: 'text', nullable: true })
  projectId!: string | null;

  /** Not listed: an older value of a rotated token, valid until `scheduledExpireAt`, or a deleted token, kept revoked. */
  @Column({ name: 'is_superseded', type: 'boolean', default: false })
  isSuperseded!: boolean;

  @Column({ name: 'valid_from', type: 'timestamptz' })
  validFrom!: Date;

  @Column({ name: 'valid_to', type: 'timestamptz', nullable: true })
  validTo!: Date | null;

  /** A second, earlier end, such as the grace time after a rotation. */
  @Column({ name: 'scheduled_expire_at', type: 'timestamptz', nullable: true })
  scheduledExpireAt!: Date | null;
}
