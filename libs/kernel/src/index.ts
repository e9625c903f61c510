export { assertNever } from './assert-never.js';
export { systemClock, type Clock } from './clock.js';
export { backoffMs, pause, waitFor } from './deadline.js';
export { parseDuration } from './duration.js';
export {
  AppError,
  ERRORS,
  isErrorCode,
  messageOf,
  wireCodeOf,
  type ErrorCode,
  type ErrorDetails,
  type FieldError,
} from './errors.js';
export { CONTROLS, CSI, ESC, ESCAPES, plainText } from './plain-text.js';
export { newId, newUuid } from './identifiers.js';
export { inUse, MOST_USERS_NAMED } from './in-use.js';
export {
  ROLE_NAMES,
  type CallOrigin,
  type Principal,
  type RequestContext,
  type RoleGrant,
  type RoleName,
} from './request-context.js';
export {
  accountScope,
  formatScope,
  isWithin,
  projectScope,
  qualifiedRef,
  resolveRef,
  scopeColumns,
  scopeOf,
  type AccountScope,
  type OrgScope,
  type ProjectScope,
  type Scope,
  type ScopeColumns,
  type ScopedRef,
} from './scope.js';
export { Places, PlacesOfEach } from './places.js';
export { Turns } from './turns.js';
export { LIMITS, mebibytes } from './limits.js';
export { storable, storableText } from './storable-text.js';
export { noSpace } from './no-space.js';
export { unstorableText } from './unstorable-text.js';
