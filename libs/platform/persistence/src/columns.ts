import { Column } from 'typeorm';
import type { ProjectScope } from '@sluice/kernel';

/** A number, mostly milliseconds since the epoch, in a `bigint` column; the driver gives those as text. */
export const asNumber = {
  to: (value: number | null | undefined): number | null | undefined => value,
  from: (value: string | null): number | null => (value === null ? null : Number(value)),
};

/** A row with an id of its own that belongs to a project. */
export abstract class ProjectRow {
  @Column({ name: 'account_id', type: 'text' })
  accountId!: string;

  @Column({ name: 'org_id', type: 'text' })
  orgId!: string;

  @Column({ name: 'project_id', type: 'text' })
  projectId!: string;
}

/** Columns of a project, for TypeORM conditions and inserts. */
export function projectColumns(scope: ProjectScope): { accountId: string; orgId: string; projectId: string } {
  return { accountId: scope.accountId, orgId: scope.orgId, projectId: scope.projectId };
}
