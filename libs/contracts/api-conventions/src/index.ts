export { PERMISSIONS, ROLES, isAllowed, type Permission } from './access.js';
export { ngPage, ngPageQuery, paged, pagedObject, springPage, springPageQuery, toNgPage, toSpringPage, v1PageQuery, type NgPage, type SpringPage } from './envelopes.js';
export { dbIdentifier, entityName, entityRef, identifier, projectParams, queryBoolean, queryList, scopeQuery, tagMap } from './fields.js';
export { openApiDocument } from './openapi.js';
export { defineRoute, type BodyKind, type CallerName, type Paged, type RouteAccess, type RouteDefinition, type RouteInput, type RouteRequest, type RouteResult, type WireStyle } from './route.js';
