import { Injectable } from '@nestjs/common';
import { AppError, formatScope, type RequestContext, type ScopedRef } from '@sluice/kernel';
import { DataKeys } from '../encryption/data-keys.js';
import { decrypt, encrypt } from '../encryption/envelope.js';
import { UnitOfWork } from '../persistence/unit-of-work.js';
import { isDraft, isThereFor, valueAsText } from './secret-view.js';
import type { EncryptedValue, SecretRow } from './secret.repository.js';

/** Why a value was read: part of the audit event. */
export interface AccessReason {
  readonly purpose: 'task' | 'scm' | 'validation';
  readonly [fact: string]: string | number;
}

/** In whose name values are read, and what the audit trail says of the request. */
export type Asker = Pick<RequestContext, 'principal' | 'correlationId' | 'origin' | 'requestMethod'>;

/** Encrypts values of one account. Holds its data key, so it lives no longer than the request. */
export interface Encryptor {
  /** Encrypts a value for the place it will be stored at; elsewhere it does not open. */
  encrypt(ref: ScopedRef, value: Buffer): EncryptedValue;
}

type RowWithValue = SecretRow & { readonly ciphertext: Buffer };

/** The only place where values of secrets are plain. Nothing here is logged or kept. */
@Injectable()
export class SecretValues {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly dataKeys: DataKeys,
  ) {}

  /** Makes the account's data key when there is none. */
  async encryptorFor(accountId: string): Promise<Encryptor> {
    const { version, plain } = await this.dataKeys.current(accountId);
    return { encrypt: (ref, value) => ({ ciphertext: encrypt(plain, value, contextOf(ref)), keyVersion: version }) };
  }

  /**
   * Plain values of secrets, in the order asked. Each access is an audit event, committed before anything is returned.
   * @throws AppError SECRET_NOT_FOUND naming reference and scope (also for a draft, and for somebody else's private secret), INVALID_REQUEST for an SSH
   *   key, NOT_IMPLEMENTED for values kept in an external manager
   */
  async read(ctx: Asker, refs: readonly ScopedRef[], reason: AccessReason): Promise<string[]> {
    if (refs.length === 0) return [];
    const plainKeys = new Map<string, Buffer>();
    const values: string[] = [];
    for (const ref of refs) {
      const row = await this.find(ctx, ref);
      const place = `${row.accountId}/${row.keyVersion}`;
      const key = plainKeys.get(place) ?? (await this.dataKeys.ofVersion(row.accountId, row.keyVersion));
      plainKeys.set(place, key);
      values.push(valueAsText(row, decrypt(key, row.ciphertext, contextOf(ref))));
    }
    await this.unitOfWork.run((stores) =>
      stores.audit.append(
        ctx,
        ...refs.map(
          ({ scope, identifier }) =>
            ({ action: 'secretAccess', resourceType: 'secret', identifier, scope, details: reason }) as const,
        ),
      ),
    );
    return values;
  }

  private async find(ctx: Pick<RequestContext, 'principal'>, ref: ScopedRef): Promise<RowWithValue> {
    const what = `secret "${ref.identifier}" in ${formatScope(ref.scope)}`;
    const row = await this.unitOfWork.read.secrets.findWithValue(ref);
    // Also for services: whoever may write a connector could otherwise have somebody's private secret sent to a host of their choice.
    if (!row || !isThereFor(row, ctx.principal))
      throw new AppError('SECRET_NOT_FOUND', `there is no ${what} that ${ctx.principal.name} may use`);
    if (row.type === 'SSHKey')
      throw new AppError(
        'INVALID_REQUEST',
        `${what} is an SSH key, which has no value of its own; refer to the secret that holds the key or the password`,
      );
    if (row.type === 'SecretText' && row.spec.valueType === 'Reference') {
      throw new AppError(
        'NOT_IMPLEMENTED',
        `${what} refers to a path in secret manager "${row.spec.secretManagerIdentifier}"; values in external secret managers cannot be read yet, so store the value inline with harnessSecretManager`,
      );
    }
    if (isDraft(row) || !row.ciphertext)
      throw new AppError('SECRET_NOT_FOUND', `${what} is a draft without a value; update it with one`);
    return { ...row, ciphertext: row.ciphertext };
  }
}

function contextOf({ scope, identifier }: ScopedRef): string {
  return `sluice/secret/${formatScope(scope)}/${identifier}`;
}
