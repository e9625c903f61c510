import type { referredKind } from '@sluice/dbdevops-api';
import { qualifiedRef, type Scope } from '@sluice/kernel';
import type { EntityManager } from 'typeorm';
import type { z } from 'zod';

/** What schemas and instances can refer to. */
export type ReferredKind = z.output<typeof referredKind>;

export interface EntityUse {
  readonly kind: 'dbschema' | 'dbinstance';
  readonly orgId: string;
  readonly projectId: string;
  readonly identifier: string;
}

/** More uses than anybody reads are not listed. */
const MOST_USES = 100;

const SCHEMAS = `SELECT 'dbschema' AS kind, org_id AS "orgId", project_id AS "projectId", identifier FROM db_schemas`;
const INSTANCES = `SELECT 'dbinstance' AS kind, org_id AS "orgId", project_id AS "projectId", identifier FROM db_instances`;

/** Where each kind is referred to: a list, and the column in it. */
const PLACES: Readonly<Record<ReferredKind, readonly (readonly [list: string, column: string])[]>> = {
  connector: [
    [SCHEMAS, `changelog ->> 'connector'`],
    [INSTANCES, 'connector'],
  ],
  service: [[SCHEMAS, 'service']],
  environment: [[INSTANCES, 'environment']],
};

export class EntityUseRepository {
  constructor(private readonly manager: EntityManager) {}

  /** Schemas and instances that refer to `identifier` of `scope`, from there or from below. */
  async find(kind: ReferredKind, scope: Scope, identifier: string): Promise<EntityUse[]> {
    const orgId = scope.level === 'account' ? null : scope.orgId;
    const projectId = scope.level === 'project' ? scope.projectId : null;
    const found = PLACES[kind].map(
      ([list, column]) =>
        `${list} WHERE account_id = $1 AND ${column} = $2 AND ($3::text IS NULL OR org_id = $3) AND ($4::text IS NULL OR project_id = $4)`,
    );
    return this.manager.query<EntityUse[]>(`${found.join(' UNION ALL ')} LIMIT ${MOST_USES}`, [
      scope.accountId,
      qualifiedRef(scope, identifier),
      orgId,
      projectId,
    ]);
  }
}
