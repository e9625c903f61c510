import type { Command } from '@sluice/dbdevops-api';
import type { ProjectScope } from '@sluice/kernel';
import type { EntityManager } from 'typeorm';
import { projectColumns } from '@sluice/persistence';
import { ParsedLogEntity } from './parsed-log.entity.js';

export interface ParsedLog {
  readonly id: string;
  readonly success: boolean;
  readonly command: Command;
}

export class ParsedLogRepository {
  constructor(private readonly manager: EntityManager) {}

  async insert(scope: ProjectScope, instanceId: string, log: ParsedLog, now: number): Promise<void> {
    await this.manager.insert(ParsedLogEntity, { ...projectColumns(scope), ...log, instanceId, createdAt: now });
  }

  async find(scope: ProjectScope, instanceId: string, id: string): Promise<ParsedLog | undefined> {
    const row = await this.manager.findOneBy(ParsedLogEntity, { ...projectColumns(scope), instanceId, id });
    return row ? { id: row.id, success: row.success, command: row.command as Command } : undefined;
  }
}
