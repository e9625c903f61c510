import { scopeColumns, type Scope } from '@sluice/kernel';
import { IsNull, LessThan, type EntityManager } from 'typeorm';
import { scopeOfRow } from '../persistence/scoped.js';
import type { Asker } from '../secret/secret-values.js';
import { ChangelogLockTaskEntity } from './changelog-lock-task.entity.js';
import type { LockOutcome, LockQuestion } from './lock-outcome.js';

export interface LockTask {
  readonly taskId: string;
  /** Where the connector lives. */
  readonly scope: Scope;
  readonly question: LockQuestion;
  readonly expressions: readonly string[];
  readonly askedBy: Asker;
  readonly outcome: LockOutcome | null;
}

const KEPT_MS = 86_400_000;

export class ChangelogLockTaskRepository {
  constructor(private readonly manager: EntityManager) {}

  async insert({ taskId, scope, question, expressions, askedBy }: Omit<LockTask, 'outcome'>): Promise<void> {
    await this.manager.delete(ChangelogLockTaskEntity, { createdAt: LessThan(new Date(Date.now() - KEPT_MS)) });
    await this.manager.insert(ChangelogLockTaskEntity, {
      taskId,
      ...scopeColumns(scope),
      question,
      expressions: [...expressions],
      askedBy,
    });
  }

  /** Found by the task, whose id nobody outside knows; `accountId` must agree. */
  async find(accountId: string, taskId: string): Promise<LockTask | undefined> {
    const row = await this.manager.findOneBy(ChangelogLockTaskEntity, { accountId, taskId });
    return row
      ? {
          taskId,
          scope: scopeOfRow(row),
          question: row.question,
          expressions: row.expressions,
          askedBy: row.askedBy,
          outcome: row.outcome,
        }
      : undefined;
  }

  /** Keeps the first outcome. */
  async end(accountId: string, taskId: string, outcome: LockOutcome): Promise<boolean> {
    return (
      (await this.manager.update(ChangelogLockTaskEntity, { accountId, taskId, outcome: IsNull() }, { outcome }))
        .affected === 1
    );
  }
}
