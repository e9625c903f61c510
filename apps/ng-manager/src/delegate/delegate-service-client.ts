import { Inject, Injectable } from '@nestjs/common';
import type { DelegateAdminMethods, DelegateTasksMethods, RpcScope } from '@sluice/delegate-rpc';
import { ServiceClient } from '@sluice/grpc';
import { scopeColumns, scopeOf, type RequestContext, type Scope } from '@sluice/kernel';

export const DELEGATE_ADMIN = Symbol('ServiceClient of DelegateAdmin');
export const DELEGATE_TASKS = Symbol('ServiceClient of DelegateTasks');

/** Who background work is: the service itself, bound to no account. */
export function ownContext(
  accountId = '',
): Pick<RequestContext, 'accountId' | 'principal' | 'grants' | 'correlationId' | 'traceparent'> {
  return {
    accountId,
    principal: { type: 'service', id: 'ng-manager', name: 'ng-manager' },
    grants: [],
    correlationId: 'background',
    traceparent: undefined,
  };
}

export function rpcScope(scope: Scope): RpcScope {
  const { accountId, orgId, projectId } = scopeColumns(scope);
  return { accountId, orgId: orgId ?? '', projectId: projectId ?? '' };
}

/** The scope a message names. */
export function scopeOfRpc({ accountId, orgId, projectId }: RpcScope): Scope {
  return scopeOf({ accountId, orgId: orgId || undefined, projectId: projectId || undefined });
}

/** The two gRPC services of the delegate service. */
@Injectable()
export class DelegateServiceClient {
  constructor(
    @Inject(DELEGATE_ADMIN) readonly admin: ServiceClient<DelegateAdminMethods>,
    @Inject(DELEGATE_TASKS) readonly tasks: ServiceClient<DelegateTasksMethods>,
  ) {}
}
