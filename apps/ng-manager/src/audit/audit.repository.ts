import { scopeColumns, type RequestContext, type Scope } from '@sluice/kernel';
import type { EntityManager } from 'typeorm';
import { AuditEventEntity } from './audit-event.entity.js';

export type AuditAction = 'create' | 'update' | 'delete' | 'secretAccess' | 'revoke' | 'rotate';

export interface AuditEntry {
  readonly action: AuditAction;
  readonly resourceType: string;
  readonly identifier: string;
  readonly scope: Scope;
  /** Facts about the change; never a secret value. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/**
 * Who did what, when, where. Appended in the transaction of the change itself, so there is no change without its event. A hash chain can be
 * added in {@link append}: it is the only writer.
 */
export class AuditRepository {
  constructor(private readonly manager: EntityManager) {}

  async append(ctx: Pick<RequestContext, 'principal' | 'correlationId'>, ...entries: readonly AuditEntry[]): Promise<void> {
    if (entries.length === 0) return;
    await this.manager
      .createQueryBuilder()
      .insert()
      .into(AuditEventEntity)
      .values(
        entries.map(({ action, resourceType, identifier, scope, details }) => ({
          ...scopeColumns(scope),
          action,
          resourceType,
          resourceIdentifier: identifier,
          actor: ctx.principal,
          correlationId: ctx.correlationId,
          details: details ?? {},
        })),
      )
      .execute();
  }
}
