import type { NotedSecurityEvent } from '@sluice/api-conventions';
import { scopeColumns, type ScopedRef } from '@sluice/kernel';
import { noted, type EventContext, type SecurityEntry } from '@sluice/security-events';

/** Somebody had a connector, or a secret, tested. @param uses references to the secrets whose values that takes */
export function testNoted(
  ctx: EventContext,
  kind: 'connectorTest' | 'secretTest',
  outcome: SecurityEntry['outcome'],
  { scope, identifier }: ScopedRef,
  uses: readonly string[],
): NotedSecurityEvent {
  const { orgId, projectId } = scopeColumns(scope);
  const resourceType = kind === 'connectorTest' ? 'connector' : 'secret';
  return noted(ctx, { kind, outcome, scope, resourceType, identifier, details: { uses } }, [
    orgId,
    projectId,
    identifier,
  ]);
}
