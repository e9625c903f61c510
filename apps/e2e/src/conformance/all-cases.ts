import { accessCases } from './cases/access.cases.js';
import { auditCases } from './cases/audits.cases.js';
import { authzCases } from './cases/authz.cases.js';
import { connectorCases } from './cases/connectors.cases.js';
import { dbSchemaCases } from './cases/db-schemas.cases.js';
import { dbStateCases } from './cases/db-state.cases.js';
import { dbStepCases } from './cases/db-steps.cases.js';
import { directoryCases } from './cases/directory.cases.js';
import { executionCases } from './cases/executions.cases.js';
import { filingCases } from './cases/filing.cases.js';
import { filterCases } from './cases/filters.cases.js';
import { inputSetCases } from './cases/input-sets.cases.js';
import { logCases } from './cases/logs.cases.js';
import { peopleCases } from './cases/people.cases.js';
import { morePipelineCases } from './cases/pipelines-more.cases.js';
import { pipelineCases } from './cases/pipelines.cases.js';
import { platformCases } from './cases/platform.cases.js';
import { runCases } from './cases/runs.cases.js';
import { scopeV1Cases } from './cases/scopes-v1.cases.js';
import { scopeCases } from './cases/scopes.cases.js';
import { secretCases } from './cases/secrets.cases.js';
import { triggerCases } from './cases/triggers.cases.js';
import { twinCases } from './cases/twins-v1.cases.js';
import { variableCases } from './cases/variables.cases.js';
import type { RouteCase, RouteCases } from './route-case.js';
import type { PublicRoute } from './public-routes.js';

const AREAS: readonly RouteCases[] = [
  scopeCases,
  scopeV1Cases,
  connectorCases,
  secretCases,
  peopleCases,
  platformCases,
  dbSchemaCases,
  dbStateCases,
  dbStepCases,
  pipelineCases,
  executionCases,
  inputSetCases,
  logCases,
  twinCases,
  directoryCases,
  accessCases,
  authzCases,
  auditCases,
  triggerCases,
  runCases,
  morePipelineCases,
  filterCases,
  variableCases,
  filingCases,
];

/** Every case there is, by the id of its route. @throws Error when two areas have one for the same route */
export function allCases(areas: readonly RouteCases[] = AREAS): RouteCases {
  const cases: Record<string, RouteCase> = {};
  for (const [id, row] of areas.flatMap((area) => Object.entries(area))) {
    if (cases[id]) throw new Error(`two conformance cases for ${id}`);
    cases[id] = row;
  }
  return cases;
}

/** A case is complete when it says which right is asked for, by itself or through its route; its type asks for the rest. */
export function isComplete({ route }: PublicRoute, cases: RouteCases): boolean {
  const row = cases[route.id];
  return row !== undefined && (typeof route.access === 'object' || row.rights !== undefined);
}
