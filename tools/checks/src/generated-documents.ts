import { openApiDocument, type RouteDefinition } from '@sluice/api-conventions';
import { atDbdevops, publicDbDevopsRoutes } from '@sluice/dbdevops-api';
import { ERRORS, isErrorCode, wireCodeOf } from '@sluice/kernel';
import { logRoutes } from '@sluice/log-api';
import { ngManagerRoutes } from '@sluice/ng-manager-api';
import { PIPELINE_ROUTES } from '@sluice/pipeline-api';
import { scmRoutes } from '@sluice/scm-api';
import { pipelineReference } from './pipeline-reference.js';

/** A file of `docs/` that is made from code: its path and the text it must hold. */
export interface GeneratedDocument {
  readonly path: string;
  readonly text: string;
}

const API_VERSION = '1';

/** Every generated document. Deterministic, so that a difference to what is committed is a change of the contract. */
export function generatedDocuments(): GeneratedDocument[] {
  return [
    { path: 'docs/errors.md', text: errorCatalogue() },
    { path: 'docs/pipeline-reference.md', text: pipelineReference() },
    ...openApiDocuments(),
  ];
}

function openApiDocuments(): GeneratedDocument[] {
  const services: readonly (readonly [string, readonly RouteDefinition[]])[] = [
    ['ng-manager', [...ngManagerRoutes, ...publicDbDevopsRoutes]],
    ['pipeline', PIPELINE_ROUTES],
    ['dbdevops', publicDbDevopsRoutes.map((route) => atDbdevops(route))],
    ['log-service', logRoutes],
    ['scm', scmRoutes],
  ];
  return services.map(([service, routes]) => ({
    path: `docs/openapi/${service}.json`,
    text: `${JSON.stringify(openApiDocument(service, API_VERSION, routes), null, 1)}\n`,
  }));
}

function errorCatalogue(): string {
  const rows = Object.keys(ERRORS)
    .filter(isErrorCode)
    .map(
      (code) =>
        `| ${wireCodeOf(code)} | ${ERRORS[code].http} | ${ERRORS[code].grpc} | ${ERRORS[code].retryable ? 'yes' : 'no'} |`,
    );
  return [
    '# Errors',
    '',
    'Made from `libs/kernel/src/errors.ts` by `npm run docs`. Every message names what happened, to which field or entity, and what to do; an error of the class `INTERNAL` shows nothing but a correlation id.',
    '',
    'Routes of DB DevOps (`/v1/…/dbschema` and what is below it, `/v1/dbops`) answer `{"message"}` only: there the HTTP status tells the class, and no code is shown.',
    '',
    '| Code | HTTP | gRPC | A later identical call may succeed |',
    '|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}
