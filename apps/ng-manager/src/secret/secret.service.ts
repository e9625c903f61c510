import { Injectable } from '@nestjs/common';
import { toNgPage, type NgPage } from '@sluice/api-conventions';
import { AppError, formatScope, resolveRef, type RequestContext, type Scope, type ScopedRef } from '@sluice/kernel';
import type { Secret, SecretResponse } from '@sluice/ng-manager-api';
import { refuseDuplicate } from '../persistence/duplicate.js';
import type { EntityAt } from '../persistence/entity-use.repository.js';
import type { PageRequest } from '../persistence/page.js';
import { UnitOfWork, type Stores } from '../persistence/unit-of-work.js';
import { ProjectService } from '../project/project.service.js';
import { SecretValues } from './secret-values.js';
import type { EncryptedValue, SecretListFilter, SecretRow, SecretValues as StoredValues } from './secret.repository.js';

@Injectable()
export class SecretService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly projects: ProjectService,
    private readonly values: SecretValues,
  ) {}

  /** @throws AppError DUPLICATE_FIELD, INVALID_IDENTIFIER_REF for an unknown secret manager, INVALID_REQUEST for a missing value */
  async create(ctx: RequestContext, scope: Scope, secret: Secret): Promise<SecretResponse> {
    const { value } = secret.spec;
    if (value === undefined || value === null || value === '') throw missingValue(secret);
    await this.projects.requireScope(scope);
    const ref: ScopedRef = { scope, identifier: secret.identifier };
    return refuseDuplicate('secret', secret.identifier, scope, () =>
      this.unitOfWork.run(async (stores) => {
        const manager = await this.requireManager(stores, scope, secret);
        await stores.secrets.insert(scope, secret.identifier, storedValues(secret, value), await this.encrypted(stores, ref, secret, value));
        await stores.uses.replace({ kind: 'secret', ...ref }, [manager]);
        await stores.audit.append(ctx, { action: 'create', resourceType: 'secret', identifier: secret.identifier, scope });
        return present(await found(stores, ref));
      }),
    );
  }

  /** An absent value leaves the stored one. */
  async update(ctx: RequestContext, scope: Scope, identifier: string, secret: Secret): Promise<SecretResponse> {
    if (secret.identifier !== identifier) {
      throw new AppError('INVALID_REQUEST', `the body names secret "${secret.identifier}", the path "${identifier}"; an identifier cannot be changed`, { fields: [{ field: 'secret.identifier', error: 'differs from the path' }] });
    }
    const ref: ScopedRef = { scope, identifier };
    return this.unitOfWork.run(async (stores) => {
      const known = await found(stores, ref, 'update');
      const manager = await this.requireManager(stores, scope, secret);
      const value = secret.spec.value || undefined;
      if (value === undefined && known.spec.valueType !== secret.spec.valueType) throw missingValue(secret);
      const encrypted = secret.spec.valueType === 'Reference' ? null : value === undefined ? undefined : await this.encrypted(stores, ref, secret, value);
      await stores.secrets.update(ref, storedValues(secret, value ?? known.spec.reference ?? null), encrypted);
      await stores.uses.replace({ kind: 'secret', ...ref }, [manager]);
      await stores.audit.append(ctx, { action: 'update', resourceType: 'secret', identifier, scope, details: { valueChanged: value !== undefined } });
      return present(await found(stores, ref));
    });
  }

  async get(ref: ScopedRef): Promise<SecretResponse> {
    return present(await found(this.unitOfWork.read, ref));
  }

  /** @throws AppError ENTITY_REFERENCED naming the connectors that use it, unless `force` */
  async delete(ctx: RequestContext, ref: ScopedRef, force: boolean): Promise<boolean> {
    return this.unitOfWork.run(async (stores) => {
      await found(stores, ref, 'update');
      const users = force ? [] : await stores.uses.usersOf({ kind: 'secret', ...ref });
      if (users.length > 0) {
        const names = users.map(({ kind, scope, identifier }) => `${kind} ${identifier} (${formatScope(scope)})`);
        throw new AppError('ENTITY_REFERENCED', `secret "${ref.identifier}" is used by ${names.join(', ')}; change or delete them first, or send forceDelete=true`, { users: names });
      }
      await stores.uses.replace({ kind: 'secret', ...ref }, []);
      await stores.secrets.delete(ref);
      await stores.audit.append(ctx, { action: 'delete', resourceType: 'secret', identifier: ref.identifier, scope: ref.scope, details: { force } });
      return true;
    });
  }

  async list(scope: Scope, page: PageRequest, filter: SecretListFilter): Promise<NgPage<SecretResponse>> {
    const { rows, total } = await this.unitOfWork.read.secrets.page(scope, page, filter);
    return toNgPage(rows.map((row) => ({ identifier: row.identifier, name: row.name, type: row.type, ...present(row) })), total, page.index, page.size);
  }

  async isFree(ref: ScopedRef): Promise<boolean> {
    return (await this.unitOfWork.read.secrets.find(ref)) === null;
  }

  private async encrypted(stores: Stores, ref: ScopedRef, secret: Secret, value: string): Promise<EncryptedValue | null> {
    return secret.spec.valueType === 'Inline' ? this.values.encrypt(stores, ref, value) : null;
  }

  /** The secret manager must exist and fit the kind of value; it is locked against removal until the transaction ends. */
  private async requireManager(stores: Stores, scope: Scope, { spec }: Secret): Promise<EntityAt> {
    const field = 'secret.spec.secretManagerIdentifier';
    const at = resolveRef(spec.secretManagerIdentifier, scope);
    const manager = await stores.connectors.find(at, { lock: 'share' });
    if (!manager || (manager.type !== 'Local' && manager.type !== 'Vault')) {
      throw new AppError('INVALID_IDENTIFIER_REF', `${field}: there is no secret manager "${at.identifier}" in ${formatScope(at.scope)}; use harnessSecretManager`, { fields: [{ field, error: 'does not exist' }] });
    }
    if (spec.valueType === 'Inline' && manager.type !== 'Local') {
      throw new AppError('INVALID_REQUEST', `inline values are kept by the built-in secret manager only; use harnessSecretManager, or valueType Reference with a path in "${at.identifier}"`, { fields: [{ field, error: 'cannot keep inline values' }] });
    }
    if (spec.valueType === 'Reference' && manager.type === 'Local') {
      throw new AppError('INVALID_REQUEST', 'the built-in secret manager keeps values, not references; use valueType Inline', { fields: [{ field: 'secret.spec.valueType', error: 'must be Inline for harnessSecretManager' }] });
    }
    return { kind: 'connector', ...at };
  }
}

async function found(stores: Stores, ref: ScopedRef, lock?: 'update'): Promise<SecretRow> {
  const row = await stores.secrets.find(ref, lock ? { lock } : {});
  if (row) return row;
  throw new AppError('RESOURCE_NOT_FOUND', `there is no secret "${ref.identifier}" in ${formatScope(ref.scope)}`);
}

function storedValues({ name, description, tags, spec }: Secret, value: string | null): StoredValues {
  const { secretManagerIdentifier, valueType, additionalMetadata } = spec;
  return {
    name,
    description: description ?? null,
    tags: tags ?? {},
    spec: { secretManagerIdentifier, valueType, ...(valueType === 'Reference' ? { reference: value } : {}), ...(additionalMetadata ? { additionalMetadata } : {}) },
  };
}

function present(row: SecretRow): SecretResponse {
  const { secretManagerIdentifier, valueType, reference, additionalMetadata } = row.spec;
  return {
    secret: {
      type: row.type,
      name: row.name,
      identifier: row.identifier,
      orgIdentifier: row.orgId,
      projectIdentifier: row.projectId,
      tags: row.tags,
      description: row.description ?? '',
      spec: { secretManagerIdentifier, valueType, value: valueType === 'Reference' ? (reference ?? null) : null, ...(additionalMetadata ? { additionalMetadata } : {}) },
    },
    createdAt: row.createdAt.getTime(),
    updatedAt: row.updatedAt.getTime(),
    draft: false,
    governanceMetadata: null,
  };
}

function missingValue({ identifier, spec }: Secret): AppError {
  const what = spec.valueType === 'Inline' ? 'a value' : 'a path in the secret manager';
  return new AppError('INVALID_REQUEST', `secret "${identifier}" needs ${what} in spec.value`, { fields: [{ field: 'secret.spec.value', error: 'is required' }] });
}
