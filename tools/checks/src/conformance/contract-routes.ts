/** Whether a route belongs to what is served now, or to what a later version brings. */
export type ContractScope = 'required' | 'later work';

/** A route of the public contract (api-contract.md), as the contract writes it: without `/gateway` and `/dbops`. */
export interface ContractRoute {
  /** Section of the contract it stands in. */
  readonly section: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** With `{name}` for parameters. */
  readonly path: string;
  readonly scope: ContractScope;
  readonly note?: string;
}

interface Rows {
  readonly section: string;
  /** Stands in front of every path. */
  readonly root: string;
  readonly required: readonly string[];
  readonly later?: { readonly note: string; readonly rows: readonly string[] };
}

const PROJECT = '/v1/orgs/{org}/projects/{project}';
const CRUD = (path: string, key: string): string[] => [
  `GET ${path}`,
  `POST ${path}`,
  `GET ${path}/{${key}}`,
  `PUT ${path}/{${key}}`,
  `DELETE ${path}/{${key}}`,
];
const AT_EVERY_SCOPE = ['', '/orgs/{org}', '/orgs/{org}/projects/{project}'];

const SECTIONS: readonly Rows[] = [
  {
    section: '2.1',
    root: PROJECT,
    required: [
      ...CRUD('/dbschema', 'dbschema'),
      'GET /dbschema/overview',
      'POST /dbschema/{dbschema}/instance',
      'POST /dbschema/{dbschema}/instancelist',
      'GET /dbschema/{dbschema}/instance/{dbinstance}',
      'PUT /dbschema/{dbschema}/instance/{dbinstance}',
      'DELETE /dbschema/{dbschema}/instance/{dbinstance}',
      'POST /dbschema/{dbschema}/migrationstate',
      'GET /dbschema/{dbschema}/dbinstance/{dbinstance}/migrationstate',
      'POST /dbschema/{dbschema}/flyway/migrationstate',
      'GET /dbschema/{dbschema}/dbinstance/{dbinstance}/flyway/migrationstate',
      'POST /dbschema/{dbschema}/dbinstance/{dbinstance}/changeset/sql',
      'GET /dbschema/{dbschema}/dbinstance/{dbinstance}/changeset/yaml',
      'POST /dbschema/{dbschema}/instance/{dbinstance}/deployedState',
      'POST /dbschema/{dbschema}/instance/{dbinstance}/flyway/deployedState',
      'GET /dbschema/{dbschema}/dbinstance/{dbinstance}/migration/scripts',
      'GET /dbschema/{dbschema}/dbinstance/{dbinstance}/changesetmetadata',
      'POST /dbschema/{dbschema}/instance/{dbinstance}/logs',
      'GET /dbschema/{dbschema}/instance/{dbinstance}/logs/{log}',
      'GET /dbschema/{dbschema}/dbinstance/{dbinstance}/snapshot-object-names',
      'POST /dbschema/{dbschema}/dbinstance/{dbinstance}/snapshot-object-values',
      'POST /dbschema/{dbschema}/changesets/existence',
      'GET /dbschema/{dbschema}/default-authoring-instance',
      'GET /default-llm-pipeline',
      'POST /llm-authoring/execute-pipeline',
      'POST /change-authoring-event',
      'GET /pipeline/{pipelineIdentifier}/status',
    ],
  },
  {
    section: '2.1',
    root: '/v1',
    required: [
      'GET /dbops/dbschema',
      'DELETE /dbops/dbschema',
      'POST /step/plugin-inputs',
      'POST /step/plugin-response',
      'POST /step/flyway/plugin-inputs',
      'GET /step/flyway/migrationscripts',
      'POST /dbops/plugin-output-response',
      'POST /dbops/flyway/plugin-output-response',
      'POST /dbops/failure-interrupt',
      'POST /dbops/flyway/failure-interrupt',
      'POST /dbops/custom-operations',
      'POST /dbops/flyway/custom-operations',
      'POST /dbops/schema-instance-metadata',
      'GET /dbops/plugin-capability',
      'POST /dbops/db-metadata/{snapshotId}',
      'POST /dbops/metadata-snapshot/{snapshotId}',
    ],
  },
  {
    section: '2.6',
    root: '/v1/dbops/execution-config',
    required: [
      'GET /get-default-config',
      'GET /get-customer-config',
      'POST /update-config',
      'POST /reset-config',
      'DELETE ',
      'POST /pin-image',
    ],
  },
  {
    section: '3.1',
    root: '/ng/api',
    required: [
      ...CRUD('/organizations', 'id'),
      ...CRUD('/projects', 'id'),
      'GET /projects/list',
      'POST /connectors/listV2',
      'GET /connectors',
      'POST /connectors',
      'PUT /connectors',
      'GET /connectors/{id}',
      'DELETE /connectors/{id}',
      'POST /connectors/testConnection/{id}',
      'POST /connectors/testGitRepoConnection/{id}',
      'POST /connectors/listbyfqn',
      'GET /connectors/catalogue',
      'GET /connectors/stats',
      'GET /connectors/fieldValues',
      'GET /connectors/validateUniqueIdentifier',
      ...CRUD('/v2/secrets', 'id'),
      'POST /v2/secrets/files',
      'PUT /v2/secrets/files/{id}',
      'POST /v2/secrets/yaml',
      'PUT /v2/secrets/{id}/yaml',
      'POST /v2/secrets/list',
      'POST /v2/secrets/list/secrets',
      'POST /v2/secrets/validate',
      'GET /v2/secrets/validateUniqueIdentifier/{id}',
      'GET /user/currentUser',
      'POST /user/aggregate',
      'POST /apikey',
      'GET /apikey',
      'PUT /apikey/{id}',
      'DELETE /apikey/{id}',
      'GET /apikey/aggregate',
      'GET /apikey/aggregate/{id}',
      'POST /token',
      'PUT /token/{id}',
      'DELETE /token/{id}',
      'POST /token/rotate/{id}',
      'GET /token/aggregate',
      'GET /accounts/{accountIdentifier}',
      'GET /settings',
      'PUT /settings',
      'GET /settings/{identifier}',
      ...[
        'servicesV2/{serviceIdentifier}',
        'environmentsV2/{environmentIdentifier}',
        'infrastructures/{infraIdentifier}',
      ].flatMap((one) => {
        const [all = ''] = one.split('/');
        return [`GET /${all}`, `POST /${all}`, `PUT /${all}`, `PUT /${all}/upsert`, `GET /${one}`, `DELETE /${one}`];
      }),
      'GET /variables',
      'POST /variables',
      'PUT /variables',
      'GET /variables/{identifier}',
      'DELETE /variables/{identifier}',
      'GET /yaml-schema',
    ],
  },
  {
    section: '3.1 v1',
    root: '/v1',
    required: [
      ...CRUD('/orgs', 'org'),
      ...CRUD('/orgs/{org}/projects', 'project'),
      ...AT_EVERY_SCOPE.flatMap((scope) => [
        ...CRUD(`${scope}/connectors`, 'connector'),
        `GET ${scope}/connectors/{connector}/test-connection`,
        ...CRUD(`${scope}/secrets`, 'secret'),
      ]),
    ],
  },
  {
    section: '3.5',
    root: '/ng/api',
    required: [
      'POST /delegate-setup/listDelegates',
      'GET /delegate-setup/latest-supported-version',
      'POST /delegate-setup/generate-helm-values',
      'POST /delegate-token-ng',
      'GET /delegate-token-ng',
      'PUT /delegate-token-ng',
      'DELETE /delegate-token-ng',
      'GET /delegate-token-ng/delegate-groups',
      'GET /delegate-token-ng/{tokenName}',
      'PUT /delegate-token-ng/{tokenName}',
      'DELETE /delegate-token-ng/{tokenName}',
      'GET /delegate-token-ng/{tokenName}/delegates',
    ],
  },
  {
    section: '4.1',
    root: '/pipeline/api/pipelines',
    required: [
      'POST /v2',
      'POST ',
      'PUT /v2/{id}',
      'PUT /{id}',
      'GET /{id}',
      'DELETE /{id}',
      'POST /list',
      'GET /summary/{id}',
      'POST /import',
      'POST /import/{id}',
      'POST /variables',
      'POST /validate-yaml-with-schema',
      'POST /validate-pipeline-with-schema',
      'GET /expandedJSON/{id}',
      'GET /getExecutionNode',
      'PUT /{id}/update-git-metadata',
    ],
  },
  {
    section: '4.1',
    root: '/pipeline/api/filters',
    required: ['GET ', 'POST ', 'PUT ', 'GET /{identifier}', 'DELETE /{identifier}'],
  },
  {
    section: '4.2',
    root: PROJECT,
    required: [
      ...CRUD('/pipelines', 'pipeline'),
      'POST /pipelines/{pipeline}/validate',
      'POST /pipelines/{pipeline}/inputs',
      'GET /pipelines/validate/{uuid}',
      'POST /pipelines/{pipeline}/execute',
      'POST /pipelines/{pipeline}/execute/dynamic',
      'POST /pipelines/{pipeline}/import',
      'POST /pipelines/{pipeline}/move-config',
      'PUT /pipelines/{pipeline}/git-metadata',
      ...CRUD('/input-sets', 'input-set'),
    ],
  },
  {
    section: '4.3',
    root: '/pipeline/api/pipeline/execute',
    required: [
      'POST /{pipelineIdentifier}',
      'POST /{id}/v2',
      'POST /{id}/inputSetList',
      'POST /retry/{pipelineIdentifier}',
      'PUT /retry/{planExecutionId}',
      'PUT /interrupt/{planExecutionId}',
      'PUT /interrupt/{planExecutionId}/{nodeExecutionId}',
    ],
    later: {
      note: 'running single stages, rerun and manual intervention; no client of section 7 calls them',
      rows: [
        'POST /{id}/stages',
        'POST /rerun/{originalExecutionId}/{id}',
        'POST /rerun/{originalExecutionId}/{id}/stages',
        'POST /rerun/{originalExecutionId}/{id}/inputSetList',
        'POST /rerun/v2/{originalExecutionId}/{id}',
        'GET /{planExecutionId}/retryStages',
        'GET /retryHistory/{planExecutionId}',
        'GET /latestExecutionId/{planExecutionId}',
        'PUT /manualIntervention/interrupt/{planExecutionId}/{nodeExecutionId}',
        'GET /stagesExecutionList',
        'POST /preflightCheck',
        'GET /getPreflightCheckResponse',
      ],
    },
  },
  {
    section: '4.4',
    root: '/pipeline/api/pipelines/execution',
    required: [
      'POST /summary',
      'POST /summary/outline',
      'POST /executionSummary',
      'GET /v2/{planExecutionId}',
      'GET /{planExecutionId}',
      'GET /{planExecutionId}/inputset',
      'GET /{planExecutionId}/inputsetV2',
      'GET /{planExecutionId}/metadata',
      'GET /{planExecutionId}/policy-evaluation',
      'GET /getExecutionGraph/{id}',
      'GET /subGraph/{planExecutionId}/{nodeExecutionId}',
      'POST /url',
    ],
  },
  {
    section: '4.5',
    root: '/pipeline/api/inputSets',
    required: [...CRUD('', 'id'), 'POST /merge', 'POST /mergeWithTemplateYaml', 'POST /template'],
    later: {
      note: 'overlays: the issue names create, list, merge and template',
      rows: ['POST /overlay', 'GET /overlay/{id}', 'PUT /overlay/{id}', 'DELETE /overlay/{id}'],
    },
  },
  {
    section: '4.6',
    root: '',
    required: [
      ...CRUD('/pipeline/api/triggers', 'id'),
      'GET /pipeline/api/triggers/{id}/details',
      'GET /pipeline/api/triggers/catalog',
    ],
    later: {
      note: 'what comes in from outside is the behaviour behind triggers',
      rows: [
        'POST /ng/api/webhook',
        'POST /pipeline/api/webhook/trigger',
        'POST /pipeline/api/webhook/custom',
        'POST /pipeline/api/webhook/custom/{token}/v2',
        'GET /pipeline/api/webhook/triggerProcessingDetails',
      ],
    },
  },
  {
    section: '4.7',
    root: '/pipeline/api',
    required: [
      'GET /v1/orgs/{org}/projects/{project}/approvals/execution/{executionId}',
      'POST /approvals/{approvalInstanceId}/harness/activity',
      'GET /approvals/{approvalInstanceId}',
    ],
  },
  {
    section: '5.1',
    root: '/log-service',
    required: [
      'GET /token',
      'POST /stream',
      'PUT /stream',
      'GET /stream',
      'DELETE /stream',
      'POST /blob',
      'GET /blob',
      'POST /blob/link/upload',
      'POST /blob/link/download',
      'POST /blob/download',
    ],
  },
];

/** Every route of the contract's sections 2 to 5. */
export const CONTRACT_ROUTES: readonly ContractRoute[] = SECTIONS.flatMap(({ section, root, required, later }) => [
  ...required.map((row): ContractRoute => ({ section, ...parsed(root, row), scope: 'required' })),
  ...(later?.rows ?? []).map((row): ContractRoute => ({
    section,
    ...parsed(root, row),
    scope: 'later work',
    ...(later ? { note: later.note } : {}),
  })),
]);

function parsed(root: string, row: string): Pick<ContractRoute, 'method' | 'path'> {
  const at = row.indexOf(' ');
  return { method: row.slice(0, at) as ContractRoute['method'], path: `${root}${row.slice(at + 1)}` };
}

/** Every address clients send a route to (api-contract 1.1): with and without `/gateway`, DB DevOps also behind `/dbops`. */
export function addressesOf({ section, path }: Pick<ContractRoute, 'section' | 'path'>): readonly string[] {
  const own = section.startsWith('2.') ? [path, `/dbops${path}`] : [path];
  return own.flatMap((address) => [address, `/gateway${address}`]);
}
