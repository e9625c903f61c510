import { randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { AppError } from '@sluice/kernel';
import type { AccountDataKey } from '../account/account.repository.js';
import { UnitOfWork } from '../persistence/unit-of-work.js';
import { KEY_BYTES } from './envelope.js';
import { KEY_PROVIDER, type KeyProvider } from './key-provider.js';

/** A data key as values are encrypted with it. Lives no longer than the request. */
export interface OpenDataKey {
  readonly version: number;
  readonly plain: Buffer;
}

/**
 * The data keys of accounts, opened. Every encrypted value names the version of its key, and only keys are wrapped by a key-encryption key: a rotation of
 * that one covers every table with encrypted values by covering the keys. The key provider is never asked inside a transaction.
 */
@Injectable()
export class DataKeys {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    @Inject(KEY_PROVIDER) private readonly keys: KeyProvider,
  ) {}

  /** The key new values are encrypted with; made when the account has none. */
  async current(accountId: string): Promise<OpenDataKey> {
    const key = await this.currentKey(accountId);
    return { version: key.version, plain: await this.open(key) };
  }

  /** @param version as stored beside an encrypted value @throws AppError INTERNAL when there is no such key */
  async ofVersion(accountId: string, version: number | null): Promise<Buffer> {
    const key = version === null ? null : await this.unitOfWork.read.accounts.dataKey(accountId, version);
    if (!key) throw new AppError('INTERNAL', `data key ${version} of account ${accountId} is missing`);
    return this.open(key);
  }

  private open({ accountId, keyEncryptionKeyId: keyId, wrappedKey: wrapped }: AccountDataKey): Promise<Buffer> {
    return this.keys.unwrap(accountId, { keyId, wrapped });
  }

  private async currentKey(accountId: string): Promise<AccountDataKey> {
    const { accounts } = this.unitOfWork.read;
    const known = await accounts.currentDataKey(accountId);
    if (known) return known;
    const { keyId, wrapped } = await this.keys.wrap(accountId, randomBytes(KEY_BYTES));
    await accounts.addDataKey({ accountId, version: 1, keyEncryptionKeyId: keyId, wrappedKey: wrapped });
    const made = await accounts.currentDataKey(accountId);
    if (!made) throw new AppError('INTERNAL', `no data key could be made for account ${accountId}`);
    return made;
  }
}
