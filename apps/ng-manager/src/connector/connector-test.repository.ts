import { scopeColumns, type ScopedRef } from '@sluice/kernel';
import type { ValidationResult } from '@sluice/ng-manager-api';
import { IsNull, LessThan, type EntityManager } from 'typeorm';
import { scopeOfRow } from '../persistence/scoped.js';
import type { Asker } from '../secret/secret-values.js';
import { ConnectorTestEntity } from './connector.entity.js';

export interface ConnectorTest {
  readonly taskId: string;
  readonly connector: ScopedRef;
  readonly expressions: readonly string[];
  /** Null for tests asked for before this was kept. */
  readonly askedBy: Asker | null;
  readonly result: ValidationResult | null;
}

const KEPT_MS = 86_400_000;

export class ConnectorTestRepository {
  constructor(private readonly manager: EntityManager) {}

  async insert({ taskId, connector, expressions, askedBy }: Omit<ConnectorTest, 'result'>): Promise<void> {
    await this.manager.delete(ConnectorTestEntity, { createdAt: LessThan(new Date(Date.now() - KEPT_MS)) });
    await this.manager.insert(ConnectorTestEntity, {
      taskId,
      ...scopeColumns(connector.scope),
      connectorIdentifier: connector.identifier,
      expressions: [...expressions],
      askedBy,
    });
  }

  /** Tests are found by their task, whose id nobody outside knows; `accountId` must agree. */
  async find(accountId: string, taskId: string): Promise<ConnectorTest | undefined> {
    const row = await this.manager.findOneBy(ConnectorTestEntity, { accountId, taskId });
    if (!row) return undefined;
    return {
      taskId,
      connector: { scope: scopeOfRow(row), identifier: row.connectorIdentifier },
      expressions: row.expressions,
      askedBy: row.askedBy,
      result: row.result,
    };
  }

  /** Keeps the first result. */
  async end(accountId: string, taskId: string, result: ValidationResult): Promise<boolean> {
    return (
      (
        await this.manager.update(
          ConnectorTestEntity,
          { accountId, taskId, result: IsNull() },
          { result, endedAt: new Date() },
        )
      ).affected === 1
    );
  }
}
