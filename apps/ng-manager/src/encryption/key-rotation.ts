import { Inject, Injectable } from '@nestjs/common';
import { accountScope, messageOf, type RequestContext } from '@sluice/kernel';
import type { EncryptionKeys, KeyRotation as RotationResult } from '@sluice/ng-manager-api';
import type { StoredDataKey } from '../account/account.repository.js';
import { UnitOfWork } from '../persistence/unit-of-work.js';
import { KEY_PROVIDER, type KeyProvider } from './key-provider.js';

type Actor = Pick<RequestContext, 'principal' | 'correlationId'>;

/** What a rotation of every account came to. */
export interface InstallationRotation {
  readonly accounts: number;
  readonly rewrapped: number;
  readonly unchanged: number;
  /** Accounts whose data keys could not all be wrapped anew, and why. */
  readonly failures: readonly { readonly accountId: string; readonly reason: string }[];
}

const ACCOUNTS_AT_ONCE = 100;

/**
 * Wraps data keys with the current key-encryption key. Secrets are not touched and stay readable: each data key is exchanged in one statement, and what
 * wrapped it before still opens it. Every key stands for itself, so a rotation may be interrupted anywhere, repeated, and run twice at once.
 */
@Injectable()
export class KeyRotation {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    @Inject(KEY_PROVIDER) private readonly keys: KeyProvider,
  ) {}

  async describe(accountId: string): Promise<EncryptionKeys> {
    const currentKeyId = await this.keys.currentKeyId();
    const stored = await this.unitOfWork.read.accounts.dataKeysOf(accountId);
    return {
      currentKeyId,
      dataKeys: stored.map(({ version, keyEncryptionKeyId: keyId, createdAt }) => ({
        version,
        keyId,
        isCurrent: keyId === currentKeyId,
        createdAt: createdAt.getTime(),
      })),
    };
  }

  /** @throws what the key provider throws; keys that were wrapped anew before stay so */
  async rotateAccount(actor: Actor, accountId: string): Promise<RotationResult> {
    const currentKeyId = await this.keys.currentKeyId();
    let rewrapped = 0;
    let unchanged = 0;
    for (const key of await this.unitOfWork.read.accounts.dataKeysOf(accountId)) {
      if (key.keyEncryptionKeyId !== currentKeyId && (await this.rotateOne(actor, key))) rewrapped += 1;
      else unchanged += 1;
    }
    return { currentKeyId, rewrapped, unchanged };
  }

  /** Every account, one after the other; one that fails does not stop the rest. */
  async rotateInstallation(
    actor: Actor,
    signal: AbortSignal,
    onAccount: (accountId: string, result: RotationResult) => void,
  ): Promise<InstallationRotation> {
    const sum = { accounts: 0, rewrapped: 0, unchanged: 0 };
    const failures: { accountId: string; reason: string }[] = [];
    for await (const accountId of this.accountIds()) {
      signal.throwIfAborted();
      sum.accounts += 1;
      try {
        const result = await this.rotateAccount(actor, accountId);
        sum.rewrapped += result.rewrapped;
        sum.unchanged += result.unchanged;
        onAccount(accountId, result);
      } catch (cause) {
        failures.push({ accountId, reason: messageOf(cause) });
      }
    }
    return { ...sum, failures };
  }

  private async *accountIds(): AsyncGenerator<string> {
    let after = '';
    for (;;) {
      const page = await this.unitOfWork.read.accounts.identifiersAfter(after, ACCOUNTS_AT_ONCE);
      yield* page;
      const last = page.at(-1);
      if (last === undefined) return;
      after = last;
    }
  }

  /** False when it was current already, or somebody else wrapped it anew meanwhile. */
  private async rotateOne(actor: Actor, key: StoredDataKey): Promise<boolean> {
    const { accountId, version, keyEncryptionKeyId: from, wrappedKey } = key;
    const again = await this.keys.rewrap(accountId, { keyId: from, wrapped: wrappedKey });
    if (again.keyId === from) return false;
    return this.unitOfWork.run(async (stores) => {
      if (!(await stores.accounts.rewrapDataKey(key, again))) return false;
      await stores.audit.append(actor, {
        action: 'rotate',
        resourceType: 'dataKey',
        identifier: String(version),
        scope: accountScope(accountId),
        details: { from, to: again.keyId },
      });
      return true;
    });
  }
}
