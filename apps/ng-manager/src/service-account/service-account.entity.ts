import { Column, Entity, PrimaryColumn } from 'typeorm';
import { NamedEntity } from '../persistence/named.js';

/** What a service account has beside its row in `users`, on which its keys and roles hang. */
@Entity('service_accounts')
export class ServiceAccountEntity extends NamedEntity {
  @PrimaryColumn({ name: 'account_id', type: 'text' })
  accountId!: string;

  /** Its id as a principal. */
  @PrimaryColumn({ name: 'user_id', type: 'text' })
  userId!: string;

  @Column({ name: 'org_id', type: 'text', nullable: true })
  orgId!: string | null;

  @Column({ name: 'project_id', type: 'text', nullable: true })
  projectId!: string | null;

  @Column({ type: 'text' })
  identifier!: string;

  @Column({ type: 'text' })
  email!: string;
}
