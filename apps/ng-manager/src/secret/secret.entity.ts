import { Column, Entity } from 'typeorm';
import type { SecretFileSpec, SecretTextSpec, SecretType, SshKeySpec } from '@sluice/ng-manager-api';
import { ScopedNamedEntity } from '../persistence/named.js';

/** What of a text is no secret. `reference` is the path in the external manager, for `Reference`. */
type StoredTextSpec = Omit<SecretTextSpec, 'value'> & { readonly reference?: string | null };

/** What of a secret is no secret, by type. */
export type StoredSecretBody =
  | { readonly type: 'SecretText'; readonly spec: StoredTextSpec }
  | { readonly type: 'SecretFile'; readonly spec: SecretFileSpec }
  | { readonly type: 'SSHKey'; readonly spec: SshKeySpec };

@Entity('secrets')
export class SecretEntity extends ScopedNamedEntity {
  @Column({ type: 'text' })
  type!: SecretType;

  @Column({ type: 'jsonb' })
  spec!: StoredSecretBody['spec'];

  /** Id of the only principal that sees and uses it; null for everybody with the right. */
  @Column({ name: 'owner_id', type: 'text', nullable: true })
  ownerId!: string | null;

  /** Under the account's data key `keyVersion`; null for references, SSH keys and drafts. Not selected by default. */
  @Column({ type: 'bytea', nullable: true, select: false })
  ciphertext!: Buffer | null;

  @Column({ name: 'key_version', type: 'integer', nullable: true })
  keyVersion!: number | null;
}
