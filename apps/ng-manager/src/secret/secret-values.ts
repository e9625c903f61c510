import { randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { AppError, formatScope, type RequestContext, type ScopedRef } from '@sluice/kernel';
import type { AccountDataKey } from '../account/account.repository.js';
import { UnitOfWork, type Stores } from '../persistence/unit-of-work.js';
import { KEY_BYTES, decrypt, encrypt } from './envelope.js';
import { KEY_PROVIDER, type KeyProvider } from './key-provider.js';
import type { EncryptedValue } from './secret.repository.js';

/** Why a value was read: part of the audit event. */
export interface AccessReason {
  readonly purpose: 'task' | 'scm';
  readonly [fact: string]: string | number;
}

/** The only place where values of secrets are plain. Nothing here is logged or kept. */
@Injectable()
export class SecretValues {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    @Inject(KEY_PROVIDER) private readonly keys: KeyProvider,
  ) {}

  /** Encrypts a value for the place it will be stored at; makes the account's data key when there is none. */
  async encrypt(stores: Stores, ref: ScopedRef, value: string): Promise<EncryptedValue> {
    const key = await this.currentKey(stores, ref.scope.accountId);
    const plainKey = await this.keys.unwrap(key.accountId, key.wrappedKey, key.keyEncryptionKeyId);
    return { ciphertext: encrypt(plainKey, Buffer.from(value), contextOf(ref)), keyVersion: key.version };
  }

  /**
   * Plain values of secrets, in the order asked. Each access is an audit event, committed before anything is returned.
   * @throws AppError SECRET_NOT_FOUND naming reference and scope, NOT_IMPLEMENTED for values kept in an external manager
   */
  async read(ctx: Pick<RequestContext, 'principal' | 'correlationId'>, refs: readonly ScopedRef[], reason: AccessReason): Promise<string[]> {
    return this.unitOfWork.run(async (stores) => {
      const values: string[] = [];
      for (const ref of refs) values.push(await this.readOne(stores, ref));
      await stores.audit.append(ctx, ...refs.map(({ scope, identifier }) => ({ action: 'secretAccess', resourceType: 'secret', identifier, scope, details: reason }) as const));
      return values;
    });
  }

  private async readOne(stores: Stores, ref: ScopedRef): Promise<string> {
    const row = await stores.secrets.findWithValue(ref);
    if (!row) throw new AppError('SECRET_NOT_FOUND', `there is no secret "${ref.identifier}" in ${formatScope(ref.scope)}`);
    if (!row.ciphertext || row.keyVersion === null) {
      throw new AppError('NOT_IMPLEMENTED', `secret "${ref.identifier}" in ${formatScope(ref.scope)} refers to an external secret manager, which is not supported yet; store the value inline`);
    }
    const key = await stores.accounts.dataKey(ref.scope.accountId, row.keyVersion);
    if (!key) throw new AppError('INTERNAL', `data key ${row.keyVersion} of account ${ref.scope.accountId} is missing`);
    const plainKey = await this.keys.unwrap(key.accountId, key.wrappedKey, key.keyEncryptionKeyId);
    return decrypt(plainKey, row.ciphertext, contextOf(ref)).toString();
  }

  private async currentKey(stores: Stores, accountId: string): Promise<AccountDataKey> {
    const known = await stores.accounts.currentDataKey(accountId);
    if (known) return known;
    const wrappedKey = await this.keys.wrap(accountId, randomBytes(KEY_BYTES));
    await stores.accounts.addDataKey({ accountId, version: 1, keyEncryptionKeyId: this.keys.currentKeyId, wrappedKey });
    const made = await stores.accounts.currentDataKey(accountId);
    if (!made) throw new AppError('INTERNAL', `no data key could be made for account ${accountId}`);
    return made;
  }
}

function contextOf({ scope, identifier }: ScopedRef): string {
  return `sluice/secret/${formatScope(scope)}/${identifier}`;
}
