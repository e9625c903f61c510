import { refusingNearKeys } from '@sluice/api-conventions';
import { z } from 'zod';
import {
  artifactorySpec,
  awsSecretManagerSpec,
  awsSpec,
  azureKeyVaultSpec,
  azureSpec,
  gcpSecretManagerSpec,
  gcpSpec,
  nexusSpec,
} from './cloud-connector-spec.js';
import {
  anonymous,
  byPassword,
  delegate,
  optionalRef,
  secretRef,
  selectors,
  sentType,
  text,
  url,
  username,
  usernamePassword,
  variant,
  variants,
} from './connector-parts.js';
import { named, scopeInBody } from './places.js';

/**
 * Connectors by type (api-contract 3.3). Every documented field is kept and echoed; keys nobody documents are dropped, so that a secret
 * sent under a made-up key is not stored.
 */
const usernameToken = z.object({ ...username, tokenRef: optionalRef });
const sshKey = z.object({ sshKeyRef: secretRef });
const gitHubApp = z.object({
  installationId: text.nullish(),
  installationIdRef: optionalRef,
  applicationId: text.nullish(),
  applicationIdRef: optionalRef,
  privateKeyRef: secretRef,
});

const jdbcAuth = variants(
  [
    z.object({ type: z.literal('UsernamePassword'), spec: z.object({ ...username, passwordRef: secretRef }) }),
    z.object({ type: z.literal('ServiceAccount'), spec: z.object({ serviceAccountTokenRef: secretRef }) }),
    z.object({
      type: z.literal('KeyPair'),
      spec: z.object({ ...username, privateKeyFileRef: secretRef, privateKeyPassphraseRef: optionalRef }),
    }),
    z.object({ type: z.literal('InheritFromDelegate'), spec: z.object(username).nullish() }),
    z.object({
      type: z.literal('Oidc'),
      spec: z.object({
        type: text.nullish(),
        spec: z
          .object({ projectNumber: text, workloadPoolId: text, providerId: text, serviceAccountEmail: text })
          .nullish(),
      }),
    }),
  ],
  'JDBC authentication',
);

/** `auth` may be absent: the database is reached without a password. */
export const jdbcSpec = z.object({
  url,
  auth: jdbcAuth.nullish(),
  ...delegate,
  ignoreTestConnection: z.boolean().nullish(),
});

const gitBase = {
  url,
  connectionType: z.enum(['Account', 'Repo']),
  validationRepo: text.nullish(),
  branchName: text.nullish(),
  ...delegate,
};
/** `spec` of Http may be absent or empty: an anonymous read, our extension. */
export const gitSpec = variants(
  [
    z.object({ type: z.literal('Http'), ...gitBase, spec: usernamePassword.nullish() }),
    z.object({ type: z.literal('Ssh'), ...gitBase, spec: sshKey }),
  ],
  'Git connection',
);
export type GitSpec = z.output<typeof gitSpec>;

const byToken = variant('UsernameToken', usernameToken);
const byApp = variant('GithubApp', gitHubApp);
const overSsh = variant('Ssh', sshKey);
const apiToken = variant('Token', z.object({ tokenRef: secretRef }));

const provider = {
  url,
  type: z.enum(['Account', 'Repo'], { error: 'must be Account or Repo' }),
  validationRepo: text.nullish(),
  ...delegate,
};
const githubSpec = z.object({
  ...provider,
  authentication: variants(
    [variant('Http', variants([byToken, byApp, anonymous, byPassword], 'Github authentication')), overSsh],
    'Github connection',
  ),
  apiAccess: variants([apiToken, byApp], 'Github API access').nullish(),
});
const gitlabSpec = z.object({
  ...provider,
  authentication: variants(
    [variant('Http', variants([byPassword, byToken], 'Gitlab authentication')), overSsh],
    'Gitlab connection',
  ),
  apiAccess: variants([apiToken], 'Gitlab API access').nullish(),
  proxy: z.boolean().nullish(),
  ignoreTestConnection: z.boolean().nullish(),
});
const bitbucketSpec = z.object({
  ...provider,
  authentication: variants(
    [variant('Http', variants([byPassword], 'Bitbucket authentication')), overSsh],
    'Bitbucket connection',
  ),
  apiAccess: variants(
    [
      byToken,
      variant('AccessToken', z.object({ tokenRef: secretRef })),
      variant('EmailAndApiToken', z.object({ email: text.nullish(), emailRef: optionalRef, tokenRef: secretRef })),
    ],
    'Bitbucket API access',
  ).nullish(),
});
export type GitProviderSpec =
  | z.output<typeof githubSpec>
  | z.output<typeof gitlabSpec>
  | z.output<typeof bitbucketSpec>;

const k8sAuth = variants(
  [
    z.object({ type: z.literal('UsernamePassword'), spec: usernamePassword }),
    z.object({
      type: z.literal('ServiceAccount'),
      spec: z.object({ serviceAccountTokenRef: secretRef, caCertRef: optionalRef }),
    }),
    z.object({
      type: z.literal('ClientKeyCert'),
      spec: z.object({
        clientCertRef: secretRef,
        clientKeyRef: secretRef,
        caCertRef: optionalRef,
        clientKeyPassphraseRef: optionalRef,
        clientKeyAlgo: text.nullish(),
      }),
    }),
    z.object({
      type: z.literal('OpenIdConnect'),
      spec: z.object({
        oidcIssuerUrl: url.nullish(),
        oidcUsername: text.nullish(),
        oidcUsernameRef: optionalRef,
        oidcClientIdRef: secretRef,
        oidcPasswordRef: secretRef,
        oidcSecretRef: optionalRef,
        oidcScopes: text.nullish(),
      }),
    }),
  ],
  'Kubernetes authentication',
);
export type K8sAuth = z.output<typeof k8sAuth>;
const k8sSpec = z.object({
  credential: variants(
    [
      z.object({ type: z.literal('InheritFromDelegate'), spec: z.object({}).nullish() }),
      z.object({ type: z.literal('ManualConfig'), spec: z.object({ masterUrl: url, auth: k8sAuth }) }),
    ],
    'Kubernetes credential',
  ),
  delegateSelectors: selectors,
});

const dockerRegistrySpec = z.object({
  dockerRegistryUrl: url,
  providerType: z.enum(['DockerHub', 'Harbor', 'Quay', 'Other']),
  auth: variants([anonymous, byPassword], 'registry authentication').nullish(),
  ...delegate,
});

const vaultSpec = z.object({
  vaultUrl: url,
  renewalIntervalMinutes: z.int().min(0).max(525_600),
  basePath: text.nullish(),
  namespace: text.nullish(),
  secretEngineName: text.nullish(),
  secretEngineVersion: z.int().nullish(),
  secretEngineManuallyConfigured: z.boolean().nullish(),
  isReadOnly: z.boolean().nullish(),
  readOnly: z.boolean().nullish(),
  isDefault: z.boolean().nullish(),
  default: z.boolean().nullish(),
  accessType: text.nullish(),
  /** Secret references, like every `…Ref` elsewhere. */
  authToken: optionalRef,
  secretId: optionalRef,
  appRoleId: text.nullish(),
  renewAppRoleToken: z.boolean().nullish(),
  useVaultAgent: z.boolean().nullish(),
  sinkPath: text.nullish(),
  useAwsIam: z.boolean().nullish(),
  awsRegion: text.nullish(),
  vaultAwsIamRole: text.nullish(),
  xvaultAwsIamServerId: optionalRef,
  useK8sAuth: z.boolean().nullish(),
  vaultK8sAuthRole: text.nullish(),
  serviceAccountTokenPath: text.nullish(),
  k8sAuthEndpoint: text.nullish(),
  useJwtAuth: z.boolean().nullish(),
  jwtAuthRole: text.nullish(),
  jwtAuthPath: text.nullish(),
  ...delegate,
});

const localSpec = z.object({ default: z.boolean().nullish() });

/** Words of the addresses below `/ng/api/connectors`: a connector of that name could not be read. */
const RESERVED_IDENTIFIERS: readonly string[] = ['catalogue', 'stats', 'fieldValues', 'validateUniqueIdentifier'];
const head = {
  ...named,
  identifier: named.identifier.refine((text) => !RESERVED_IDENTIFIERS.includes(text), {
    error: `is reserved, as are ${RESERVED_IDENTIFIERS.join(', ')}; choose another identifier`,
  }),
  ...scopeInBody,
};

export const CONNECTOR_TYPES = [
  'JDBC',
  'Git',
  'Github',
  'Gitlab',
  'Bitbucket',
  'K8sCluster',
  'DockerRegistry',
  'Local',
  'Vault',
  'Artifactory',
  'Nexus',
  'Aws',
  'Gcp',
  'Azure',
  'AwsSecretManager',
  'GcpSecretManager',
  'AzureKeyVault',
] as const;
export type ConnectorType = (typeof CONNECTOR_TYPES)[number];

/** The types a changelog can be read from. */
export const GIT_CONNECTOR_TYPES: readonly ConnectorType[] = ['Git', 'Github', 'Gitlab', 'Bitbucket'];

export const CONNECTOR_CATEGORIES: Readonly<Record<ConnectorType, string>> = {
  JDBC: 'DATABASE',
  Git: 'CODE_REPO',
  Github: 'CODE_REPO',
  Gitlab: 'CODE_REPO',
  Bitbucket: 'CODE_REPO',
  K8sCluster: 'CLOUD_PROVIDER',
  DockerRegistry: 'ARTIFACTORY',
  Local: 'SECRET_MANAGER',
  Vault: 'SECRET_MANAGER',
  Artifactory: 'ARTIFACTORY',
  Nexus: 'ARTIFACTORY',
  Aws: 'CLOUD_PROVIDER',
  Gcp: 'CLOUD_PROVIDER',
  Azure: 'CLOUD_PROVIDER',
  AwsSecretManager: 'SECRET_MANAGER',
  GcpSecretManager: 'SECRET_MANAGER',
  AzureKeyVault: 'SECRET_MANAGER',
};

/** Types clients know and this server has no use for; refused by their name. */
const OTHER_TYPES = [
  'Splunk',
  'AppDynamics',
  'Prometheus',
  'Dynatrace',
  'AwsKms',
  'GcpKms',
  'AzureArtifacts',
  'AzureRepo',
  'Jira',
  'Jenkins',
  'Codecommit',
  'CEAws',
  'CEAzure',
  'GcpCloudCost',
  'CEK8sCluster',
  'HttpHelmRepo',
  'OciHelmRepo',
  'NewRelic',
  'Datadog',
  'SumoLogic',
  'PagerDuty',
  'Spot',
  'ServiceNow',
  'Tas',
  'TerraformCloud',
  'ElasticSearch',
  'Rancher',
  'CustomHealth',
  'Pdc',
  'CustomSecretManager',
  'Harness',
  'SignalFX',
  'Bamboo',
  'ErrorTracking',
  'Mcp',
];

/** `connector type "Jira" is not supported by this server; …`, and for what no client knows: `connector type "Fax" does not exist; …`. */
export function unsupportedType(value: unknown): string {
  const type = sentType(value);
  const isKnown = OTHER_TYPES.includes(type.slice(1, -1));
  return `connector type ${type} ${isKnown ? 'is not supported by this server' : 'does not exist'}; use one of ${CONNECTOR_TYPES.join(', ')}`;
}

export const connector = z.discriminatedUnion(
  'type',
  [
    z.object({ ...head, type: z.literal('JDBC'), spec: jdbcSpec }),
    z.object({ ...head, type: z.literal('Git'), spec: gitSpec }),
    z.object({ ...head, type: z.literal('Github'), spec: githubSpec }),
    z.object({ ...head, type: z.literal('Gitlab'), spec: gitlabSpec }),
    z.object({ ...head, type: z.literal('Bitbucket'), spec: bitbucketSpec }),
    z.object({ ...head, type: z.literal('K8sCluster'), spec: k8sSpec }),
    z.object({ ...head, type: z.literal('DockerRegistry'), spec: dockerRegistrySpec }),
    z.object({ ...head, type: z.literal('Local'), spec: localSpec }),
    z.object({ ...head, type: z.literal('Vault'), spec: vaultSpec }),
    z.object({ ...head, type: z.literal('Artifactory'), spec: artifactorySpec }),
    z.object({ ...head, type: z.literal('Nexus'), spec: nexusSpec }),
    z.object({ ...head, type: z.literal('Aws'), spec: awsSpec }),
    z.object({ ...head, type: z.literal('Gcp'), spec: gcpSpec }),
    z.object({ ...head, type: z.literal('Azure'), spec: azureSpec }),
    z.object({ ...head, type: z.literal('AwsSecretManager'), spec: awsSecretManagerSpec }),
    z.object({ ...head, type: z.literal('GcpSecretManager'), spec: gcpSecretManagerSpec }),
    z.object({ ...head, type: z.literal('AzureKeyVault'), spec: azureKeyVaultSpec }),
  ],
  { error: (issue) => (issue.code === 'invalid_union' ? unsupportedType(issue.input) : undefined) },
);
export type Connector = z.output<typeof connector>;

/** What clients send along in the spec of a connector and nothing reads: a class name, and the flags of secret managers under their other names. */
const SENT_ALONG = ['connectorType', 'isDefault', 'isReadOnly', 'readOnly'];
/** A connector as requests carry it: a misspelt field is refused. Its value is not repeated, since it may be a password. */
export const connectorIn = refusingNearKeys(connector, { alsoSent: SENT_ALONG, showsValues: false });
/** Type and spec, which belong together. */
export type ConnectorBody = {
  [T in ConnectorType]: Pick<Extract<Connector, { type: T }>, 'type' | 'spec'>;
}[ConnectorType];
