/** Who asks. `service` is a Sluice service acting on its own behalf (a reaper, a recovery). */
export type Principal =
  | { readonly type: 'user'; readonly id: string; readonly name: string; readonly email: string }
  | { readonly type: 'serviceAccount'; readonly id: string; readonly name: string; readonly email: string }
  | { readonly type: 'service'; readonly id: string; readonly name: string };

/** Where a request entered Sluice, as the gateway saw it; for the audit trail, never for rights. */
export interface CallOrigin {
  readonly clientAddress: string;
  readonly userAgent?: string | undefined;
  /** Id of the API key that signed in. */
  readonly keyId?: string | undefined;
}

/** A role bound to the principal at a scope; narrower than the account when org or project are given. */
export interface RoleGrant {
  readonly role: RoleName;
  readonly orgId?: string | undefined;
  readonly projectId?: string | undefined;
}

export const ROLE_NAMES = [
  'account_admin',
  'org_admin',
  'project_admin',
  'pipeline_executor',
  'resource_user',
  'viewer',
] as const;
export type RoleName = (typeof ROLE_NAMES)[number];

/**
 * First argument of every service method. `accountId` is where the caller may act at all; the scope of the entity
 * at hand is a separate argument, checked against the grants by the access rule.
 */
export interface RequestContext {
  readonly accountId: string;
  readonly principal: Principal;
  readonly grants: readonly RoleGrant[];
  /** Absent for work nobody asked for over the gateway. */
  readonly origin?: CallOrigin | undefined;
  /** HTTP method of the request at hand. */
  readonly requestMethod?: string | undefined;
  readonly correlationId: string;
  /** W3C `traceparent` of the incoming request, so that outgoing calls join its trace. */
  readonly traceparent: string | undefined;
  readonly signal: AbortSignal;
}
