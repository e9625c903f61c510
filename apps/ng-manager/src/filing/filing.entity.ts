import type { FilingKind } from '@sluice/ng-manager-api';
import { Column, Entity } from 'typeorm';
import { ScopedNamedEntity } from '../persistence/named.js';

/** What only some kinds have, by its name on the wire: `type`, `color`, `deploymentType`, `environmentRef` as it was written. */
export type Traits = Readonly<Record<string, string>>;

@Entity('filing_entities')
export class FilingEntity extends ScopedNamedEntity {
  @Column({ type: 'text' })
  kind!: FilingKind;

  /** Identifier of the environment an infrastructure belongs to; empty for the other kinds. */
  @Column({ type: 'text' })
  environment!: string;

  @Column({ type: 'jsonb' })
  traits!: Traits;

  /** As it was sent, or as it was made of the other fields. */
  @Column({ type: 'text' })
  yaml!: string;
}
