import { Injectable } from '@nestjs/common';
import type { User } from '@sluice/api-conventions';
import { AppError, formatScope, resolveRef, type Scope } from '@sluice/kernel';
import { StoredUses } from '../entity-use/stored-uses.js';
import { UnitOfWork } from '../persistence/unit-of-work.js';
import { partsOfSecret } from '../secret/secret-refs.js';
import type { GitAccess } from './git-access.js';
import { sshKeyAccessOf, type SshKeyAccess } from './ssh-key-access.js';

/** Looks up the keys of Git connectors that go over SSH. */
@Injectable()
export class SshKeys {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly storedUses: StoredUses,
  ) {}

  /** @param scope the connector's. @throws AppError SECRET_NOT_FOUND, NOT_IMPLEMENTED for a secret that holds no key, ACCESS_DENIED for one made of secrets nobody shared with it */
  async of(caller: User, { sshKeyRef }: GitAccess, scope: Scope): Promise<SshKeyAccess | undefined> {
    if (sshKeyRef === undefined) return undefined;
    const at = resolveRef(sshKeyRef, scope);
    const row = await this.unitOfWork.read.secrets.find(at);
    if (!row)
      throw new AppError('SECRET_NOT_FOUND', `there is no secret "${at.identifier}" in ${formatScope(at.scope)}`);
    for (const { field, ref } of partsOfSecret(row))
      await this.storedUses.require(caller, { kind: 'secret', ...at }, 'secret', field, ref);
    return sshKeyAccessOf(row);
  }
}
