import type { Scope } from '@sluice/kernel';
import { qualifiedRef } from '@sluice/kernel';
import type { EntityManager } from 'typeorm';

export interface ConnectorUse {
  readonly kind: 'dbschema' | 'dbinstance';
  readonly orgId: string;
  readonly projectId: string;
  readonly identifier: string;
}

/** More uses than anybody reads are not listed. */
const MOST_USES = 100;

export class ConnectorUseRepository {
  constructor(private readonly manager: EntityManager) {}

  /** Schemas and instances that refer to the connector `identifier` of `scope`, from there or from below. */
  async find(scope: Scope, identifier: string): Promise<ConnectorUse[]> {
    const orgId = scope.level === 'account' ? null : scope.orgId;
    const projectId = scope.level === 'project' ? scope.projectId : null;
    return this.manager.query<ConnectorUse[]>(
      `SELECT 'dbschema' AS kind, org_id AS "orgId", project_id AS "projectId", identifier FROM db_schemas
       WHERE account_id = $1 AND changelog ->> 'connector' = $2 AND ($3::text IS NULL OR org_id = $3) AND ($4::text IS NULL OR project_id = $4)
       UNION ALL
       SELECT 'dbinstance', org_id, project_id, identifier FROM db_instances
       WHERE account_id = $1 AND connector = $2 AND ($3::text IS NULL OR org_id = $3) AND ($4::text IS NULL OR project_id = $4)
       LIMIT ${MOST_USES}`,
      [scope.accountId, qualifiedRef(scope, identifier), orgId, projectId],
    );
  }
}
