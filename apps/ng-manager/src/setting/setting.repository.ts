import { scopeColumns, type Scope } from '@sluice/kernel';
import type { EntityManager } from 'typeorm';
import { atScope, lineage } from '../persistence/scoped.js';
import { SettingEntity } from './setting.entity.js';

export type SettingRow = Readonly<SettingEntity>;

export class SettingRepository {
  constructor(private readonly manager: EntityManager) {}

  /** Values set at the scope and above it. */
  inLineage(scope: Scope): Promise<SettingRow[]> {
    return this.manager.find<SettingEntity>(SettingEntity, { where: lineage(scope).map(atScope) });
  }

  async put(scope: Scope, identifier: string, value: string, allowOverrides: boolean): Promise<void> {
    await this.manager.delete(SettingEntity, { ...atScope(scope), identifier });
    await this.manager.insert(SettingEntity, { ...scopeColumns(scope), identifier, value, allowOverrides });
  }

  async remove(scope: Scope, identifier: string): Promise<void> {
    await this.manager.delete(SettingEntity, { ...atScope(scope), identifier });
  }
}
