const PROJECT = '/account/$account/all/orgs/$org/projects/$project' as const;
const SCHEMAS = '/account/$account/module/dbops/orgs/$org/projects/$project/dbops/db-schemas' as const;

/**
 * Addresses of the pages below `/ng`. They are part of the contract (api-contract 7.4): other clients build such links
 * and paste them into chats and tickets.
 */
export const PATHS = {
  signIn: '/signin',
  home: '/account/$account/home',
  organization: '/account/$account/settings/organizations/$org',
  project: PROJECT,
  executions: `${PROJECT}/deployments`,
  pipelines: `${PROJECT}/pipelines`,
  pipelineStudio: `${PROJECT}/pipelines/$pipeline/pipeline-studio`,
  pipelineExecutions: `${PROJECT}/pipelines/$pipeline/deployments`,
  triggers: `${PROJECT}/pipelines/$pipeline/triggers`,
  inputSets: `${PROJECT}/pipelines/$pipeline/input-sets`,
  connectors: `${PROJECT}/settings/connectors`,
  connector: `${PROJECT}/settings/connectors/$connector`,
  secrets: `${PROJECT}/setup/resources/secrets`,
  secret: `${PROJECT}/setup/resources/secrets/$secret`,
  delegates: '/account/$account/settings/resources/delegates',
  delegateTokens: '/account/$account/settings/resources/delegates/tokens',
  execution: `${PROJECT}/pipelines/$pipeline/deployments/$execution/pipeline`,
  dbSchemas: SCHEMAS,
  dbSchema: `${SCHEMAS}/$schema`,
  dbInstance: `${SCHEMAS}/$schema/instances/$instance/migrationstate`,
} as const;
