import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';
import { ScopedEntity } from '../persistence/scoped.js';
import type { Asker } from '../secret/secret-values.js';
import type { LockOutcome, LockQuestion } from './lock-outcome.js';

/** A change log lock a delegate was asked to look at or to free; kept for a day, so that any replica can hand over its outcome. Its scope is the connector's. */
@Entity('changelog_lock_tasks')
export class ChangelogLockTaskEntity extends ScopedEntity {
  @PrimaryColumn({ name: 'task_id', type: 'text' })
  taskId!: string;

  @Column({ type: 'jsonb' })
  question!: LockQuestion;

  /** The secret expressions its payload holds; no other is sealed for it. */
  @Column({ type: 'jsonb' })
  expressions!: string[];

  /** In whose name its secrets are read and the lock is freed. */
  @Column({ name: 'asked_by', type: 'jsonb' })
  askedBy!: Asker;

  @Column({ type: 'jsonb', nullable: true })
  outcome!: LockOutcome | null;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;
}
