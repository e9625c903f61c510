import type { AuditActor } from '@sluice/api-conventions';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** How often one key was refused from one address in one minute, besides the first time. */
@Entity('refused_sign_ins')
export class RefusedSignInEntity {
  @PrimaryColumn({ name: 'account_id', type: 'text' })
  accountId!: string;

  /** Empty for a key there is not. */
  @PrimaryColumn({ name: 'key_id', type: 'text' })
  keyId!: string;

  @PrimaryColumn({ name: 'client_address', type: 'text' })
  clientAddress!: string;

  @PrimaryColumn({ type: 'timestamptz' })
  minute!: Date;

  /** Of the latest refusal. */
  @Column({ type: 'text' })
  code!: string;

  @Column({ type: 'integer', default: 0 })
  repeats!: number;

  @Column({ name: 'last_at', type: 'timestamptz' })
  lastAt!: Date;

  @Column({ type: 'jsonb' })
  actor!: AuditActor;
}
