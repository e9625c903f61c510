export { type DeniedRequest } from './error.filter.js';
export { startHttpApp, type RunningApp } from './http-app.js';
export { expectedVersionOf, requireVersion } from './if-match.js';
export { PassedOn } from './passed-on.js';
export { requestSignal } from './request-signal.js';
export { RouteClient, type CallContext } from './route-client.js';
export { Call, Route, type RouteCall } from './route.decorator.js';
export { scopeOfRequest } from './route.guard.js';
export { runApp } from './run-app.js';
