import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
  stripSearchParams,
} from '@tanstack/react-router';
import { z } from 'zod';

import type { SessionStore } from '../features/session/session.js';
import { SignInPage } from '../features/session/sign-in-page.js';
import type { GatewayClient } from '../gateway/gateway-client.js';
import { PATHS } from '../navigation/paths.js';
import { CrashPage } from './crash-page.js';
import { NotFoundPage } from './not-found-page.js';
import { AccountShell } from './account-shell.js';

export interface AppServices {
  readonly sessionStore: SessionStore;
  readonly gateway: GatewayClient;
}

const text = z.string().catch('').default('');
const pageNumber = z.number().int().min(1).catch(1).default(1);
const listSearch = z.object({ q: text, page: pageNumber });
/** `page` turns the changesets, `columns` the instances. */
const matrixSearch = listSearch.extend({ columns: pageNumber });
const executionsSearch = listSearch.extend({ status: z.array(z.string()).catch([]).default([]) });

/** Left out of the address: it then says only what was chosen. */
const LIST_DEFAULTS = { q: '', page: 1 };
const MATRIX_DEFAULTS = { ...LIST_DEFAULTS, columns: 1 };
const listSearchRules = { middlewares: [stripSearchParams<z.output<typeof listSearch>>(LIST_DEFAULTS)] };
const executionsSearchRules = {
  middlewares: [stripSearchParams<z.output<typeof executionsSearch>>({ ...LIST_DEFAULTS, status: [] })],
};
const matrixSearchRules = { middlewares: [stripSearchParams<z.output<typeof matrixSearch>>(MATRIX_DEFAULTS)] };

const rootRoute = createRootRouteWithContext<AppServices>()({});

const indexRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/',
  beforeLoad: ({ context }) => {
    const session = context.sessionStore.current();
    if (session.status === 'signed-out') throw redirect({ to: PATHS.signIn, replace: true });
    throw redirect({ to: PATHS.home, params: { account: session.accountId }, replace: true });
  },
});

const signInRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: PATHS.signIn,
  validateSearch: z.object({ next: z.string().optional().catch(undefined) }),
  component: SignInPage,
});

/** Everything below an account needs a session; without one the visitor comes back here after signing in. */
const accountRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/account/$account',
  beforeLoad: ({ context, location }) => {
    const session = context.sessionStore.current();
    if (session.status === 'signed-in') return;
    const next = session.reason === 'left' ? undefined : location.publicHref;
    throw redirect({ to: PATHS.signIn, search: { next }, replace: true });
  },
  component: AccountShell,
});

const accountIndexRoute = createRoute({
  getParentRoute: () => accountRoute,
  path: '/',
  beforeLoad: ({ params }) => {
    throw redirect({ to: PATHS.home, params, replace: true });
  },
});

const homeRoute = createRoute({
  getParentRoute: () => accountRoute,
  path: 'home',
  validateSearch: z.object({ q: text }),
  search: { middlewares: [stripSearchParams({ q: '' })] },
  component: lazyRouteComponent(() => import('../features/project/home-page.js'), 'HomePage'),
});

const organizationRoute = createRoute({
  getParentRoute: () => accountRoute,
  path: 'settings/organizations/$org',
  validateSearch: z.object({ q: text }),
  search: { middlewares: [stripSearchParams({ q: '' })] },
  component: lazyRouteComponent(() => import('../features/project/home-page.js'), 'HomePage'),
});

const projectRoute = createRoute({ getParentRoute: () => accountRoute, path: 'all/orgs/$org/projects/$project' });

const projectIndexRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: '/',
  beforeLoad: ({ params }) => {
    throw redirect({ to: PATHS.executions, params, replace: true });
  },
});

const executionsRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: 'deployments',
  validateSearch: executionsSearch,
  search: executionsSearchRules,
  component: lazyRouteComponent(() => import('../features/execution/executions-page.js'), 'ExecutionsPage'),
});

const pipelinesRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: 'pipelines',
  validateSearch: listSearch,
  search: listSearchRules,
  component: lazyRouteComponent(() => import('../features/pipeline/pipelines-page.js'), 'PipelinesPage'),
});

const pipelineStudioRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: 'pipelines/$pipeline/pipeline-studio',
  component: lazyRouteComponent(() => import('../features/pipeline/pipeline-page.js'), 'PipelinePage'),
});

const pipelineExecutionsRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: 'pipelines/$pipeline/deployments',
  validateSearch: executionsSearch,
  search: executionsSearchRules,
  component: lazyRouteComponent(() => import('../features/execution/executions-page.js'), 'ExecutionsPage'),
});

const triggersRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: 'pipelines/$pipeline/triggers',
  validateSearch: listSearch,
  search: listSearchRules,
  component: lazyRouteComponent(() => import('../features/pipeline/triggers-page.js'), 'TriggersPage'),
});

const inputSetsRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: 'pipelines/$pipeline/input-sets',
  validateSearch: listSearch,
  search: listSearchRules,
  component: lazyRouteComponent(() => import('../features/pipeline/input-sets-page.js'), 'InputSetsPage'),
});

const connectorsRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: 'settings/connectors',
  validateSearch: listSearch,
  search: listSearchRules,
  component: lazyRouteComponent(() => import('../features/setup/connectors-page.js'), 'ConnectorsPage'),
});

const connectorRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: 'settings/connectors/$connector',
  component: lazyRouteComponent(() => import('../features/setup/connector-page.js'), 'ConnectorPage'),
});

const secretsRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: 'setup/resources/secrets',
  validateSearch: listSearch,
  search: listSearchRules,
  component: lazyRouteComponent(() => import('../features/setup/secrets-page.js'), 'SecretsPage'),
});

const secretRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: 'setup/resources/secrets/$secret',
  component: lazyRouteComponent(() => import('../features/setup/secret-page.js'), 'SecretPage'),
});

const delegatesRoute = createRoute({
  getParentRoute: () => accountRoute,
  path: 'settings/resources/delegates',
  component: lazyRouteComponent(() => import('../features/setup/delegates-page.js'), 'DelegatesPage'),
});

const delegateTokensRoute = createRoute({
  getParentRoute: () => accountRoute,
  path: 'settings/resources/delegates/tokens',
  component: lazyRouteComponent(() => import('../features/setup/delegate-tokens-page.js'), 'DelegateTokensPage'),
});

const executionRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: 'pipelines/$pipeline/deployments/$execution/pipeline',
  validateSearch: z.object({ step: z.string().optional().catch(undefined) }),
  component: lazyRouteComponent(() => import('../features/execution/execution-page.js'), 'ExecutionPage'),
});

const schemasRoute = createRoute({
  getParentRoute: () => accountRoute,
  path: 'module/dbops/orgs/$org/projects/$project/dbops/db-schemas',
  validateSearch: listSearch,
  search: listSearchRules,
  component: lazyRouteComponent(() => import('../features/db-schema/db-schemas-page.js'), 'DbSchemasPage'),
});

const schemaRoute = createRoute({
  getParentRoute: () => accountRoute,
  path: 'module/dbops/orgs/$org/projects/$project/dbops/db-schemas/$schema',
  validateSearch: matrixSearch,
  search: matrixSearchRules,
  component: lazyRouteComponent(() => import('../features/db-schema/migration-state-page.js'), 'MigrationStatePage'),
});

const instanceRoute = createRoute({
  getParentRoute: () => accountRoute,
  path: 'module/dbops/orgs/$org/projects/$project/dbops/db-schemas/$schema/instances/$instance/migrationstate',
  validateSearch: matrixSearch,
  search: matrixSearchRules,
  component: lazyRouteComponent(() => import('../features/db-schema/migration-state-page.js'), 'MigrationStatePage'),
});

const routeTree = rootRoute.addChildren([
  indexRoute,
  signInRoute,
  accountRoute.addChildren([
    accountIndexRoute,
    homeRoute,
    organizationRoute,
    projectRoute.addChildren([
      projectIndexRoute,
      executionsRoute,
      pipelinesRoute,
      pipelineStudioRoute,
      pipelineExecutionsRoute,
      executionRoute,
      triggersRoute,
      inputSetsRoute,
      connectorsRoute,
      connectorRoute,
      secretsRoute,
      secretRoute,
    ]),
    delegatesRoute,
    delegateTokensRoute,
    schemasRoute,
    schemaRoute,
    instanceRoute,
  ]),
]);

export function createAppRouter(services: AppServices) {
  return createRouter({
    routeTree,
    context: services,
    basepath: '/ng',
    defaultPreload: 'intent',
    scrollRestoration: true,
    defaultNotFoundComponent: NotFoundPage,
    defaultErrorComponent: CrashPage,
  });
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
}
