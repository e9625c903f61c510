import { stringify } from 'yaml';
import type { Place, TerraformRequest } from './requests.js';
import { path, property } from './rows.js';

/** What a resource's requests are made of besides its own arguments. */
export interface Surroundings extends Place {
  /** A pipeline with a runtime input, for what belongs to one. */
  readonly pipeline: string;
}

/** One resource of the provider (api-contract 7.5): its arguments in two forms, its four requests, where its state is read. */
export interface Resource {
  readonly type: string;
  readonly first: object;
  readonly second: object;
  create(at: Surroundings, args: object): TerraformRequest;
  update(at: Surroundings, args: object): TerraformRequest;
  read(at: Surroundings): TerraformRequest;
  destroy(at: Surroundings): TerraformRequest;
  /** The part of an answer that becomes the state; undefined where the provider reads again instead. */
  state(body: unknown): unknown;
  /** Of a create or update, when it differs from a read. */
  written?(body: unknown): unknown;
  /** What must come back of the arguments; all of them when absent. */
  kept?(args: object, at: Surroundings): object;
  /** Of the state, what the provider compares with the arguments: a value there that nobody sent is a difference in the next plan. */
  readonly compared: readonly string[];
  /** How the provider knows that it is gone: by status (v1), or by the code in the body (NG). */
  readonly goneBy: 'status' | 'code';
}

const scoped = ({ org, project }: Place): { orgIdentifier: string; projectIdentifier: string } => ({
  orgIdentifier: org,
  projectIdentifier: project,
});
const v1 = ({ org, project }: Place): string => `/v1/orgs/${org}/projects/${project}`;
const unwrapped =
  (key: string) =>
  (body: unknown): unknown =>
    path(body, 'data', key);

/**
 * Create and update carry the scope in the body alone; read and delete carry it in the query. The second form has neither description nor tags: the Go SDK
 * leaves empty values out.
 * @param unread what the Go SDK sends in the spec and never reads
 */
function connector(kind: string, type: string, spec: object, second: object = {}, unread: object = {}): Resource {
  const identifier = `tf_${kind}`;
  const args = {
    identifier,
    name: `Connector ${kind}`,
    description: 'by Terraform',
    tags: { owner: 'tf' },
    type,
    spec,
  };
  const write =
    (method: 'POST' | 'PUT') =>
    (at: Surroundings, sent: object): TerraformRequest => ({
      method,
      path: '/ng/api/connectors',
      body: { connector: { ...sent, ...scoped(at), spec: { ...(property(sent, 'spec') as object), ...unread } } },
    });
  const one =
    (method: 'GET' | 'DELETE') =>
    (at: Surroundings): TerraformRequest => ({ method, path: `/ng/api/connectors/${identifier}`, query: scoped(at) });
  return {
    type: `platform_connector_${kind}`,
    first: args,
    second: { identifier, name: 'Renamed', type, spec: { ...spec, ...second } },
    create: write('POST'),
    update: write('PUT'),
    read: one('GET'),
    destroy: one('DELETE'),
    state: unwrapped('connector'),
    goneBy: 'code',
    compared: ['description', 'tags', 'spec'],
  };
}

const selectors = { delegateSelectors: ['local'], executeOnDelegate: true };
const provider = (authentication: object, more: object = {}): object => ({
  url: 'https://git.example/acme',
  type: 'Account',
  validationRepo: 'orders',
  authentication,
  ...more,
  ...selectors,
});
const http = (type: string, spec: object): object => ({ type: 'Http', spec: { type, spec } });
const ssh = { type: 'Ssh', spec: { sshKeyRef: 'ref' } };
const manual = (type: string, spec: object): object => ({
  credential: { type: 'ManualConfig', spec: { masterUrl: 'https://k8s.example', auth: { type, spec } } },
  delegateSelectors: ['local'],
});
const vault = (auth: object): object => ({
  vaultUrl: 'https://vault.example',
  basePath: '/harness',
  namespace: 'ns',
  isReadOnly: true,
  renewalIntervalMinutes: 60,
  secretEngineManuallyConfigured: true,
  secretEngineName: 'kv',
  secretEngineVersion: 2,
  default: false,
  useVaultAgent: false,
  useAwsIam: false,
  useK8sAuth: false,
  ...auth,
  ...selectors,
});

const VAULT_UNREAD = { connectorType: '' };
const login = { type: 'UsernamePassword', spec: { username: 'me', passwordRef: 'ref' } };
const cloud = { delegateSelectors: ['local'], executeOnDelegate: false, proxy: false, ignoreTestConnection: false };
const aws = (type: string, spec: object | undefined, rest: object = {}): object => ({
  credential: {
    type,
    ...(spec ? { spec } : {}),
    region: 'us-east-1',
    crossAccountAccess: { crossAccountRoleArn: 'somerolearn', externalId: 'id' },
  },
  ...cloud,
  ...rest,
});
const azure = (type: string, spec: object): object => ({
  credential: { type, spec },
  azureEnvironmentType: 'AZURE',
  delegateSelectors: ['local'],
  executeOnDelegate: false,
});
const awsManager = (type: string, spec?: object): object => ({
  credential: { type, ...(spec ? { spec } : {}) },
  region: 'us-east-1',
  secretNamePrefix: 'p',
  delegateSelectors: ['local'],
});
const keyVault = {
  clientId: 'id',
  tenantId: 'id',
  secretKey: 'account.ref',
  vaultName: 'vault',
  subscription: 'sub',
  azureEnvironmentType: 'AZURE',
  delegateSelectors: ['local'],
};

export const CONNECTORS: readonly Resource[] = [
  connector(
    'jdbc',
    'JDBC',
    {
      url: 'jdbc:postgresql://db.example:5432/orders?sslmode=disable',
      auth: { type: 'UsernamePassword', spec: { username: 'app', passwordRef: 'ref' } },
      ...selectors,
      ignoreTestConnection: true,
    },
    { url: 'jdbc:mysql://db.example:3306/orders' },
  ),
  connector(
    'jdbc_usernameref',
    'JDBC',
    {
      url: 'jdbc:sqlserver://db.example:1433;trustServerCertificate=true;databaseName=orders',
      auth: { type: 'UsernamePassword', spec: { usernameRef: 'ref', passwordRef: 'account.ref' } },
      ...selectors,
    },
    { delegateSelectors: [] },
  ),
  connector('jdbc_service_account', 'JDBC', {
    url: 'jdbc:cloudspanner:/projects/p/instances/i/databases/d?lenient=true',
    auth: { type: 'ServiceAccount', spec: { serviceAccountTokenRef: 'ref' } },
    ...selectors,
  }),
  connector('jdbc_key_pair', 'JDBC', {
    url: 'jdbc:snowflake://host.example/?warehouse=W&db=D',
    auth: { type: 'KeyPair', spec: { username: 'app', privateKeyFileRef: 'ref', privateKeyPassphraseRef: 'ref' } },
    ...selectors,
  }),
  connector(
    'git',
    'Git',
    {
      url: 'https://git.example/orders.git',
      type: 'Http',
      connectionType: 'Repo',
      branchName: 'main',
      spec: { username: 'me', passwordRef: 'ref' },
      ...selectors,
    },
    { branchName: 'next' },
  ),
  connector('git_ssh', 'Git', {
    url: 'git@git.example:acme',
    type: 'Ssh',
    connectionType: 'Account',
    validationRepo: 'orders',
    spec: { sshKeyRef: 'ref' },
    ...selectors,
  }),
  connector(
    'github',
    'Github',
    provider(http('UsernameToken', { username: 'me', tokenRef: 'ref' }), {
      apiAccess: { type: 'Token', spec: { tokenRef: 'ref' } },
    }),
    { validationRepo: 'other' },
  ),
  connector(
    'github_app',
    'Github',
    provider(ssh, {
      apiAccess: { type: 'GithubApp', spec: { installationId: '1', applicationId: '2', privateKeyRef: 'ref' } },
    }),
  ),
  connector(
    'github_app_http',
    'Github',
    provider(http('GithubApp', { installationId: '1', applicationId: '2', privateKeyRef: 'ref' }), {
      apiAccess: { type: 'GithubApp', spec: { installationId: '1', applicationId: '2', privateKeyRef: 'ref' } },
    }),
  ),
  connector('github_anonymous', 'Github', {
    ...provider({ type: 'Http', spec: { type: 'Anonymous' } }),
    executeOnDelegate: false,
  }),
  connector(
    'gitlab',
    'Gitlab',
    provider(http('UsernamePassword', { username: 'me', passwordRef: 'ref' }), {
      apiAccess: { type: 'Token', spec: { tokenRef: 'ref' } },
    }),
    { authentication: ssh },
  ),
  connector('bitbucket', 'Bitbucket', {
    ...provider(http('UsernamePassword', { usernameRef: 'ref', passwordRef: 'ref' }), {
      apiAccess: { type: 'UsernameToken', spec: { username: 'me', tokenRef: 'ref' } },
    }),
  }),
  connector(
    'kubernetes',
    'K8sCluster',
    { credential: { type: 'InheritFromDelegate' }, delegateSelectors: ['local'] },
    { delegateSelectors: ['other'] },
  ),
  connector(
    'kubernetes_service_account',
    'K8sCluster',
    manual('ServiceAccount', { serviceAccountTokenRef: 'ref', caCertRef: 'ref' }),
  ),
  connector(
    'kubernetes_client_key',
    'K8sCluster',
    manual('ClientKeyCert', {
      clientCertRef: 'ref',
      clientKeyRef: 'ref',
      clientKeyPassphraseRef: 'ref',
      clientKeyAlgo: 'RSA',
    }),
  ),
  connector(
    'docker',
    'DockerRegistry',
    {
      dockerRegistryUrl: 'https://registry.example',
      providerType: 'Other',
      auth: { type: 'UsernamePassword', spec: { username: 'me', passwordRef: 'ref' } },
      ...selectors,
    },
    { auth: { type: 'Anonymous' } },
  ),
  connector(
    'vault',
    'Vault',
    vault({ authToken: 'account.ref', accessType: 'TOKEN' }),
    { basePath: '/other' },
    VAULT_UNREAD,
  ),
  connector(
    'vault_app_role',
    'Vault',
    vault({ appRoleId: 'role', secretId: 'account.ref', renewAppRoleToken: true, accessType: 'APP_ROLE' }),
    {},
    VAULT_UNREAD,
  ),
  connector(
    'vault_k8s',
    'Vault',
    vault({
      useK8sAuth: true,
      vaultK8sAuthRole: 'role',
      serviceAccountTokenPath: '/token',
      k8sAuthEndpoint: 'kubernetes',
      accessType: 'K8s_AUTH',
    }),
    {},
    VAULT_UNREAD,
  ),
  connector(
    'artifactory',
    'Artifactory',
    { artifactoryServerUrl: 'https://artifactory.example', auth: login, delegateSelectors: ['local'] },
    { auth: { type: 'Anonymous' } },
  ),
  connector(
    'nexus',
    'Nexus',
    { nexusServerUrl: 'https://nexus.example', version: '3.x', auth: login, delegateSelectors: ['local'] },
    { auth: { type: 'Anonymous' }, version: '2.x' },
  ),
  connector(
    'aws',
    'Aws',
    aws(
      'ManualConfig',
      { accessKey: 'AKIA', secretKeyRef: 'ref' },
      {
        awsSdkClientBackOffStrategyOverride: {
          type: 'EqualJitterBackoffStrategy',
          spec: { baseDelay: 10, maxBackoffTime: 65, retryCount: 3 },
        },
      },
    ),
    aws('Irsa', undefined),
    { connectorType: 'Aws' },
  ),
  connector(
    'aws_inherit',
    'Aws',
    aws('InheritFromDelegate', undefined),
    aws('OidcAuthentication', { iamRoleArn: 'somerolearn' }),
    { connectorType: 'Aws' },
  ),
  connector(
    'gcp',
    'Gcp',
    { credential: { type: 'ManualConfig', spec: { secretKeyRef: 'account.ref' } }, ...cloud },
    { credential: { type: 'InheritFromDelegate' } },
    { connectorType: 'Gcp' },
  ),
  connector(
    'azure_cloud_provider',
    'Azure',
    azure('ManualConfig', {
      applicationId: 'id',
      tenantId: 'id',
      auth: { type: 'Secret', spec: { secretRef: 'account.ref' } },
    }),
    azure('InheritFromDelegate', { auth: { type: 'SystemAssignedManagedIdentity' } }),
    { connectorType: 'Azure' },
  ),
  connector(
    'aws_secret_manager',
    'AwsSecretManager',
    awsManager('ManualConfig', { accessKey: 'account.ref', secretKey: 'account.ref' }),
    awsManager('AssumeSTSRole', { roleArn: 'somerolearn', externalId: 'id', assumeStsRoleDuration: 900 }),
  ),
  connector(
    'gcp_secret_manager',
    'GcpSecretManager',
    { credentialsRef: 'account.ref', delegateSelectors: ['local'], executeOnDelegate: true },
    {},
    { connectorType: 'GcpSecretManager' },
  ),
  connector('azure_key_vault', 'AzureKeyVault', keyVault, {
    useManagedIdentity: true,
    azureManagedIdentityType: 'SystemAssignedManagedIdentity',
  }),
];

function secret(kind: string, type: string, spec: object, second: object = {}): Resource {
  const identifier = `tf_secret_${kind}`;
  const args = { type, identifier, name: `Secret ${kind}`, description: 'by Terraform', tags: { owner: 'tf' }, spec };
  const write =
    (method: 'POST' | 'PUT', where: string) =>
    (at: Surroundings, sent: object): TerraformRequest => ({
      method,
      path: where,
      query: scoped(at),
      body: { secret: { ...sent, ...scoped(at) } },
    });
  const one =
    (method: 'GET' | 'DELETE') =>
    (at: Surroundings): TerraformRequest => ({ method, path: `/ng/api/v2/secrets/${identifier}`, query: scoped(at) });
  return {
    type: `platform_secret_${kind}`,
    first: args,
    second: { type, identifier, name: 'Renamed', spec: { ...spec, ...second } },
    create: write('POST', '/ng/api/v2/secrets'),
    update: write('PUT', `/ng/api/v2/secrets/${identifier}`),
    read: one('GET'),
    destroy: one('DELETE'),
    state: unwrapped('secret'),
    goneBy: 'code',
    compared: ['description', 'tags', 'spec'],
  };
}

const sshCredential = (credentialType: string, spec: object): object => ({
  type: 'SSHKeySpec',
  port: 22,
  auth: { type: 'SSH', spec: { credentialType, spec } },
});
/** The discriminator of a spec and the value of an inline secret are not read back. */
const withoutValue = (args: object): object => {
  const { type: _type, value: _value, ...spec } = property(args, 'spec') as { type?: string; value?: string };
  return { ...args, spec };
};

function secretFile(): Resource {
  const base = secret('file', 'SecretFile', { secretManagerIdentifier: 'harnessSecretManager' });
  const write =
    (method: 'POST' | 'PUT', where: string) =>
    (at: Surroundings, sent: object): TerraformRequest => {
      const form = new FormData();
      form.append('spec', JSON.stringify({ secret: { ...sent, ...scoped(at) } }));
      form.append('file', new Blob(['-----BEGIN KEY-----\n']), 'key.pem');
      return { method, path: where, query: scoped(at), form };
    };
  return {
    ...base,
    create: write('POST', '/ng/api/v2/secrets/files'),
    update: write('PUT', '/ng/api/v2/secrets/files/tf_secret_file'),
  };
}

export const SECRETS: readonly Resource[] = [
  {
    ...secret(
      'text',
      'SecretText',
      { type: 'SecretTextSpec', secretManagerIdentifier: 'harnessSecretManager', valueType: 'Inline', value: 's3cret' },
      { value: 'other' },
    ),
    kept: withoutValue,
  },
  {
    ...secret(
      'sshkey',
      'SSHKey',
      sshCredential('KeyReference', { userName: 'git', key: 'tf_key', encryptedPassphrase: 'ref' }),
    ),
    kept: withoutValue,
  },
  {
    ...secret('sshkey_path', 'SSHKey', sshCredential('KeyPath', { userName: 'git', keyPath: '/home/git/.ssh/id' })),
    kept: withoutValue,
  },
  {
    ...secret('sshkey_password', 'SSHKey', sshCredential('Password', { userName: 'git', password: 'ref' })),
    kept: withoutValue,
  },
  {
    ...secret('sshkey_kerberos', 'SSHKey', {
      type: 'SSHKeySpec',
      port: 22,
      auth: {
        type: 'Kerberos',
        spec: { principal: 'p', realm: 'R', tgtGenerationMethod: 'KeyTabFilePath', spec: { keyPath: '/k' } },
      },
    }),
    kept: withoutValue,
  },
  secretFile(),
];

const organization = { identifier: 'tf_org', name: 'Terraform', description: 'by Terraform', tags: { owner: 'tf' } };
const project = {
  identifier: 'tf_project',
  name: 'Terraform',
  description: 'by Terraform',
  color: '#0063F7',
  modules: ['DBOPS', 'CD'],
  tags: { owner: 'tf' },
};

/** @param suffix keeps the organization apart from those of other runs: it is the one thing that belongs to the account */
export function platformResources(suffix: string): readonly Resource[] {
  const org = { ...organization, identifier: `tf_org_${suffix}` };
  const one = `/ng/api/organizations/${org.identifier}`;
  return [
    {
      type: 'platform_organization',
      first: org,
      second: { identifier: org.identifier, name: 'Renamed' },
      create: (_at, args) => ({ method: 'POST', path: '/ng/api/organizations', body: { organization: args } }),
      update: (_at, args) => ({ method: 'PUT', path: one, body: { organization: args } }),
      read: () => ({ method: 'GET', path: one }),
      destroy: () => ({ method: 'DELETE', path: one }),
      state: unwrapped('organization'),
      goneBy: 'code',
      compared: ['description', 'tags'],
    },
    {
      type: 'platform_project',
      first: project,
      second: { identifier: project.identifier, name: 'Renamed', color: '#ffffff', modules: ['CD'] },
      create: (at, args) => ({
        method: 'POST',
        path: '/ng/api/projects',
        query: { orgIdentifier: at.org },
        body: { project: { ...args, orgIdentifier: at.org } },
      }),
      update: (at, args) => ({
        method: 'PUT',
        path: '/ng/api/projects/tf_project',
        query: { orgIdentifier: at.org },
        body: { project: { ...args, orgIdentifier: at.org } },
      }),
      read: (at) => ({ method: 'GET', path: '/ng/api/projects/tf_project', query: { orgIdentifier: at.org } }),
      destroy: (at) => ({ method: 'DELETE', path: '/ng/api/projects/tf_project', query: { orgIdentifier: at.org } }),
      state: unwrapped('project'),
      goneBy: 'code',
      compared: ['description', 'tags'],
    },
  ];
}

/** The v1 generation: bare objects, the account in a header. */
function v1Resource(
  type: string,
  collection: (at: Surroundings) => string,
  identifier: string,
  args: object,
  second: object,
  compared: readonly string[],
  query?: (at: Surroundings) => Record<string, string>,
): Resource {
  const one = (at: Surroundings): { path: string; query?: Record<string, string> } => ({
    path: `${collection(at)}/${identifier}`,
    ...(query ? { query: query(at) } : {}),
  });
  return {
    type,
    first: { identifier, ...args },
    second: { identifier, ...second },
    goneBy: 'status',
    compared,
    create: (at, sent) => ({ ...one(at), method: 'POST', path: collection(at), body: sent }),
    update: (at, sent) => ({ ...one(at), method: 'PUT', body: sent }),
    read: (at) => ({ ...one(at), method: 'GET' }),
    destroy: (at) => ({ ...one(at), method: 'DELETE' }),
    state: (body) => body,
  };
}

const SCHEMA = ['tags', 'service', 'changelog', 'changeLogScript', 'usePercona'];
const INSTANCE = ['tags', 'branch', 'commitSha', 'gitTag', 'context', 'substituteProperties'];
const schemas = (at: Surroundings): string => `${v1(at)}/dbschema`;
const liquibase = { type: 'Repository', migrationType: 'Liquibase' };
const ofScript = { type: 'Script', migrationType: 'Liquibase' };
const script = { location: 'changelog.yaml', image: 'alpine', shell: 'Bash', command: 'echo' };

/** Always the whole entity, without what is empty: the second form lacks what the first one had, and must not get it back. */
export const DATABASES: readonly Resource[] = [
  v1Resource(
    'platform_db_schema',
    schemas,
    'tf_schema',
    {
      name: 'Orders',
      tags: { owner: 'tf' },
      service: 'orders',
      ...liquibase,
      changelog: { connector: 'git', location: 'db/changelog.xml', repo: 'orders' },
      usePercona: true,
    },
    { name: 'Renamed', ...liquibase, changelog: { connector: 'git', location: 'db/other.xml' } },
    SCHEMA,
  ),
  v1Resource(
    'platform_db_schema of an archive, by releases without types',
    schemas,
    'tf_archive',
    {
      name: 'Orders',
      tags: { owner: 'tf' },
      changelog: { connector: 'git', location: 'changelog.xml', archivePath: 'a.zip' },
    },
    { name: 'Orders', changelog: { connector: 'git', location: 'changelog.xml' } },
    SCHEMA,
  ),
  {
    ...v1Resource(
      'platform_db_schema in a repository of the platform',
      schemas,
      'tf_own',
      { name: 'Orders', ...liquibase, changelog: { connector: 'git', location: 'db/changelog.xml' } },
      { name: 'Orders', ...liquibase, changelog: { connector: '', location: 'db/changelog.xml', repo: 'orders' } },
      SCHEMA,
    ),
    kept: (args) =>
      path(args, 'changelog', 'connector') === ''
        ? { ...args, changelog: { location: 'db/changelog.xml', repo: 'orders' } }
        : args,
  },
  v1Resource(
    'platform_db_schema of a script',
    schemas,
    'tf_script',
    { name: 'Orders', tags: {}, ...ofScript, changeLogScript: script },
    { name: 'Orders', ...ofScript, changeLogScript: { ...script, shell: 'Sh', command: 'true' } },
    SCHEMA,
  ),
  v1Resource(
    'platform_db_schema of a script that becomes one of a repository',
    schemas,
    'tf_becoming',
    { name: 'Orders', service: 'orders', ...ofScript, changeLogScript: script },
    { name: 'Orders', ...liquibase, changelog: { connector: 'git', location: 'db/changelog.xml' } },
    SCHEMA,
  ),
  v1Resource(
    'platform_db_schema of Flyway',
    schemas,
    'tf_flyway',
    {
      name: 'Orders',
      tags: { a: 'b' },
      type: 'Repository',
      migrationType: 'Flyway',
      changelog: { connector: 'git', location: 'migrations', toml: 'flyway.toml' },
    },
    {
      name: 'Renamed',
      type: 'Repository',
      migrationType: 'Flyway',
      changelog: { connector: 'git', location: 'migrations' },
    },
    SCHEMA,
  ),
  v1Resource(
    'platform_db_instance',
    (at) => `${schemas(at)}/orders/instance`,
    'tf_instance',
    {
      name: 'Production',
      tags: { owner: 'tf' },
      connector: 'jdbc',
      branch: 'main',
      context: 'prod',
      substituteProperties: { owner: 'app' },
    },
    { name: 'Renamed', connector: 'jdbc', commitSha: '<+trigger.commitSha>' },
    INSTANCE,
  ),
  v1Resource(
    'platform_db_instance on a tag',
    (at) => `${schemas(at)}/orders/instance`,
    'tf_tagged',
    { name: 'Production', connector: 'jdbc', gitTag: 'v1' },
    {
      name: 'Production',
      tags: { owner: 'tf' },
      connector: 'jdbc',
      branch: 'main',
      context: 'live',
      substituteProperties: { owner: 'other' },
    },
    INSTANCE,
  ),
];

const pipelineYaml = (name: string): string =>
  stringify({
    pipeline: {
      name,
      identifier: 'tf_pipeline',
      description: 'by Terraform',
      tags: { owner: 'tf' },
      stages: [
        {
          stage: {
            name: 's',
            identifier: 's',
            type: 'Custom',
            spec: {
              execution: {
                steps: [
                  {
                    stepGroup: {
                      name: 'g',
                      identifier: 'g',
                      stepGroupInfra: { type: 'KubernetesDirect', spec: { connectorRef: 'account.local' } },
                      steps: [
                        {
                          step: {
                            name: 'a',
                            identifier: 'a',
                            type: 'DBSchemaApply',
                            timeout: '10m',
                            spec: { connectorRef: 'account.harnessImage', dbSchema: 'orders', dbInstance: 'prod' },
                          },
                        },
                      ],
                    },
                  },
                ],
              },
            },
          },
        },
      ],
    },
  });
const inputSetText = (name: string, { org, project, pipeline }: Surroundings, identifier: string): string =>
  stringify({
    inputSet: {
      name,
      identifier,
      tags: {},
      orgIdentifier: org,
      projectIdentifier: project,
      pipeline: { identifier: pipeline, variables: [{ name: 'tag', type: 'String', value: 'v1' }] },
    },
  });
const triggerText = (name: string, { org, project, pipeline }: Surroundings): string =>
  `---\n${stringify({ trigger: { name, identifier: 'tf_trigger', enabled: false, description: '', tags: {}, projectIdentifier: project, orgIdentifier: org, pipelineIdentifier: pipeline, source: { type: 'Scheduled', spec: { type: 'Cron', spec: { type: 'UNIX', expression: '0 3 * * *' } } }, inputYaml: 'pipeline: {}\n' } })}`;

/** A document that goes out as text and is kept verbatim; the provider's arguments say only its name. */
function documentOf(
  type: string,
  root: string,
  identifier: string,
  query: (at: Surroundings) => Record<string, string>,
  text: (name: string, at: Surroundings) => string,
  textKey: string,
): Resource {
  const nameOf = (args: object): string => String(property(args, 'name'));
  const at = (surroundings: Surroundings): Record<string, string> => ({
    ...scoped(surroundings),
    ...query(surroundings),
  });
  return {
    type,
    first: { identifier, name: 'First' },
    second: { identifier, name: 'Second' },
    goneBy: 'code',
    compared: [],
    kept: (args, place) => ({ ...args, [textKey]: text(nameOf(args), place), ...scoped(place) }),
    create: (place, args) => ({ method: 'POST', path: root, query: at(place), body: text(nameOf(args), place) }),
    update: (place, args) => ({
      method: 'PUT',
      path: `${root}/${identifier}`,
      query: at(place),
      body: text(nameOf(args), place),
    }),
    read: (place) => ({ method: 'GET', path: `${root}/${identifier}`, query: at(place) }),
    destroy: (place) => ({
      method: 'DELETE',
      path: `${root}/${identifier}`,
      query: at(place),
      headers: { 'If-Match': '' },
    }),
    state: (body) => property(body, 'data'),
  };
}

export const PIPELINES: readonly Resource[] = [
  v1Resource(
    'platform_pipeline',
    (at) => `${v1(at)}/pipelines`,
    'tf_pipeline',
    { name: 'First', description: 'by Terraform', tags: { owner: 'tf' }, pipeline_yaml: pipelineYaml('First') },
    { name: 'Second', description: 'by Terraform', pipeline_yaml: pipelineYaml('Second') },
    ['git_details', 'template_applied_pipeline_yaml'],
  ),
  documentOf(
    'platform_triggers',
    '/pipeline/api/triggers',
    'tf_trigger',
    ({ pipeline }) => ({ targetIdentifier: pipeline, withServiceV2: 'true' }),
    triggerText,
    'yaml',
  ),
  documentOf(
    'platform_input_set of older releases',
    '/pipeline/api/inputSets',
    'tf_set_ng',
    ({ pipeline }) => ({ pipelineIdentifier: pipeline, isNewBranch: 'false' }),
    (name, at) => inputSetText(name, at, 'tf_set_ng'),
    'inputSetYaml',
  ),
];

/** An input set in the v1 form names its place in the YAML, so it is made for one. */
export function inputSetResource(at: Surroundings): Resource {
  const first = { name: 'First', input_set_yaml: inputSetText('First', at, 'tf_set') };
  return v1Resource(
    'platform_input_set',
    () => `${v1(at)}/input-sets`,
    'tf_set',
    first,
    { name: 'Second', input_set_yaml: inputSetText('Second', at, 'tf_set') },
    ['git_details', 'description', 'tags'],
    ({ pipeline }) => ({ pipeline }),
  );
}
