import { Inject, Injectable } from '@nestjs/common';
import { newId, type ProjectScope } from '@sluice/kernel';
import { DataSource } from 'typeorm';
import { projectColumns } from '@sluice/persistence';
import { CheckEntity } from './check.entity.js';

export type CheckKind = 'validation' | 'preflight';

export interface StoredCheck<T> {
  readonly pipelineIdentifier: string;
  readonly result: T;
  readonly createdAt: number;
}

const KEPT_MS = 24 * 3_600_000;

@Injectable()
export class CheckRepository {
  constructor(@Inject(DataSource) private readonly dataSource: DataSource) {}

  /** Keeps a result for a day; older ones of everybody go. @returns the id to ask for it */
  async add(
    scope: ProjectScope,
    kind: CheckKind,
    pipelineIdentifier: string,
    result: object,
    at: number,
  ): Promise<string> {
    const checkId = newId();
    await this.dataSource.query(`DELETE FROM pipeline_checks WHERE created_at < $1`, [at - KEPT_MS]);
    await this.dataSource.query(
      `INSERT INTO pipeline_checks (account_id, org_id, project_id, check_id, kind, pipeline_identifier, result, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
      [scope.accountId, scope.orgId, scope.projectId, checkId, kind, pipelineIdentifier, JSON.stringify(result), at],
    );
    return checkId;
  }

  /** @typeParam T what was added under this kind */
  async find<T>(scope: ProjectScope, kind: CheckKind, checkId: string): Promise<StoredCheck<T> | undefined> {
    const row = await this.dataSource.getRepository(CheckEntity).findOneBy({ ...projectColumns(scope), kind, checkId });
    return row
      ? { pipelineIdentifier: row.pipelineIdentifier, result: row.result as T, createdAt: row.createdAt }
      : undefined;
  }
}
