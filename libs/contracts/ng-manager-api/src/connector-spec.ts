import { entityRef } from '@sluice/api-conventions';
import { z } from 'zod';
import { named, scopeInBody } from './places.js';

/**
 * Connectors by type (api-contract 3.3). Every documented field is kept and echoed; keys nobody documents are dropped, so that a secret
 * sent under a made-up key is not stored.
 */
const text = z.string().max(1024);
const url = z.string().min(1).max(2048);
const selectors = z.array(z.string().min(1).max(128)).max(64).nullish();
const delegate = { delegateSelectors: selectors, executeOnDelegate: z.boolean().nullish() };
const secretRef = entityRef;
const username = { username: text.nullish(), usernameRef: secretRef.nullish() };
const usernamePassword = z.object({ ...username, passwordRef: secretRef.nullish() });
const usernameToken = z.object({ ...username, tokenRef: secretRef.nullish() });
const sshKey = z.object({ sshKeyRef: secretRef });
const gitHubApp = z.object({
  installationId: text.nullish(), installationIdRef: secretRef.nullish(), applicationId: text.nullish(), applicationIdRef: secretRef.nullish(), privateKeyRef: secretRef,
});

const jdbcAuth = z.discriminatedUnion('type', [
  z.object({ type: z.literal('UsernamePassword'), spec: z.object({ ...username, passwordRef: secretRef }) }),
  z.object({ type: z.literal('ServiceAccount'), spec: z.object({ serviceAccountTokenRef: secretRef }) }),
  z.object({ type: z.literal('KeyPair'), spec: z.object({ ...username, privateKeyFileRef: secretRef, privateKeyPassphraseRef: secretRef.nullish() }) }),
  z.object({ type: z.literal('InheritFromDelegate'), spec: z.object(username).nullish() }),
  z.object({
    type: z.literal('Oidc'),
    spec: z.object({ type: text.nullish(), spec: z.object({ projectNumber: text, workloadPoolId: text, providerId: text, serviceAccountEmail: text }).nullish() }),
  }),
]);

/** `auth` may be absent: the database is reached without a password. */
export const jdbcSpec = z.object({ url, auth: jdbcAuth.nullish(), ...delegate, ignoreTestConnection: z.boolean().nullish() });
export type JdbcSpec = z.output<typeof jdbcSpec>;

const gitBase = { url, connectionType: z.enum(['Account', 'Repo']), validationRepo: text.nullish(), branchName: text.nullish(), ...delegate };
/** `spec` of Http may be absent or empty: an anonymous read, our extension. */
export const gitSpec = z.discriminatedUnion('type', [
  z.object({ type: z.literal('Http'), ...gitBase, spec: usernamePassword.nullish() }),
  z.object({ type: z.literal('Ssh'), ...gitBase, spec: sshKey }),
]);
export type GitSpec = z.output<typeof gitSpec>;

const httpAuthentication = z.discriminatedUnion('type', [
  z.object({ type: z.literal('UsernameToken'), spec: usernameToken }),
  z.object({ type: z.literal('UsernamePassword'), spec: usernamePassword }),
  z.object({ type: z.literal('GithubApp'), spec: gitHubApp }),
  z.object({ type: z.literal('Anonymous'), spec: z.object({}).nullish() }),
]);
const authentication = z.discriminatedUnion('type', [
  z.object({ type: z.literal('Http'), spec: httpAuthentication }),
  z.object({ type: z.literal('Ssh'), spec: sshKey }),
]);
const token = z.object({ tokenRef: secretRef });
const apiAccess = z.discriminatedUnion('type', [
  z.object({ type: z.literal('Token'), spec: token }),
  z.object({ type: z.literal('GithubApp'), spec: gitHubApp }),
  z.object({ type: z.literal('UsernameToken'), spec: usernameToken }),
  z.object({ type: z.literal('AccessToken'), spec: token }),
  z.object({ type: z.literal('EmailAndApiToken'), spec: z.object({ email: text.nullish(), emailRef: secretRef.nullish(), tokenRef: secretRef }) }),
]);
/** Github, Gitlab and Bitbucket alike. */
export const gitProviderSpec = z.object({
  url, type: z.enum(['Account', 'Repo']), authentication, apiAccess: apiAccess.nullish(), validationRepo: text.nullish(), proxy: z.boolean().nullish(), ignoreTestConnection: z.boolean().nullish(), ...delegate,
});
export type GitProviderSpec = z.output<typeof gitProviderSpec>;

const k8sAuth = z.discriminatedUnion('type', [
  z.object({ type: z.literal('UsernamePassword'), spec: usernamePassword }),
  z.object({ type: z.literal('ServiceAccount'), spec: z.object({ serviceAccountTokenRef: secretRef, caCertRef: secretRef.nullish() }) }),
  z.object({
    type: z.literal('ClientKeyCert'),
    spec: z.object({ clientCertRef: secretRef, clientKeyRef: secretRef, caCertRef: secretRef.nullish(), clientKeyPassphraseRef: secretRef.nullish(), clientKeyAlgo: text.nullish() }),
  }),
  z.object({
    type: z.literal('OpenIdConnect'),
    spec: z.object({
      oidcIssuerUrl: url.nullish(), oidcUsername: text.nullish(), oidcUsernameRef: secretRef.nullish(), oidcClientIdRef: secretRef, oidcPasswordRef: secretRef,
      oidcSecretRef: secretRef.nullish(), oidcScopes: text.nullish(),
    }),
  }),
]);
const k8sSpec = z.object({
  credential: z.discriminatedUnion('type', [
    z.object({ type: z.literal('InheritFromDelegate'), spec: z.object({}).nullish() }),
    z.object({ type: z.literal('ManualConfig'), spec: z.object({ masterUrl: url, auth: k8sAuth }) }),
  ]),
  delegateSelectors: selectors,
});

const dockerRegistrySpec = z.object({
  dockerRegistryUrl: url,
  providerType: z.enum(['DockerHub', 'Harbor', 'Quay', 'Other']),
  auth: z
    .discriminatedUnion('type', [
      z.object({ type: z.literal('Anonymous'), spec: z.object({}).nullish() }),
      z.object({ type: z.literal('UsernamePassword'), spec: usernamePassword }),
    ])
    .nullish(),
  ...delegate,
});

const vaultSpec = z.object({
  vaultUrl: url,
  renewalIntervalMinutes: z.int().min(0).max(525_600),
  basePath: text.nullish(), namespace: text.nullish(), secretEngineName: text.nullish(), secretEngineVersion: z.int().nullish(), secretEngineManuallyConfigured: z.boolean().nullish(),
  isReadOnly: z.boolean().nullish(), readOnly: z.boolean().nullish(), isDefault: z.boolean().nullish(), default: z.boolean().nullish(), accessType: text.nullish(),
  /** Secret references, like every `…Ref` elsewhere. */
  authToken: secretRef.nullish(), secretId: secretRef.nullish(),
  appRoleId: text.nullish(), renewAppRoleToken: z.boolean().nullish(), useVaultAgent: z.boolean().nullish(), sinkPath: text.nullish(),
  useAwsIam: z.boolean().nullish(), awsRegion: text.nullish(), vaultAwsIamRole: text.nullish(), xvaultAwsIamServerId: secretRef.nullish(),
  useK8sAuth: z.boolean().nullish(), vaultK8sAuthRole: text.nullish(), serviceAccountTokenPath: text.nullish(), k8sAuthEndpoint: text.nullish(),
  useJwtAuth: z.boolean().nullish(), jwtAuthRole: text.nullish(), jwtAuthPath: text.nullish(),
  ...delegate,
});

const localSpec = z.object({ default: z.boolean().nullish() });

const head = { ...named, ...scopeInBody };

export const CONNECTOR_TYPES = ['JDBC', 'Git', 'Github', 'Gitlab', 'Bitbucket', 'K8sCluster', 'DockerRegistry', 'Local', 'Vault'] as const;
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
};

export const connector = z.discriminatedUnion(
  'type',
  [
    z.object({ ...head, type: z.literal('JDBC'), spec: jdbcSpec }),
    z.object({ ...head, type: z.literal('Git'), spec: gitSpec }),
    z.object({ ...head, type: z.literal('Github'), spec: gitProviderSpec }),
    z.object({ ...head, type: z.literal('Gitlab'), spec: gitProviderSpec }),
    z.object({ ...head, type: z.literal('Bitbucket'), spec: gitProviderSpec }),
    z.object({ ...head, type: z.literal('K8sCluster'), spec: k8sSpec }),
    z.object({ ...head, type: z.literal('DockerRegistry'), spec: dockerRegistrySpec }),
    z.object({ ...head, type: z.literal('Local'), spec: localSpec }),
    z.object({ ...head, type: z.literal('Vault'), spec: vaultSpec }),
  ],
  { error: (issue) => (issue.code === 'invalid_union' ? `connector type is not supported; use one of ${CONNECTOR_TYPES.join(', ')}` : undefined) },
);
export type Connector = z.output<typeof connector>;
/** Type and spec, which belong together. */
export type ConnectorBody = { [T in ConnectorType]: Pick<Extract<Connector, { type: T }>, 'type' | 'spec'> }[ConnectorType];
