import { Column, Entity, PrimaryColumn } from 'typeorm';

/** An image an account chose instead of the default. Belongs to the account, not to a project. */
@Entity('image_overrides')
export class ImageOverrideEntity {
  @PrimaryColumn({ name: 'account_id', type: 'text', primaryKeyConstraintName: 'image_overrides_pkey' })
  accountId!: string;

  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'image_overrides_pkey' })
  field!: string;

  @Column({ type: 'text' })
  value!: string;
}
