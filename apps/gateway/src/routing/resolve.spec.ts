import { describe, expect, it } from '@jest/globals';
import { errorStyleOf, resolve } from './resolve.js';

const P = '/v1/orgs/default/projects/shop';

const SCHEMA = `${P}/dbschema/orders`;
const [INSTANCE, DB_INSTANCE] = [`${SCHEMA}/instance/prod`, `${SCHEMA}/dbinstance/prod`];
const CONFIG = '/v1/dbops/execution-config';
/** Every address of DB DevOps (api-contract 2.1, 2.6), as the contract spells it. */
const DB_DEVOPS = [
  `${P}/dbschema`,
  SCHEMA,
  `${P}/dbschema/overview`,
  `${SCHEMA}/instance`,
  `${SCHEMA}/instancelist`,
  INSTANCE,
  `${SCHEMA}/migrationstate`,
  `${DB_INSTANCE}/migrationstate`,
  `${SCHEMA}/flyway/migrationstate`,
  `${DB_INSTANCE}/flyway/migrationstate`,
  `${DB_INSTANCE}/changeset/sql`,
  `${DB_INSTANCE}/changeset/yaml`,
  `${INSTANCE}/deployedState`,
  `${INSTANCE}/flyway/deployedState`,
  `${DB_INSTANCE}/migration/scripts`,
  `${DB_INSTANCE}/changesetmetadata`,
  `${INSTANCE}/logs`,
  `${INSTANCE}/logs/l1`,
  `${DB_INSTANCE}/snapshot-object-names`,
  `${DB_INSTANCE}/snapshot-object-values`,
  `${SCHEMA}/changesets/existence`,
  `${SCHEMA}/default-authoring-instance`,
  `${P}/default-llm-pipeline`,
  `${P}/llm-authoring/execute-pipeline`,
  `${P}/change-authoring-event`,
  `${P}/pipeline/deploy/status`,
  '/v1/dbops/dbschema',
  CONFIG,
  `${CONFIG}/get-default-config`,
  `${CONFIG}/get-customer-config`,
  `${CONFIG}/update-config`,
  `${CONFIG}/reset-config`,
  `${CONFIG}/pin-image`,
  '/v1/step/plugin-inputs',
  '/v1/step/plugin-response',
  '/v1/step/flyway/plugin-inputs',
  '/v1/step/flyway/migrationscripts',
  '/v1/dbops/plugin-output-response',
  '/v1/dbops/flyway/plugin-output-response',
  '/v1/dbops/failure-interrupt',
  '/v1/dbops/flyway/failure-interrupt',
  '/v1/dbops/custom-operations',
  '/v1/dbops/flyway/custom-operations',
  '/v1/dbops/schema-instance-metadata',
  '/v1/dbops/plugin-capability',
  '/v1/dbops/db-metadata/s1',
  '/v1/dbops/metadata-snapshot/s1',
];

describe('the routing table', () => {
  it.each([
    ['/ng/api/organizations', 'ng-manager', '/ng/api/organizations'],
    ['/ng/api/v2/secrets/list', 'ng-manager', '/ng/api/v2/secrets/list'],
    ['/v1/orgs', 'ng-manager', '/v1/orgs'],
    ['/v1/orgs/default', 'ng-manager', '/v1/orgs/default'],
    ['/v1/orgs/internal/projects/internal', 'ng-manager', '/v1/orgs/internal/projects/internal'],
    ['/v1/connectors', 'ng-manager', '/v1/connectors'],
    ['/v1/secrets/db_password', 'ng-manager', '/v1/secrets/db_password'],
    [`${P}/connectors/git`, 'ng-manager', `${P}/connectors/git`],
    [`${P}/dbschema`, 'ng-manager', `${P}/dbschema`],
    [
      `${P}/dbschema/orders/instance/prod/deployedState`,
      'ng-manager',
      `${P}/dbschema/orders/instance/prod/deployedState`,
    ],
    [`${P}/pipeline/deploy/status`, 'ng-manager', `${P}/pipeline/deploy/status`],
    ['/v1/dbops/execution-config/get-default-config', 'ng-manager', '/v1/dbops/execution-config/get-default-config'],
    ['/v1/step/plugin-inputs', 'ng-manager', '/v1/step/plugin-inputs'],
    [`/dbops${P}/dbschema/orders`, 'ng-manager', `${P}/dbschema/orders`],
    ['/audit/api/audits/list', 'ng-manager', '/ng/api/audits/list'],
    ['/audit/api/auditYaml', 'ng-manager', '/ng/api/auditYaml'],
    ['/authz/api/roles', 'ng-manager', '/authz/api/roles'],
    ['/authz/api/roleassignments/multi', 'ng-manager', '/authz/api/roleassignments/multi'],
    ['/authz/api/permissions', 'ng-manager', '/authz/api/permissions'],
    ['/resourcegroup/api/v2/resourcegroup', 'ng-manager', '/resourcegroup/api/v2/resourcegroup'],
    ['/authz/api/v2/resourcegroup/x', 'ng-manager', '/resourcegroup/api/v2/resourcegroup/x'],
    ['/dbops/v1/dbops/dbschema', 'ng-manager', '/v1/dbops/dbschema'],
    [`${P}/pipelines`, 'pipeline', `${P}/pipelines`],
    [`${P}/pipelines/deploy/execute`, 'pipeline', `${P}/pipelines/deploy/execute`],
    [`${P}/input-sets/prod`, 'pipeline', `${P}/input-sets/prod`],
    ['/pipeline/api/pipeline/execute/deploy', 'pipeline', '/pipeline/api/pipeline/execute/deploy'],
    [
      '/pipeline-service/pipeline/api/pipelines/execution/summary',
      'pipeline',
      '/pipeline/api/pipelines/execution/summary',
    ],
    ['/pipeline-service/api/pipelines/list', 'pipeline', '/pipeline/api/pipelines/list'],
    [`/pipeline-service${P}/pipelines`, 'pipeline', `${P}/pipelines`],
    ['/log-service/stream', 'log-service', '/log-service/stream'],
    ['/log-service/blob/download', 'log-service', '/log-service/blob/download'],
    ['/log-service/blob/archive/1-EX.zip', 'log-service', '/log-service/blob/archive/1-EX.zip'],
  ])('sends %s to %s, with and without /gateway', (path, to, forwarded) => {
    expect(resolve(path)).toMatchObject({ kind: 'forward', to, path: forwarded });
    expect(resolve(`/gateway${path}`)).toMatchObject({ kind: 'forward', to, path: forwarded });
  });

  it.each(DB_DEVOPS)('sends %s of DB DevOps to ng-manager under each of its four addresses', (path) => {
    for (const prefix of ['', '/dbops', '/gateway', '/gateway/dbops']) {
      expect(resolve(`${prefix}${path}`)).toMatchObject({ kind: 'forward', to: 'ng-manager', path, errors: 'v1' });
    }
  });

  it.each([
    '/chaos/api',
    '/ccm/api/x',
    '/gitops',
    '/authz/api/acl',
    '/authz/api/rolesx',
    '/resourcegroup/api/resourcegroup',
    '/gateway',
    '/gateway/',
    '/gateway/gateway/ng/api/organizations',
    '/v1',
    '/v2/orgs',
    '/v1/step',
    '/v1/steps/plugin-inputs',
    '/v1/orgsx',
    '/dbops',
    '/dbops/v2/x',
    '/ng-manager/internal',
    '/ng-manager/ng/api',
    '/dbdevops/v1/orgs',
    '/scm/file',
    '/delegate-service/ws',
    '/pipeline',
    '/pipeline/apix',
    '/pipeline-service/internal/x',
    '/log-service',
    '//ng/api/organizations',
    '/audit/api/internal/audit-events',
    '/audit/api/x',
    '/audit',
    '/ng/api/internal/audit-events',
    '/ng/api/internal/authenticate',
    '/gateway/ng/api/internal/authenticate',
    '/ng/api/%69nternal/authenticate',
    '/ng/%61pi/internal',
    '/pipeline/api/internal/x',
    '/log-service/internal/x',
    '/NG/API/organizations',
  ])('knows no operation %s', (path) => {
    const target = resolve(path);
    expect(target.kind === 'page' ? target.page : target.kind).toMatch(/^(nothing|home)$/);
    if (target.kind === 'page') expect(['/gateway', '/gateway/']).toContain(path);
  });

  it.each([
    '/ng/api/../internal',
    '/ng/api/%2e%2e/x',
    '/ng/api/./x',
    '/ng/api/..',
    '/ng/api/x%2F..%2Finternal',
    '/ng/api/%2e%2e%2fx',
    '/ng/api/%00',
    '/ng/api/%zz',
    '/ng/api/a%5c..%5cb',
    '/ng/api/%0d%0aX:1',
    '/ng/api/é',
  ])('refuses %s, which tries to look like something else', (path) => {
    const target = resolve(path);
    if (path.endsWith('é')) expect(target).toMatchObject({ kind: 'forward', path: '/ng/api/%C3%A9' });
    else expect(target.kind).toBe('malformed');
  });

  it('forwards what it matched: encoded characters keep their meaning, an encoded slash stays in its segment', () => {
    expect(resolve('/%6eg/api/connectors/a%2Fb')).toMatchObject({
      kind: 'forward',
      to: 'ng-manager',
      path: '/ng/api/connectors/a%2Fb',
    });
    expect(resolve('/ng/api/a.b/c..d/...')).toMatchObject({ kind: 'forward', path: '/ng/api/a.b/c..d/...' });
    expect(resolve('/ng/api/a%20b%25c')).toMatchObject({ kind: 'forward', path: '/ng/api/a%20b%25c' });
    expect(resolve('/v1/orgs/o/projects%2Fp/pipelines')).toMatchObject({ kind: 'forward', to: 'ng-manager' });
  });

  it.each([
    ['/', 'home', ''],
    ['/ng', 'ui', ''],
    ['/ng/', 'ui', ''],
    ['/ng/account/ACC/executions', 'ui', 'account/ACC/executions'],
    ['/ng/apix', 'ui', 'apix'],
    ['/gateway/docs/openapi/pipeline.json', 'docs', 'openapi/pipeline.json'],
  ])('serves the page %s itself', (path, page, below) => {
    expect(resolve(path)).toMatchObject({ kind: 'page', page, below });
  });

  it.each([
    [`/gateway/dbops${P}/dbschema`, 'v1'],
    [`${P}/dbschema/x`, 'v1'],
    [`${P}/connectors`, 'ng'],
    [`${P}/pipelines/x`, 'ng'],
    ['/v1/step/plugin-response', 'v1'],
    ['/gateway/log-service/blob', 'log'],
    ['/pipeline/api/pipelines/list', 'ng'],
    ['/nowhere', 'ng'],
    [`/gateway/dbops${P}/dbschema/%zz`, 'v1'],
    [`${P}/dbschema/%00`, 'v1'],
    ['/log-service/%zz', 'log'],
    ['/ng/api/%zz', 'ng'],
  ])('answers errors of %s in the style %s', (path, style) => {
    expect(errorStyleOf(path)).toBe(style);
  });
});
