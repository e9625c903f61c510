import { scopeColumns, scopeOf, type OrgScope, type ProjectScope } from '@sluice/kernel';
import type { EntityManager } from 'typeorm';
import type { AuditEntry } from './audit.repository.js';

/** Tables whose rows go with the org or project they lie in, and what their rows are called in the trail. Those built in are part of the scope itself. */
const CONTENTS: readonly { readonly table: string; readonly resourceType: string; readonly where?: string }[] = [
  { table: 'role_bindings', resourceType: 'roleAssignment' },
  { table: 'kept_access', resourceType: 'role', where: `kind = 'role'` },
  { table: 'kept_access', resourceType: 'resourceGroup', where: `kind = 'resourceGroup'` },
  { table: 'user_groups', resourceType: 'userGroup' },
  { table: 'service_accounts', resourceType: 'serviceAccount' },
  { table: 'settings', resourceType: 'setting' },
  { table: 'variables', resourceType: 'variable' },
  { table: 'filing_entities', resourceType: 'infrastructure', where: "kind = 'infrastructure'" },
  { table: 'filing_entities', resourceType: 'environment', where: "kind = 'environment'" },
  { table: 'filing_entities', resourceType: 'service', where: "kind = 'service'" },
  { table: 'secrets', resourceType: 'secret' },
  { table: 'connectors', resourceType: 'connector', where: 'NOT harness_managed' },
];
const NOT_STATE = [
  'id',
  'account_id',
  'org_id',
  'project_id',
  'created_at',
  'updated_at',
  'ciphertext',
  'key_version',
] as const;

/** What is removed with an org or project without anybody naming it: an event for each, because each was something of its own. */
export class ScopeContents {
  constructor(private readonly manager: EntityManager) {}

  /** Call it before the scope is removed. Projects of an org come last. */
  async removalsIn(scope: OrgScope | ProjectScope): Promise<AuditEntry[]> {
    const { accountId, orgId, projectId } = scopeColumns(scope);
    const parts = CONTENTS.map(({ table, resourceType, where }, order) =>
      partOf(
        order,
        resourceType,
        table,
        `org_id = $2 AND ($3::text IS NULL OR project_id = $3)${where ? ` AND ${where}` : ''}`,
        'project_id',
      ),
    );
    if (scope.level === 'org')
      parts.push(partOf(CONTENTS.length, 'project', 'projects', 'org_id = $2 AND $3::text IS NULL', 'identifier'));
    const rows = await this.manager.query<ContentRow[]>(`${parts.join(' UNION ALL ')} ORDER BY kind, identifier`, [
      accountId,
      orgId,
      projectId,
    ]);
    return rows.map((row) => ({
      action: 'delete',
      resourceType: row.resource_type,
      identifier: row.identifier,
      scope: scopeOf({ accountId, orgId: orgId ?? undefined, projectId: row.project_id ?? undefined }),
      before: row.state,
      details: { isRemovedWith: scope.level === 'org' ? `organization ${scope.orgId}` : `project ${scope.projectId}` },
    }));
  }
}

interface ContentRow {
  readonly resource_type: string;
  readonly identifier: string;
  readonly project_id: string | null;
  readonly state: Readonly<Record<string, unknown>>;
}

function partOf(order: number, resourceType: string, table: string, where: string, project: string): string {
  const state = `to_jsonb(t) - ARRAY[${NOT_STATE.map((column) => `'${column}'`).join(', ')}]`;
  return `SELECT ${order} AS kind, '${resourceType}' AS resource_type, identifier, ${project} AS project_id, ${state} AS state FROM ${table} t WHERE account_id = $1 AND ${where}`;
}
