export {
  PERMISSIONS,
  ROLES,
  countsInside,
  isAllowed,
  isAllowedInside,
  mayBindRole,
  minimalGrants,
  type Permission,
} from './access.js';
export { auditEventRecord, type AuditActor, type AuditEventRecord } from './audit-event.js';
export { mayUse, nothingToUse, resolveRefIn, resolveUsableRefIn, type UsableKind, type User } from './use.js';
export {
  ngPage,
  ngPageQuery,
  paged,
  pagedObject,
  springPage,
  springPageQuery,
  toNgPage,
  toSpringPage,
  v1PageQuery,
  type NgPage,
  type SpringPage,
} from './envelopes.js';
export {
  dbIdentifier,
  entityName,
  entityRef,
  identifier,
  projectParams,
  queryBoolean,
  queryIdentifiers,
  queryList,
  scopeQuery,
  tagMap,
} from './fields.js';
export { nearKeys, nearestField, refusingNearKeys, type NearKey } from './near-keys.js';
export { openApiDocument } from './openapi.js';
export {
  orgFromQueryOrBody,
  scopeFromPathOrQuery,
  scopeFromQueryOrBody,
  scopeOfAccount,
  scopeOfOrgIn,
  scopeOfProjectIn,
  type RawRequest,
  type ScopeFrom,
} from './request-scope.js';
export {
  defineRoute,
  type Paged,
  type PermissionAccess,
  type RouteAccess,
  type RouteDefinition,
  type RouteInput,
  type RouteRequest,
  type RouteResult,
  type WireStyle,
} from './route.js';
export { nameExports, nameSchemas } from './schema-names.js';
export {
  SECURITY_EVENT_KINDS,
  notedSecurityEvent,
  securityEventRecord,
  type NotedSecurityEvent,
  type SecurityEventKind,
  type SecurityEventRecord,
} from './security-event.js';
