import { Injectable } from '@nestjs/common';
import { nothingToUse, resolveUsableRefIn, toNgPage, type NgPage, type User } from '@sluice/api-conventions';
import { AppError, formatScope, inUse, type RequestContext, type Scope, type ScopedRef } from '@sluice/kernel';
import {
  CONNECTOR_CATEGORIES,
  RESERVED_SECRET_IDENTIFIERS,
  type Secret,
  type SecretResponse,
} from '@sluice/ng-manager-api';
import { refuseDuplicate } from '../persistence/duplicate.js';
import { describeUser, type EntityAt } from '../entity-use/entity-use.repository.js';
import type { PageRequest } from '../persistence/page.js';
import { UnitOfWork, type Stores } from '../persistence/unit-of-work.js';
import { ProjectService } from '../project/project.service.js';
import { partsOfSecret } from './secret-refs.js';
import { SecretValues } from './secret-values.js';
import { holdsValue, isThereFor, presentSecret, storedSecretOf } from './secret-view.js';
import type { SecretListFilter, SecretRow, StoredSecret } from './secret.repository.js';

/** What a write brings besides the secret itself. */
export interface SecretWrite {
  /** Bytes of a secret file. */
  readonly file?: Buffer | undefined;
  /** Only its creator sees and uses it. Looked at when it is created. */
  readonly isPrivate?: boolean | undefined;
  /** A secret may be created without its value, which an update brings. */
  readonly mayBeDraft?: boolean | undefined;
}

@Injectable()
export class SecretService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly projects: ProjectService,
    private readonly values: SecretValues,
  ) {}

  /** @throws AppError DUPLICATE_FIELD, INVALID_IDENTIFIER_REF for an unknown secret manager or secret, INVALID_REQUEST for a missing value */
  async create(
    ctx: RequestContext,
    scope: Scope,
    secret: Secret,
    { file, isPrivate, mayBeDraft }: SecretWrite = {},
  ): Promise<SecretResponse> {
    refuseReserved(secret.identifier);
    const value = valueOf(secret, file);
    const stored = storedSecretOf(secret, referenceOf(secret));
    if (value === undefined && (holdsValue(stored) ? !mayBeDraft : lacksPath(stored))) throw missingValue(secret);
    await this.projects.requireScope(scope);
    const ref: ScopedRef = { scope, identifier: secret.identifier };
    const encryptor = value && (await this.values.encryptorFor(scope.accountId));
    return refuseDuplicate('secret', secret.identifier, scope, () =>
      this.unitOfWork.run(async (stores) => {
        const uses = await usesOf(stores, ctx, scope, secret);
        await stores.secrets.insert(
          ref,
          stored,
          value && encryptor ? encryptor.encrypt(ref, value) : null,
          isPrivate ? ctx.principal.id : null,
        );
        await stores.uses.replace({ kind: 'secret', ...ref }, uses);
        const after = presentSecret(await found(stores, ctx, ref));
        await stores.audit.append(ctx, {
          action: 'create',
          resourceType: 'secret',
          identifier: secret.identifier,
          scope,
          after: after.secret,
        });
        return after;
      }),
    );
  }

  /** An absent value leaves the stored one. */
  async update(
    ctx: RequestContext,
    scope: Scope,
    identifier: string,
    secret: Secret,
    { file }: SecretWrite = {},
  ): Promise<SecretResponse> {
    if (secret.identifier !== identifier) {
      throw new AppError(
        'INVALID_REQUEST',
        `the body names secret "${secret.identifier}", the path "${identifier}"; an identifier cannot be changed`,
        { fields: [{ field: 'secret.identifier', error: 'differs from the path' }] },
      );
    }
    const ref: ScopedRef = { scope, identifier };
    const value = valueOf(secret, file);
    const encryptor = value && (await this.values.encryptorFor(scope.accountId));
    return this.unitOfWork.run(async (stores) => {
      const known = await found(stores, ctx, ref, 'update');
      const stored = storedSecretOf(secret, referenceOf(secret) ?? storedReferenceOf(known));
      refuseOtherType(known, secret);
      if (value === undefined && (holdsValue(stored) ? !holdsValue(known) : lacksPath(stored)))
        throw missingValue(secret);
      const uses = await usesOf(stores, ctx, scope, secret);
      await stores.secrets.update(
        ref,
        stored,
        !holdsValue(stored) ? null : value && encryptor ? encryptor.encrypt(ref, value) : undefined,
      );
      await stores.uses.replace({ kind: 'secret', ...ref }, uses);
      const after = presentSecret(await found(stores, ctx, ref));
      await stores.audit.append(ctx, {
        action: 'update',
        resourceType: 'secret',
        identifier,
        scope,
        before: presentSecret(known).secret,
        after: after.secret,
        details: { valueChanged: value !== undefined },
      });
      return after;
    });
  }

  async get(ctx: RequestContext, ref: ScopedRef): Promise<SecretResponse> {
    return presentSecret(await found(this.unitOfWork.read, ctx, ref));
  }

  /** @throws AppError ENTITY_REFERENCED naming the connectors, SSH keys and pipelines that use it, unless `force` */
  async delete(ctx: RequestContext, ref: ScopedRef, force: boolean): Promise<SecretResponse> {
    return this.unitOfWork.run(async (stores) => {
      const before = presentSecret(await found(stores, ctx, ref, 'update'));
      const users = force ? [] : await stores.uses.usersOf({ kind: 'secret', ...ref });
      if (users.length > 0) throw inUse(`secret "${ref.identifier}"`, users.map(describeUser));
      await stores.uses.replace({ kind: 'secret', ...ref }, []);
      await stores.secrets.delete(ref);
      await stores.audit.append(ctx, {
        action: 'delete',
        resourceType: 'secret',
        identifier: ref.identifier,
        scope: ref.scope,
        before: before.secret,
        details: { force },
      });
      return before;
    });
  }

  async list(
    ctx: RequestContext,
    scope: Scope,
    page: PageRequest,
    filter: SecretListFilter,
  ): Promise<NgPage<SecretResponse>> {
    const { rows, total } = await this.unitOfWork.read.secrets.page(scope, ctx.principal.id, page, filter);
    return toNgPage(
      rows.map((row) => ({ identifier: row.identifier, name: row.name, type: row.type, ...presentSecret(row) })),
      total,
      page.index,
      page.size,
    );
  }

  /** Taken also by somebody else's private secret. */
  async isFree(ref: ScopedRef): Promise<boolean> {
    return (await this.unitOfWork.read.secrets.find(ref)) === null;
  }
}

async function found(
  stores: Stores,
  { principal }: Pick<RequestContext, 'principal'>,
  ref: ScopedRef,
  lock?: 'update',
): Promise<SecretRow> {
  const row = await stores.secrets.find(ref, lock ? { lock } : {});
  if (row && isThereFor(row, principal)) return row;
  throw new AppError('RESOURCE_NOT_FOUND', `there is no secret "${ref.identifier}" in ${formatScope(ref.scope)}`);
}

/** What a secret is kept in and made of. All of it must be there for whoever writes it, who must be allowed to use it; it is locked against removal until the transaction ends. */
async function usesOf(stores: Stores, user: User, scope: Scope, secret: Secret): Promise<EntityAt[]> {
  if (secret.type !== 'SSHKey') return [await managerOf(stores, user, scope, secret)];
  const used: EntityAt[] = [];
  for (const { field, ref } of partsOfSecret(secret)) {
    const at = resolveUsableRefIn(user, 'secret', field, ref, scope);
    const part = await stores.secrets.find(at, { lock: 'share' });
    if (!part || !isThereFor(part, user.principal)) throw nothingToUse(user, 'secret', field, ref, at);
    if (part.type === 'SSHKey') {
      throw new AppError(
        'INVALID_IDENTIFIER_REF',
        `${field}: secret "${at.identifier}" in ${formatScope(at.scope)} is itself an SSH key; name a text or file secret`,
        { fields: [{ field, error: `secret "${ref}" is itself an SSH key` }] },
      );
    }
    used.push({ kind: 'secret', ...at });
  }
  return used;
}

async function managerOf(
  stores: Stores,
  user: User,
  scope: Scope,
  { type, spec }: Exclude<Secret, { type: 'SSHKey' }>,
): Promise<EntityAt> {
  const field = 'secret.spec.secretManagerIdentifier';
  const at = resolveUsableRefIn(user, 'connector', field, spec.secretManagerIdentifier, scope);
  const manager = await stores.connectors.find(at, { lock: 'share' });
  if (!manager || CONNECTOR_CATEGORIES[manager.type] !== 'SECRET_MANAGER') {
    throw new AppError(
      'INVALID_IDENTIFIER_REF',
      `${field}: there is no secret manager "${at.identifier}" in ${formatScope(at.scope)}; use harnessSecretManager`,
      { fields: [{ field, error: 'does not exist' }] },
    );
  }
  const isReference = type === 'SecretText' && spec.valueType === 'Reference';
  if (!isReference && manager.type !== 'Local') {
    const remedy = type === 'SecretText' ? `, or valueType Reference with a path in "${at.identifier}"` : '';
    throw new AppError(
      'INVALID_REQUEST',
      `values are kept by the built-in secret manager only; use harnessSecretManager${remedy}`,
      { fields: [{ field, error: 'cannot keep values' }] },
    );
  }
  if (isReference && manager.type === 'Local') {
    throw new AppError(
      'INVALID_REQUEST',
      'the built-in secret manager keeps values, not references; use valueType Inline',
      { fields: [{ field: 'secret.spec.valueType', error: 'must be Inline for harnessSecretManager' }] },
    );
  }
  return { kind: 'connector', ...at };
}

/** The value a request brings; undefined when it brings none. */
function valueOf(secret: Secret, file: Buffer | undefined): Buffer | undefined {
  if (secret.type === 'SecretText')
    return secret.spec.valueType === 'Inline' && secret.spec.value ? Buffer.from(secret.spec.value) : undefined;
  return secret.type === 'SecretFile' && file && file.length > 0 ? file : undefined;
}

function referenceOf(secret: Secret): string | null {
  return secret.type === 'SecretText' && secret.spec.valueType === 'Reference' ? secret.spec.value || null : null;
}

function storedReferenceOf(row: SecretRow): string | null {
  return row.type === 'SecretText' ? (row.spec.reference ?? null) : null;
}

function lacksPath(stored: StoredSecret): boolean {
  return stored.type === 'SecretText' && stored.spec.valueType === 'Reference' && !stored.spec.reference;
}

function refuseReserved(identifier: string): void {
  if (!RESERVED_SECRET_IDENTIFIERS.includes(identifier)) return;
  throw new AppError(
    'INVALID_REQUEST',
    `"${identifier}" cannot be the identifier of a secret: it is a word of this API's addresses; choose another`,
    { fields: [{ field: 'secret.identifier', error: 'is reserved' }] },
  );
}

function refuseOtherType(known: SecretRow, { type }: Secret): void {
  if (known.type === type) return;
  throw new AppError(
    'INVALID_REQUEST',
    `secret "${known.identifier}" is of type ${known.type}, which cannot be changed to ${type}; create another secret`,
    { fields: [{ field: 'secret.type', error: 'cannot be changed' }] },
  );
}

function missingValue(secret: Secret): AppError {
  if (secret.type === 'SecretFile') {
    return new AppError(
      'INVALID_REQUEST',
      `secret "${secret.identifier}" needs the bytes of its file; send them as the part "file" to /ng/api/v2/secrets/files`,
      { fields: [{ field: 'file', error: 'is required' }] },
    );
  }
  const isReference = secret.type === 'SecretText' && secret.spec.valueType === 'Reference';
  const what = isReference ? 'a path in the secret manager' : 'a value';
  return new AppError('INVALID_REQUEST', `secret "${secret.identifier}" needs ${what} in spec.value`, {
    fields: [{ field: 'secret.spec.value', error: 'is required' }],
  });
}
