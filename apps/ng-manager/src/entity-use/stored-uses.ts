import { Injectable } from '@nestjs/common';
import { mayUse, resolveRefIn, type UsableKind, type User } from '@sluice/api-conventions';
import { AppError, formatScope, type ScopedRef } from '@sluice/kernel';
import { UnitOfWork } from '../persistence/unit-of-work.js';
import type { EntityAt } from './entity-use.repository.js';

/** A connector or secret, by kind and place. */
type Usable = EntityAt & { readonly kind: UsableKind };

/** Decides at use whether what a stored connector or secret refers to may be used through it. */
@Injectable()
export class StoredUses {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /**
   * What `owner` refers to in `field`, once that is known to be authorised: by whoever stored it, or, for what was stored before anybody asked, by the
   * caller's own right. References inside one scope need neither.
   * @throws AppError ACCESS_DENIED, INVALID_IDENTIFIER_REF
   */
  async require(caller: User, owner: Usable, kind: UsableKind, field: string, ref: string): Promise<ScopedRef> {
    const at = resolveRefIn(field, ref, owner.scope);
    if (
      at.scope.level === owner.scope.level ||
      mayUse(caller, kind, at) ||
      (await this.unitOfWork.read.uses.isAuthorised(owner, { kind, ...at }))
    )
      return at;
    throw new AppError(
      'ACCESS_DENIED',
      `${owner.kind} "${owner.identifier}" of ${formatScope(owner.scope)} refers to a ${kind} of ${formatScope(at.scope)} in ${field}, and nobody who may use that has stored the reference; have somebody with the right ${kind}.access there save ${owner.kind} "${owner.identifier}" once`,
    );
  }
}
