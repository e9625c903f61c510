import { Column, Entity, PrimaryGeneratedColumn, UpdateDateColumn } from 'typeorm';
import { ScopedEntity } from '../persistence/scoped.js';

/** A value that differs from the catalogue's default. */
@Entity('settings')
export class SettingEntity extends ScopedEntity {
  @PrimaryGeneratedColumn('uuid')
  id!: string;

  @Column({ type: 'text' })
  identifier!: string;

  @Column({ type: 'text' })
  value!: string;

  @Column({ name: 'allow_overrides', type: 'boolean', default: true })
  allowOverrides!: boolean;

  @UpdateDateColumn({ name: 'updated_at', type: 'timestamptz' })
  updatedAt!: Date;
}
