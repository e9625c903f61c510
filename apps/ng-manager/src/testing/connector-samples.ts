/** One spec of every connector type and every way to authenticate, with every documented field (api-contract 3.3). `SECRET` is a text secret of the scope. */
export const SECRET = 'a_secret';

const reach = { delegateSelectors: ['eu', 'prod'], executeOnDelegate: true };
const user = { username: 'ann' };
const byRef = { usernameRef: SECRET };
const app = { installationId: '12', applicationId: '34', privateKeyRef: SECRET };
const ssh = { type: 'Ssh', spec: { sshKeyRef: SECRET } };
const http = (type: string, spec?: object) => ({ type: 'Http', spec: { type, ...(spec ? { spec } : {}) } });
const jdbc = (type: string, spec: object) => ({
  url: 'jdbc:postgresql://db.example:5432/orders?sslmode=require',
  auth: { type, spec },
  ...reach,
  ignoreTestConnection: false,
});
const git = (rest: object) => ({
  url: 'https://git.example.com/team/app.git',
  type: 'Http',
  connectionType: 'Repo',
  validationRepo: '',
  branchName: 'main',
  ...reach,
  ...rest,
});
const hub = (authentication: object, rest: object = {}) => ({
  url: 'https://github.example/team',
  type: 'Account',
  authentication,
  validationRepo: 'app',
  ...reach,
  ...rest,
});
const sshHub = (rest: object = {}) => ({ ...hub(ssh, rest), url: 'git@github.example:team' });
const cluster = (type: string, spec: object) => ({
  credential: { type: 'ManualConfig', spec: { masterUrl: 'https://k8s.example:6443', auth: { type, spec } } },
  delegateSelectors: ['k8s'],
});
const registry = (auth: object) => ({
  dockerRegistryUrl: 'https://registry.example/v2/',
  providerType: 'Harbor',
  auth,
  ...reach,
});
const login = { type: 'UsernamePassword', spec: { ...user, passwordRef: SECRET } };
const artifactory = (auth: object) => ({
  artifactoryServerUrl: 'https://artifactory.example/artifactory',
  auth,
  ...reach,
});
const nexus = (auth: object) => ({
  nexusServerUrl: 'https://nexus.example',
  version: '3.x',
  auth,
  delegateSelectors: ['eu'],
});
const across = {
  region: 'eu-west-1',
  crossAccountAccess: { crossAccountRoleArn: 'arn:aws:iam::1:role/r', externalId: 'x' },
};
const aws = (type: string, spec: object | undefined, rest: object = {}) => ({
  credential: { type, ...(spec ? { spec } : {}), ...across },
  ...reach,
  proxy: false,
  ignoreTestConnection: true,
  ...rest,
});
const awsRetry = (type: string, spec: object) => ({ awsSdkClientBackOffStrategyOverride: { type, spec } });
const gcpOidc = {
  workloadPoolId: 'pool',
  providerId: 'provider',
  gcpProjectId: '1',
  serviceAccountEmail: 'a@b.example',
};
const gcp = (type: string, spec?: object) => ({
  credential: { type, ...(spec ? { spec } : {}) },
  ...reach,
  proxy: true,
});
const azure = (type: string, spec: object) => ({ credential: { type, spec }, azureEnvironmentType: 'AZURE', ...reach });
const azureApp = (type: string, spec: object) =>
  azure('ManualConfig', { applicationId: 'app', tenantId: 'tenant', auth: { type, spec } });
const awsManager = (type: string, spec?: object) => ({
  credential: { type, ...(spec ? { spec } : {}) },
  region: 'eu-west-1',
  secretNamePrefix: 'p/',
  default: false,
  usePutSecret: true,
  recoveryWindowInDays: 7,
  delegateSelectors: ['eu'],
});
const keyVault = (rest: object) => ({
  vaultName: 'vault',
  subscription: 'sub',
  azureEnvironmentType: 'AZURE_US_GOVERNMENT',
  default: false,
  enablePurge: true,
  delegateSelectors: ['eu'],
  ...rest,
});
const vault = (rest: object) => ({
  vaultUrl: 'https://vault.example:8200',
  renewalIntervalMinutes: 10,
  basePath: 'harness',
  namespace: 'team',
  secretEngineName: 'kv',
  secretEngineVersion: 2,
  secretEngineManuallyConfigured: true,
  isReadOnly: false,
  readOnly: false,
  isDefault: false,
  default: false,
  ...reach,
  ...rest,
});

export const CONNECTOR_SAMPLES: readonly (readonly [type: string, variant: string, spec: object])[] = [
  ['JDBC', 'UsernamePassword', jdbc('UsernamePassword', { ...user, passwordRef: SECRET })],
  ['JDBC', 'UsernamePassword by reference', jdbc('UsernamePassword', { ...byRef, passwordRef: SECRET })],
  [
    'JDBC',
    'ServiceAccount',
    {
      ...jdbc('ServiceAccount', { serviceAccountTokenRef: SECRET }),
      url: 'jdbc:cloudspanner:/projects/p/instances/i/databases/d?lenient=true',
    },
  ],
  [
    'JDBC',
    'KeyPair',
    {
      ...jdbc('KeyPair', { ...user, privateKeyFileRef: SECRET, privateKeyPassphraseRef: SECRET }),
      url: 'jdbc:snowflake://a.snowflakecomputing.com/?warehouse=w&db=d',
    },
  ],
  [
    'JDBC',
    'InheritFromDelegate',
    {
      ...jdbc('InheritFromDelegate', user),
      url: 'jdbc:aws-wrapper:postgresql://db.example:5432/orders?wrapperPlugins=iam&ssl=true&sslmode=require',
    },
  ],
  [
    'JDBC',
    'Oidc',
    {
      ...jdbc('Oidc', {
        type: 'GCP',
        spec: {
          projectNumber: '1',
          workloadPoolId: 'pool',
          providerId: 'provider',
          serviceAccountEmail: 'a@b.example',
        },
      }),
      url: 'jdbc:cloudspanner:/projects/p/instances/i/databases/d',
    },
  ],
  ['JDBC', 'without authentication', { url: 'mongodb://db.example:27017/orders?authSource=admin' }],
  ['Git', 'Http', git({ spec: { ...user, passwordRef: SECRET } })],
  ['Git', 'Http by reference', git({ spec: { ...byRef, passwordRef: SECRET } })],
  ['Git', 'Http, anonymous', git({})],
  ['Git', 'Ssh', git({ type: 'Ssh', url: 'git@git.example.com:team/app.git', spec: { sshKeyRef: SECRET } })],
  [
    'Git',
    'Account',
    git({ connectionType: 'Account', validationRepo: 'app.git', spec: { ...user, passwordRef: SECRET } }),
  ],
  [
    'Github',
    'UsernameToken',
    hub(http('UsernameToken', { ...user, tokenRef: SECRET }), {
      apiAccess: { type: 'Token', spec: { tokenRef: SECRET } },
    }),
  ],
  ['Github', 'UsernameToken by reference', hub(http('UsernameToken', { ...byRef, tokenRef: SECRET }))],
  ['Github', 'GithubApp', hub(http('GithubApp', app), { apiAccess: { type: 'GithubApp', spec: app } })],
  [
    'Github',
    'GithubApp by reference',
    hub(http('GithubApp', { installationIdRef: SECRET, applicationIdRef: SECRET, privateKeyRef: SECRET })),
  ],
  ['Github', 'Anonymous', hub(http('Anonymous'))],
  ['Github', 'UsernamePassword', hub(http('UsernamePassword', { ...user, passwordRef: SECRET }))],
  ['Github', 'Ssh', sshHub({ apiAccess: { type: 'Token', spec: { tokenRef: SECRET } } })],
  [
    'Gitlab',
    'UsernamePassword',
    hub(http('UsernamePassword', { ...user, passwordRef: SECRET }), { proxy: true, ignoreTestConnection: true }),
  ],
  [
    'Gitlab',
    'UsernameToken',
    hub(http('UsernameToken', { ...user, tokenRef: SECRET }), {
      apiAccess: { type: 'Token', spec: { tokenRef: SECRET } },
    }),
  ],
  ['Gitlab', 'Ssh', sshHub()],
  [
    'Bitbucket',
    'UsernamePassword',
    hub(http('UsernamePassword', { ...user, passwordRef: SECRET }), {
      apiAccess: { type: 'UsernameToken', spec: { ...user, tokenRef: SECRET } },
    }),
  ],
  [
    'Bitbucket',
    'AccessToken for its API',
    hub(http('UsernamePassword', { ...byRef, passwordRef: SECRET }), {
      apiAccess: { type: 'AccessToken', spec: { tokenRef: SECRET } },
    }),
  ],
  [
    'Bitbucket',
    'EmailAndApiToken for its API',
    sshHub({ apiAccess: { type: 'EmailAndApiToken', spec: { email: 'a@b.example', tokenRef: SECRET } } }),
  ],
  ['K8sCluster', 'InheritFromDelegate', { credential: { type: 'InheritFromDelegate' }, delegateSelectors: ['k8s'] }],
  ['K8sCluster', 'UsernamePassword', cluster('UsernamePassword', { ...user, passwordRef: SECRET })],
  ['K8sCluster', 'ServiceAccount', cluster('ServiceAccount', { serviceAccountTokenRef: SECRET, caCertRef: SECRET })],
  [
    'K8sCluster',
    'ClientKeyCert',
    cluster('ClientKeyCert', {
      clientCertRef: SECRET,
      clientKeyRef: SECRET,
      caCertRef: SECRET,
      clientKeyPassphraseRef: SECRET,
      clientKeyAlgo: 'RSA',
    }),
  ],
  [
    'K8sCluster',
    'OpenIdConnect',
    cluster('OpenIdConnect', {
      oidcIssuerUrl: 'https://idp.example',
      oidcUsername: 'ann',
      oidcClientIdRef: SECRET,
      oidcPasswordRef: SECRET,
      oidcSecretRef: SECRET,
      oidcScopes: 'openid',
    }),
  ],
  ['DockerRegistry', 'Anonymous', registry({ type: 'Anonymous' })],
  [
    'DockerRegistry',
    'UsernamePassword',
    registry({ type: 'UsernamePassword', spec: { ...user, passwordRef: SECRET } }),
  ],
  [
    'DockerRegistry',
    'UsernamePassword by reference',
    registry({ type: 'UsernamePassword', spec: { ...byRef, passwordRef: SECRET } }),
  ],
  ['Vault', 'token', vault({ accessType: 'TOKEN', authToken: SECRET })],
  ['Vault', 'AppRole', vault({ accessType: 'APP_ROLE', appRoleId: 'role', secretId: SECRET, renewAppRoleToken: true })],
  ['Vault', 'agent', vault({ accessType: 'VAULT_AGENT', useVaultAgent: true, sinkPath: '/sink' })],
  [
    'Vault',
    'AWS IAM',
    vault({
      accessType: 'AWS_IAM',
      useAwsIam: true,
      awsRegion: 'eu-west-1',
      vaultAwsIamRole: 'role',
      xvaultAwsIamServerId: SECRET,
    }),
  ],
  [
    'Vault',
    'Kubernetes',
    vault({
      accessType: 'K8s_AUTH',
      useK8sAuth: true,
      vaultK8sAuthRole: 'role',
      serviceAccountTokenPath: '/t',
      k8sAuthEndpoint: 'kubernetes',
    }),
  ],
  ['Vault', 'JWT', vault({ accessType: 'JWT', useJwtAuth: true, jwtAuthRole: 'role', jwtAuthPath: 'jwt' })],
  ['Artifactory', 'Anonymous', artifactory({ type: 'Anonymous' })],
  ['Artifactory', 'UsernamePassword', artifactory(login)],
  ['Nexus', 'Anonymous', nexus({ type: 'Anonymous' })],
  ['Nexus', 'UsernamePassword', nexus(login)],
  [
    'Aws',
    'ManualConfig',
    aws(
      'ManualConfig',
      { accessKey: 'AKIA', secretKeyRef: SECRET },
      awsRetry('FixedDelayBackoffStrategy', { fixedBackoff: 10, retryCount: 3 }),
    ),
  ],
  [
    'Aws',
    'ManualConfig by reference',
    aws(
      'ManualConfig',
      { accessKeyRef: SECRET, secretKeyRef: SECRET, sessionTokenRef: SECRET },
      awsRetry('EqualJitterBackoffStrategy', { baseDelay: 10, maxBackoffTime: 100, retryCount: 3 }),
    ),
  ],
  [
    'Aws',
    'InheritFromDelegate',
    aws(
      'InheritFromDelegate',
      undefined,
      awsRetry('FullJitterBackoffStrategy', { baseDelay: 10, maxBackoffTime: 100, retryCount: 3 }),
    ),
  ],
  ['Aws', 'Irsa', aws('Irsa', undefined)],
  ['Aws', 'OidcAuthentication', aws('OidcAuthentication', { iamRoleArn: 'arn:aws:iam::1:role/r' })],
  ['Gcp', 'ManualConfig', gcp('ManualConfig', { secretKeyRef: SECRET })],
  ['Gcp', 'InheritFromDelegate', gcp('InheritFromDelegate')],
  ['Gcp', 'OidcAuthentication', gcp('OidcAuthentication', gcpOidc)],
  ['Azure', 'Secret', azureApp('Secret', { secretRef: SECRET })],
  ['Azure', 'Certificate', azureApp('Certificate', { certificateRef: SECRET })],
  [
    'Azure',
    'SystemAssignedManagedIdentity',
    azure('InheritFromDelegate', { auth: { type: 'SystemAssignedManagedIdentity' } }),
  ],
  [
    'Azure',
    'UserAssignedManagedIdentity',
    azure('InheritFromDelegate', { auth: { type: 'UserAssignedManagedIdentity', spec: { clientId: 'c' } } }),
  ],
  ['AwsSecretManager', 'ManualConfig', awsManager('ManualConfig', { accessKey: SECRET, secretKey: SECRET })],
  ['AwsSecretManager', 'AssumeIAMRole', awsManager('AssumeIAMRole')],
  [
    'AwsSecretManager',
    'AssumeSTSRole',
    awsManager('AssumeSTSRole', { roleArn: 'arn:aws:iam::1:role/r', externalId: 'x', assumeStsRoleDuration: 900 }),
  ],
  ['AwsSecretManager', 'OidcAuthentication', awsManager('OidcAuthentication', { iamRoleArn: 'arn:aws:iam::1:role/r' })],
  ['GcpSecretManager', 'credentials', { credentialsRef: SECRET, default: false, isDefault: false, ...reach }],
  ['GcpSecretManager', 'InheritFromDelegate', { assumeCredentialsOnDelegate: true, default: false, ...reach }],
  [
    'GcpSecretManager',
    'OidcAuthentication',
    { credential: { type: 'OidcAuthentication', spec: gcpOidc }, ignoreTestConnection: true, ...reach },
  ],
  ['AzureKeyVault', 'secret key', keyVault({ clientId: 'c', tenantId: 't', secretKey: SECRET, isDefault: false })],
  [
    'AzureKeyVault',
    'managed identity',
    keyVault({
      useManagedIdentity: true,
      azureManagedIdentityType: 'UserAssignedManagedIdentity',
      managedClientId: 'c',
    }),
  ],
];

/** Types that are kept and given out, and that nothing connects with. */
export const KEPT_TYPES: readonly string[] = [
  'Artifactory',
  'Nexus',
  'Aws',
  'Gcp',
  'Azure',
  'AwsSecretManager',
  'GcpSecretManager',
  'AzureKeyVault',
];
