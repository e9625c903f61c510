import { scopeColumns, type Scope, type ScopedRef } from '@sluice/kernel';
import { containing } from '@sluice/persistence';
import { Brackets, type EntityManager } from 'typeorm';
import { readPage, type ListFields, type Page, type PageRequest } from '../persistence/page.js';
import { atScope, atScopeOfRow, lineage } from '../persistence/scoped.js';
import { SecretEntity, type StoredSecretBody } from './secret.entity.js';

export type SecretRow = Readonly<Omit<SecretEntity, 'ciphertext' | 'type' | 'spec'>> & StoredSecretBody;
export type StoredSecret = StoredSecretBody & {
  readonly name: string;
  readonly description: string | null;
  readonly tags: Readonly<Record<string, string>>;
};
export interface EncryptedValue {
  readonly ciphertext: Buffer;
  readonly keyVersion: number;
}

export interface SecretListFilter {
  readonly identifiers?: readonly string[] | null | undefined;
  readonly identifier?: string | null | undefined;
  readonly types?: readonly string[] | null | undefined;
  readonly name?: string | null | undefined;
  readonly description?: string | null | undefined;
  readonly managers?: readonly string[] | null | undefined;
  readonly tags?: Readonly<Record<string, string>> | null | undefined;
  /** Category of the secret manager; every secret manager is of category SECRET_MANAGER. */
  readonly category?: string | null | undefined;
  readonly withParents: boolean;
  /** Also everything below the scope. */
  readonly withChildren: boolean;
}

/** Clients expect a search to look at tags too. */
const LIST_FIELDS: ListFields = {
  searched: ['name', 'tags::text', 'identifier'],
  sortable: {
    name: 'name',
    identifier: 'identifier',
    type: 'type',
    createdAt: 'createdAt',
    lastModifiedAt: 'updatedAt',
    updatedAt: 'updatedAt',
  },
};

export class SecretRepository {
  constructor(private readonly manager: EntityManager) {}

  find(
    { scope, identifier }: ScopedRef,
    options: { readonly lock?: 'share' | 'update' } = {},
  ): Promise<SecretRow | null> {
    const lock =
      options.lock &&
      ({ lock: { mode: options.lock === 'share' ? 'pessimistic_read' : 'pessimistic_write' } } as const);
    return this.manager.findOne(SecretEntity, {
      where: { ...atScope(scope), identifier },
      ...lock,
    }) as Promise<SecretRow | null>;
  }

  /** The secret with its encrypted value, for the one place that decrypts. */
  findWithValue({
    scope,
    identifier,
  }: ScopedRef): Promise<(SecretRow & { readonly ciphertext: Buffer | null }) | null> {
    return this.manager
      .createQueryBuilder(SecretEntity, 'row')
      .addSelect('row.ciphertext')
      .where({ ...atScope(scope), identifier })
      .getOne() as Promise<(SecretRow & { readonly ciphertext: Buffer | null }) | null>;
  }

  /** What `viewerId` may see: everything but the private secrets of others. */
  page(scope: Scope, viewerId: string, page: PageRequest, filter: SecretListFilter): Promise<Page<SecretRow>> {
    const query = this.manager
      .createQueryBuilder(SecretEntity, 'row')
      .where('row.accountId = :accountId', { accountId: scope.accountId });
    query.andWhere('(row.ownerId IS NULL OR row.ownerId = :viewerId)', { viewerId });
    if (filter.category && filter.category !== 'SECRET_MANAGER') query.andWhere('FALSE');
    if (filter.identifier) query.andWhere('row.identifier = :identifier', { identifier: filter.identifier });
    query.andWhere(
      new Brackets((where) => {
        for (const [at, one] of (filter.withParents ? lineage(scope) : [scope]).entries())
          where.orWhere(...atScopeOfRow(one, at));
        if (!filter.withChildren) return;
        if (scope.level === 'account') where.orWhere('TRUE');
        if (scope.level === 'org') where.orWhere('row.orgId = :parentOrg', { parentOrg: scope.orgId });
      }),
    );
    if (filter.identifiers?.length)
      query.andWhere('row.identifier = ANY(:identifiers)', { identifiers: filter.identifiers });
    if (filter.types?.length) query.andWhere('row.type = ANY(:types)', { types: filter.types });
    if (filter.managers?.length)
      query.andWhere(`row.spec ->> 'secretManagerIdentifier' = ANY(:managers)`, { managers: filter.managers });
    if (filter.name) query.andWhere('row.name ILIKE :name', { name: containing(filter.name) });
    if (filter.description)
      query.andWhere('row.description ILIKE :description', { description: containing(filter.description) });
    if (filter.tags && Object.keys(filter.tags).length > 0)
      query.andWhere('row.tags @> :tags', { tags: JSON.stringify(filter.tags) });
    return readPage(query, page, LIST_FIELDS) as Promise<Page<SecretRow>>;
  }

  async insert(
    { scope, identifier }: ScopedRef,
    secret: StoredSecret,
    value: EncryptedValue | null,
    ownerId: string | null,
  ): Promise<void> {
    await this.manager.insert(SecretEntity, { ...scopeColumns(scope), identifier, ownerId, ...columns(secret, value) });
  }

  /** @param value undefined keeps the stored one; null removes it */
  async update(
    { scope, identifier }: ScopedRef,
    secret: StoredSecret,
    value: EncryptedValue | null | undefined,
  ): Promise<boolean> {
    return (
      (await this.manager.update(SecretEntity, { ...atScope(scope), identifier }, columns(secret, value))).affected ===
      1
    );
  }

  async delete({ scope, identifier }: ScopedRef): Promise<boolean> {
    return (await this.manager.delete(SecretEntity, { ...atScope(scope), identifier })).affected === 1;
  }
}

function columns({ name, description, tags, type, spec }: StoredSecret, value: EncryptedValue | null | undefined) {
  const encrypted =
    value === undefined ? {} : { ciphertext: value?.ciphertext ?? null, keyVersion: value?.keyVersion ?? null };
  return { name, description, tags: { ...tags }, type, spec, ...encrypted };
}
