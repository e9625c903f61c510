import { LIMITS } from '@sluice/kernel';
import type { WireStyle } from '@sluice/api-conventions';

/** Services the gateway forwards to. */
export const UPSTREAMS = ['ng-manager', 'pipeline', 'log-service'] as const;
export type Upstream = (typeof UPSTREAMS)[number];

/** Pages the gateway serves itself. */
export type Page = 'home' | 'ui' | 'docs';

interface RowBase {
  /** Matched against the path without `/gateway`, percent-decoded segment by segment. First match wins. */
  readonly path: RegExp;
  readonly what: string;
}
interface ForwardRow extends RowBase {
  readonly to: Upstream;
  readonly errors: WireStyle;
  /** Most bytes of a body; the gateway's general limit when absent. */
  readonly bodyBytes?: number;
  /** GET answers a stream that lasts for minutes. */
  readonly isStream?: true;
  /** The upstream checks a proof of its own (a log token, a signed link), so a request without API key goes through when it shows one. */
  readonly ownProof?: { readonly header: string; readonly query: string };
}
interface AliasRow extends RowBase {
  /** Replaces the matched part; the result is looked up again. */
  readonly sameAs: string;
}
interface HiddenRow extends RowBase {
  readonly to: 'nobody';
}
interface PageRow extends RowBase {
  readonly page: Page;
}

export type RoutingRow = ForwardRow | AliasRow | HiddenRow | PageRow;

const PROJECT = String.raw`^/v1/orgs/[^/]+/projects/[^/]+`;
const LOG_PROOF = { header: 'x-harness-token', query: 'signature' } as const;
/** A whole stored log and a little for its framing. */
const STORED_LOG_BYTES = LIMITS.storedLogBodyBytes;

/** Every path the gateway knows; each is served with and without `/gateway` in front. All others are answered with 404. */
export const ROUTING_TABLE: readonly RoutingRow[] = [
  { path: /^\/(ng\/api|pipeline\/api|log-service)\/internal(?=\/|$)/, to: 'nobody', what: 'calls between services' },

  { path: /^\/audit(?=\/api\/audit)/, sameAs: '/ng', what: 'audit trail under its second prefix' },
  {
    path: /^\/authz(?=\/api\/v2\/resourcegroup(\/|$))/,
    sameAs: '/resourcegroup',
    what: 'resource groups under their second prefix',
  },
  { path: /^\/dbops(?=\/v1\/)/, sameAs: '', what: 'DB DevOps under its second prefix' },
  {
    path: /^\/pipeline-service(?=\/(pipeline\/api|v1)\/)/,
    sameAs: '',
    what: 'pipeline service under its service prefix',
  },
  { path: /^\/pipeline-service(?=\/api\/)/, sameAs: '/pipeline', what: 'pipeline service under its service prefix' },

  {
    path: new RegExp(`${PROJECT}/(pipelines|input-sets)(?=/|$)`),
    to: 'pipeline',
    errors: 'ng',
    what: 'pipelines and input sets, v1',
  },
  { path: /^\/ng\/api\/webhook$/, to: 'pipeline', errors: 'ng', what: 'events of source code providers, for triggers' },
  { path: /^\/pipeline\/api\//, to: 'pipeline', errors: 'ng', what: 'pipelines, executions, triggers, approvals' },

  {
    path: /^\/log-service\/blob$/,
    to: 'log-service',
    errors: 'log',
    bodyBytes: STORED_LOG_BYTES,
    ownProof: LOG_PROOF,
    what: 'stored logs',
  },
  {
    path: /^\/log-service\/blob\/signed$/,
    to: 'log-service',
    errors: 'log',
    bodyBytes: STORED_LOG_BYTES,
    ownProof: LOG_PROOF,
    what: 'stored logs by link',
  },
  {
    path: /^\/log-service\/stream$/,
    to: 'log-service',
    errors: 'log',
    isStream: true,
    ownProof: LOG_PROOF,
    what: 'live logs',
  },
  { path: /^\/log-service\//, to: 'log-service', errors: 'log', ownProof: LOG_PROOF, what: 'archives, log tokens' },

  {
    path: /^\/ng\/api\//,
    to: 'ng-manager',
    errors: 'ng',
    what: 'organizations, projects, connectors, secrets, delegates, users, settings',
  },
  {
    path: /^\/authz\/api\/(roleassignments|roles|permissions)(?=\/|$)/,
    to: 'ng-manager',
    errors: 'ng',
    what: 'roles and who has them',
  },
  {
    path: /^\/resourcegroup\/api\/v2\/resourcegroup(?=\/|$)/,
    to: 'ng-manager',
    errors: 'ng',
    what: 'what roles count for',
  },
  {
    path: new RegExp(`${PROJECT}/(dbschema|default-llm-pipeline|llm-authoring|change-authoring-event|pipeline)(?=/|$)`),
    to: 'ng-manager',
    errors: 'v1',
    what: 'DB DevOps of a project',
  },
  { path: /^\/v1\/step(?=\/)/, to: 'ng-manager', errors: 'v1', what: 'what an execution plane asks of DB DevOps' },
  { path: /^\/v1\/dbops(?=\/|$)/, to: 'ng-manager', errors: 'v1', what: 'DB DevOps of the account' },
  {
    path: /^\/v1\/(orgs|connectors|secrets)(?=\/|$)/,
    to: 'ng-manager',
    errors: 'ng',
    what: 'organizations, projects, connectors, secrets, v1',
  },

  { path: /^\/docs(?=\/|$)/, page: 'docs', what: 'documentation of the API' },
  { path: /^\/ng(?=\/|$)/, page: 'ui', what: 'user interface' },
  { path: /^\/$/, page: 'home', what: 'leads to the user interface' },
];
