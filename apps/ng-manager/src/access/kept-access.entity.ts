import type { KeptResourceGroup, KeptRole } from '@sluice/ng-manager-api';
import { Column, Entity } from 'typeorm';
import { ScopedNamedEntity } from '../persistence/named.js';

export type KeptKind = 'role' | 'resourceGroup';
/** What a kept role or resource group says besides its name and place, as it was sent. */
export type KeptContent = Pick<KeptRole, 'permissions' | 'allowedScopeLevels'> &
  Pick<KeptResourceGroup, 'color' | 'includedScopes' | 'resourceFilter'>;

/** A role or resource group of a client: given back as it was sent, and of no effect. */
@Entity('kept_access')
export class KeptAccessEntity extends ScopedNamedEntity {
  @Column({ type: 'text' })
  kind!: KeptKind;

  @Column({ type: 'jsonb' })
  content!: KeptContent;
}
