export { allCases, isComplete } from './conformance/all-cases.js';
export { publicRoutes, unlistedRoutes, type PublicRoute, type RouteOwner } from './conformance/public-routes.js';
