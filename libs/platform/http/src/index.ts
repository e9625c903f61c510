export { ErrorFilter } from './error.filter.js';
export { startHttpApp, type HttpAppOptions, type RunningApp } from './http-app.js';
export { expectedVersionOf, requireVersion } from './if-match.js';
export { PassedOn } from './passed-on.js';
export { requestSignal } from './request-signal.js';
export { RouteClient, type CallContext, type RouteClientOptions } from './route-client.js';
export { Call, Route, type RouteCall } from './route.decorator.js';
export { CORRELATION_HEADER, scopeOfRequest } from './route.guard.js';
export { ERROR_FORMAT_HEADER, toWireError, type WireError } from './wire-errors.js';
