import { Column } from 'typeorm';

/** A number, mostly milliseconds since the epoch, in a `bigint` column; the driver gives those as text. */
export const asNumber = {
  to: (value: number | null | undefined): number | null | undefined => value,
  from: (value: string | null): number | null => (value === null ? null : Number(value)),
};

/** The project a row belongs to. Every table starts with these. */
export abstract class ProjectRow {
  @Column({ name: 'account_id', type: 'text' })
  accountId!: string;

  @Column({ name: 'org_id', type: 'text' })
  orgId!: string;

  @Column({ name: 'project_id', type: 'text' })
  projectId!: string;
}
