import { Injectable } from '@nestjs/common';
import { AppError, formatScope, resolveRef, type Scope } from '@sluice/kernel';
import { UnitOfWork } from '../persistence/unit-of-work.js';
import type { GitAccess } from './git-access.js';
import { sshKeyAccessOf, type SshKeyAccess } from './ssh-key-access.js';

/** Looks up the keys of Git connectors that go over SSH. */
@Injectable()
export class SshKeys {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** @param scope the connector's. @throws AppError SECRET_NOT_FOUND, NOT_IMPLEMENTED for a secret that holds no key */
  async of({ sshKeyRef }: GitAccess, scope: Scope): Promise<SshKeyAccess | undefined> {
    if (sshKeyRef === undefined) return undefined;
    const at = resolveRef(sshKeyRef, scope);
    const row = await this.unitOfWork.read.secrets.find(at);
    if (!row) throw new AppError('SECRET_NOT_FOUND', `there is no secret "${at.identifier}" in ${formatScope(at.scope)}`);
    return sshKeyAccessOf(row);
  }
}
