import { Column, PrimaryColumn } from 'typeorm';
import type { ProjectScope } from '@sluice/kernel';

/** Milliseconds since the epoch in a `bigint` column; the driver gives those as text. */
export const asMilliseconds = {
  to: (value: number | null | undefined): number | null | undefined => value,
  from: (value: string | null): number | null => (value === null ? null : Number(value)),
};

/** The project a row belongs to, as part of its key. */
export abstract class ProjectKey {
  @PrimaryColumn({ name: 'account_id', type: 'text' })
  accountId!: string;

  @PrimaryColumn({ name: 'org_id', type: 'text' })
  orgId!: string;

  @PrimaryColumn({ name: 'project_id', type: 'text' })
  projectId!: string;
}

/** Something people write as YAML, with what is read out of it. */
export abstract class YamlDocument extends ProjectKey {
  @Column({ type: 'text' })
  name!: string;

  @Column({ type: 'text', nullable: true })
  description!: string | null;

  @Column({ type: 'jsonb', default: {} })
  tags!: Record<string, string>;

  /** As it was sent. */
  @Column({ type: 'text' })
  yaml!: string;

  @Column({ type: 'int', default: 1 })
  version!: number;

  @Column({ name: 'created_at', type: 'bigint', transformer: asMilliseconds })
  createdAt!: number;

  @Column({ name: 'updated_at', type: 'bigint', transformer: asMilliseconds })
  updatedAt!: number;
}

/** The project a row with an id of its own belongs to. */
export abstract class ProjectRow {
  @Column({ name: 'account_id', type: 'text' })
  accountId!: string;

  @Column({ name: 'org_id', type: 'text' })
  orgId!: string;

  @Column({ name: 'project_id', type: 'text' })
  projectId!: string;
}

export function projectColumns(scope: ProjectScope): { accountId: string; orgId: string; projectId: string } {
  return { accountId: scope.accountId, orgId: scope.orgId, projectId: scope.projectId };
}

/** A pattern for ILIKE that finds `term` anywhere, whatever characters it holds. */
export function containing(term: string): string {
  return `%${term.replace(/[\\%_]/g, (character) => `\\${character}`)}%`;
}
