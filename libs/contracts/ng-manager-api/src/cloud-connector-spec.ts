import { z } from 'zod';
import {
  anonymous,
  byPassword,
  delegate,
  optionalRef,
  secretRef,
  text,
  url,
  variant,
  variants,
} from './connector-parts.js';

/** Artifact servers, clouds and the secret managers of clouds: kept and echoed for clients that manage them; nothing connects with them yet. */
const flag = z.boolean().nullish();
const required = text.min(1);
const milliseconds = z.int().min(0).max(3_600_000);
const nothing = z.object({}).nullish();
const serverLogin = variants([anonymous, byPassword], 'authentication').nullish();

export const artifactorySpec = z.object({ artifactoryServerUrl: url, auth: serverLogin, ...delegate });
export const nexusSpec = z.object({
  nexusServerUrl: url,
  version: z.enum(['2.x', '3.x'], { error: 'must be 2.x or 3.x' }),
  auth: serverLogin,
  ...delegate,
});

const ofAws = {
  region: text.nullish(),
  crossAccountAccess: z.object({ crossAccountRoleArn: required, externalId: text.nullish() }).nullish(),
};
const retries = { retryCount: z.int().min(0).max(100).nullish() };
const jitter = z.object({ ...retries, baseDelay: milliseconds.nullish(), maxBackoffTime: milliseconds.nullish() });

export const awsSpec = z.object({
  credential: variants(
    [
      variant(
        'ManualConfig',
        z.object({
          accessKey: text.nullish(),
          accessKeyRef: optionalRef,
          secretKeyRef: secretRef,
          sessionTokenRef: optionalRef,
        }),
      ).extend(ofAws),
      variant('InheritFromDelegate', nothing).partial({ spec: true }).extend(ofAws),
      variant('Irsa', nothing).partial({ spec: true }).extend(ofAws),
      variant('OidcAuthentication', z.object({ iamRoleArn: required })).extend(ofAws),
    ],
    'AWS credential',
  ),
  /** Delays in milliseconds. */
  awsSdkClientBackOffStrategyOverride: variants(
    [
      variant('FixedDelayBackoffStrategy', z.object({ ...retries, fixedBackoff: milliseconds.nullish() })),
      variant('EqualJitterBackoffStrategy', jitter),
      variant('FullJitterBackoffStrategy', jitter),
    ],
    'AWS back-off strategy',
  ).nullish(),
  proxy: flag,
  proxyUrl: text.nullish(),
  ignoreTestConnection: flag,
  ...delegate,
});

const gcpOidc = z.object({
  workloadPoolId: required,
  providerId: required,
  gcpProjectId: required,
  serviceAccountEmail: required,
});
const gcpCredential = variants(
  [
    variant('ManualConfig', z.object({ secretKeyRef: secretRef })),
    variant('InheritFromDelegate', nothing).partial({ spec: true }),
    variant('OidcAuthentication', gcpOidc),
  ],
  'GCP credential',
);

export const gcpSpec = z.object({ credential: gcpCredential, proxy: flag, ignoreTestConnection: flag, ...delegate });

const azureEnvironment = z
  .enum(['AZURE', 'AZURE_US_GOVERNMENT'], { error: 'must be AZURE or AZURE_US_GOVERNMENT' })
  .nullish();

export const azureSpec = z.object({
  credential: variants(
    [
      variant(
        'ManualConfig',
        z.object({
          applicationId: required,
          tenantId: required,
          auth: variants(
            [
              variant('Secret', z.object({ secretRef })),
              variant('Certificate', z.object({ certificateRef: secretRef })),
            ],
            'Azure authentication',
          ),
        }),
      ),
      variant(
        'InheritFromDelegate',
        z.object({
          auth: variants(
            [
              variant('SystemAssignedManagedIdentity', nothing).partial({ spec: true }),
              variant('UserAssignedManagedIdentity', z.object({ clientId: required })),
            ],
            'Azure managed identity',
          ),
        }),
      ),
    ],
    'Azure credential',
  ),
  azureEnvironmentType: azureEnvironment,
  proxy: flag,
  ignoreTestConnection: flag,
  ...delegate,
});

export const awsSecretManagerSpec = z.object({
  credential: variants(
    [
      /** Both are secret references, like every `…Ref` elsewhere. */
      variant('ManualConfig', z.object({ accessKey: secretRef, secretKey: secretRef })),
      variant('AssumeIAMRole', nothing).partial({ spec: true }),
      variant(
        'AssumeSTSRole',
        z.object({
          roleArn: required,
          externalId: text.nullish(),
          assumeStsRoleDuration: z
            .int()
            .min(900, 'is given in seconds, from 900 on')
            .max(43_200, 'is given in seconds, up to 43200')
            .nullish(),
        }),
      ),
      variant('OidcAuthentication', z.object({ iamRoleArn: required })),
    ],
    'AWS secret manager credential',
  ),
  region: required,
  secretNamePrefix: text.nullish(),
  default: flag,
  usePutSecret: flag,
  forceDeleteWithoutRecovery: flag,
  recoveryWindowInDays: z.int().min(0).max(30).nullish(),
  ...delegate,
});

export const gcpSecretManagerSpec = z.object({
  credentialsRef: optionalRef,
  assumeCredentialsOnDelegate: flag,
  credential: gcpCredential.nullish(),
  default: flag,
  isDefault: flag,
  ignoreTestConnection: flag,
  ...delegate,
});

export const azureKeyVaultSpec = z.object({
  vaultName: required,
  subscription: required,
  /** `secretKey` is a secret reference. */
  clientId: text.nullish(),
  tenantId: text.nullish(),
  secretKey: optionalRef,
  azureEnvironmentType: azureEnvironment,
  useManagedIdentity: flag,
  azureManagedIdentityType: z.enum(['SystemAssignedManagedIdentity', 'UserAssignedManagedIdentity', '']).nullish(),
  managedClientId: text.nullish(),
  default: flag,
  isDefault: flag,
  enablePurge: flag,
  ...delegate,
});
