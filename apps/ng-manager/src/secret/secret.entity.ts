import { Column, CreateDateColumn, Entity, PrimaryGeneratedColumn, UpdateDateColumn } from 'typeorm';
import { ScopedEntity } from '../persistence/scoped.js';

/** What of a secret is no secret. */
export interface StoredSecretSpec {
  readonly secretManagerIdentifier: string;
  readonly valueType: 'Inline' | 'Reference';
  /** Path in the external manager, for `Reference`. */
  readonly reference?: string | null;
  readonly additionalMetadata?: { readonly values?: Record<string, string> | null | undefined } | null | undefined;
}

@Entity('secrets')
export class SecretEntity extends ScopedEntity {
  @PrimaryGeneratedColumn('uuid')
  id!: string;

  @Column({ type: 'text' })
  identifier!: string;

  @Column({ type: 'text' })
  name!: string;

  @Column({ type: 'text', nullable: true })
  description!: string | null;

  @Column({ type: 'jsonb' })
  tags!: Record<string, string>;

  @Column({ type: 'text' })
  type!: 'SecretText';

  @Column({ type: 'jsonb' })
  spec!: StoredSecretSpec;

  /** Under the account's data key `keyVersion`; null for references. Not selected by default. */
  @Column({ type: 'bytea', nullable: true, select: false })
  ciphertext!: Buffer | null;

  @Column({ name: 'key_version', type: 'integer', nullable: true, select: false })
  keyVersion!: number | null;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  @UpdateDateColumn({ name: 'updated_at', type: 'timestamptz' })
  updatedAt!: Date;
}
