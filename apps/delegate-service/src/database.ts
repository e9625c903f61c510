import type { Provider } from '@nestjs/common';
import type { RpcScope } from '@sluice/delegate-rpc';
import { scopeOf, type Scope } from '@sluice/kernel';
import { createDataSource, openDataSource } from '@sluice/persistence';
import { DataSource } from 'typeorm';
import { CONFIG, type DelegateServiceConfig } from './config.js';
import { CreateDelegateTables1795305600000 } from './migrations/1795305600000-create-delegate-tables.js';
import { CreateTaskDeadLetters1796050000100 } from './migrations/1796050000100-create-task-dead-letters.js';
import { BindLeasesToKeys1796180000020 } from './migrations/1796180000020-bind-leases-to-keys.js';
import { FindEventsOfATask1796190000000 } from './migrations/1796190000000-find-events-of-a-task.js';
import { CreateSecurityOutbox1796210000010 } from './migrations/1796210000010-create-security-outbox.js';
import { CreateWithdrawnTasks1796331000000 } from './migrations/1796331000000-create-withdrawn-tasks.js';

const MIGRATIONS = [
  CreateDelegateTables1795305600000,
  CreateTaskDeadLetters1796050000100,
  BindLeasesToKeys1796180000020,
  FindEventsOfATask1796190000000,
  CreateSecurityOutbox1796210000010,
  CreateWithdrawnTasks1796331000000,
] as const;

/** Connected and migrated. The tables are read and written by single atomic statements, so there are no entity classes. */
export function openDatabase(url: string): Promise<DataSource> {
  return openDataSource(
    createDataSource({ app: 'delegate-service', url, entities: [], migrations: MIGRATIONS, poolSize: 12 }),
  );
}

export const databaseProvider: Provider = {
  provide: DataSource,
  useFactory: (config: DelegateServiceConfig) => openDatabase(config.databaseUrl),
  inject: [CONFIG],
};

/** Scope columns as every table has them. */
export interface ScopeRow {
  readonly account_id: string;
  readonly org_id: string | null;
  readonly project_id: string | null;
}

export function scopeOfRow(row: ScopeRow): Scope {
  return scopeOf({ accountId: row.account_id, orgId: row.org_id ?? undefined, projectId: row.project_id ?? undefined });
}

export function rpcScope(row: ScopeRow): RpcScope {
  return { accountId: row.account_id, orgId: row.org_id ?? '', projectId: row.project_id ?? '' };
}
