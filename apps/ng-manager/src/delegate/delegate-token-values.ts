import { Injectable } from '@nestjs/common';
import type { TokenRecord } from '@sluice/delegate-rpc';
import type { Scope } from '@sluice/kernel';
import type { AuditContext } from '../audit/audit.repository.js';
import { DataKeys } from '../encryption/data-keys.js';
import { decrypt, encrypt } from '../encryption/envelope.js';
import { UnitOfWork } from '../persistence/unit-of-work.js';

/** `identifier` of the audit event of a request that read the values of several tokens; its details name them. */
const SEVERAL = '*';

/** Values of delegate tokens, `<token id>.<secret>`: encrypted at rest, plain here only. Nothing is logged or kept. */
@Injectable()
export class DelegateTokenValues {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly dataKeys: DataKeys,
  ) {}

  /** Keeps the value of a token; one that is kept already stays. */
  async keep(accountId: string, tokenId: string, value: string): Promise<void> {
    const { delegateTokenValues } = this.unitOfWork.read;
    if ((await delegateTokenValues.find(accountId, [tokenId])).length > 0) return;
    const { version, plain } = await this.dataKeys.current(accountId);
    await delegateTokenValues.add({
      accountId,
      tokenId,
      ciphertext: encrypt(plain, Buffer.from(value), contextOf(accountId, tokenId)),
      keyVersion: version,
    });
  }

  forget(accountId: string, tokenId: string): Promise<void> {
    return this.unitOfWork.read.delegateTokenValues.delete(accountId, tokenId);
  }

  /** Values by token id, of those that are kept. One audit event names all of them; it is committed before anything is returned. */
  async read(
    ctx: AuditContext,
    scope: Scope,
    tokens: readonly Pick<TokenRecord, 'id' | 'name'>[],
  ): Promise<ReadonlyMap<string, string>> {
    const { accountId } = scope;
    const values = new Map<string, string>();
    const plainKeys = new Map<number, Buffer>();
    for (const { tokenId, keyVersion, ciphertext } of await this.unitOfWork.read.delegateTokenValues.find(
      accountId,
      tokens.map(({ id }) => id),
    )) {
      const key = plainKeys.get(keyVersion) ?? (await this.dataKeys.ofVersion(accountId, keyVersion));
      plainKeys.set(keyVersion, key);
      values.set(tokenId, decrypt(key, ciphertext, contextOf(accountId, tokenId)).toString());
    }
    const names = tokens.filter(({ id }) => values.has(id)).map(({ name }) => name);
    const [only = SEVERAL] = names.length === 1 ? names : [];
    if (names.length > 0)
      await this.unitOfWork.run((stores) =>
        stores.audit.append(ctx, {
          action: 'secretAccess',
          resourceType: 'delegateToken',
          identifier: only,
          scope,
          details: { purpose: 'read', names },
        }),
      );
    return values;
  }
}

function contextOf(accountId: string, tokenId: string): string {
  return `sluice/delegate-token/${accountId}/${tokenId}`;
}
