import { checkDatabaseUrl } from '@sluice/db-migration';
import { AppError, assertNever } from '@sluice/kernel';
import type { ConnectorBody } from '@sluice/ng-manager-api';
import { isSshAddress, sshAddressOf } from './ssh-address.js';

/**
 * What a connector's spec must satisfy besides its shape: no credentials or dangerous options in URLs. Pure.
 * @throws AppError INVALID_REQUEST naming field and remedy
 */
export function checkConnector({ type, spec }: ConnectorBody): void {
  switch (type) {
    case 'JDBC':
      checkJdbcUrl(spec.url);
      return;
    case 'Git':
      checkGitUrl(spec.url, spec.type === 'Http');
      return;
    case 'Github':
    case 'Gitlab':
    case 'Bitbucket':
      checkGitUrl(spec.url, spec.authentication.type === 'Http');
      return;
    case 'DockerRegistry':
      checkWebUrl('dockerRegistryUrl', spec.dockerRegistryUrl, 'https://registry.example.com/v2/');
      return;
    case 'Vault':
      checkWebUrl('vaultUrl', spec.vaultUrl, 'https://vault.example.com:8200');
      return;
    case 'Local':
      throw new AppError(
        'INVALID_REQUEST',
        'every account, organization and project has its built-in secret manager "harnessSecretManager"; another one of type Local cannot be made',
        { fields: [{ field: 'connector.type', error: 'cannot be Local' }] },
      );
    case 'K8sCluster':
      if (spec.credential.type !== 'ManualConfig') return;
      checkWebUrl('credential.spec.masterUrl', spec.credential.spec.masterUrl, 'https://cluster.example.com:6443');
      if (spec.credential.spec.auth.type === 'OpenIdConnect' && spec.credential.spec.auth.spec.oidcIssuerUrl)
        checkWebUrl(
          'credential.spec.auth.spec.oidcIssuerUrl',
          spec.credential.spec.auth.spec.oidcIssuerUrl,
          'https://login.example.com',
        );
      return;
    case 'Artifactory':
      checkWebUrl('artifactoryServerUrl', spec.artifactoryServerUrl, 'https://artifactory.example.com/artifactory');
      return;
    case 'Nexus':
      checkWebUrl('nexusServerUrl', spec.nexusServerUrl, 'https://nexus.example.com');
      return;
    case 'Aws':
      if (spec.credential.type !== 'ManualConfig') return;
      requireOne({
        'credential.spec.accessKey': spec.credential.spec.accessKey,
        'credential.spec.accessKeyRef': spec.credential.spec.accessKeyRef,
      });
      return;
    case 'GcpSecretManager':
      requireOne({
        credentialsRef: spec.credentialsRef,
        assumeCredentialsOnDelegate: spec.assumeCredentialsOnDelegate,
        credential: spec.credential,
      });
      return;
    case 'AzureKeyVault':
      if (!spec.useManagedIdentity) {
        for (const [field, value] of Object.entries({
          clientId: spec.clientId,
          tenantId: spec.tenantId,
          secretKey: spec.secretKey,
        }))
          if (!value) throw refused(field, 'is required unless useManagedIdentity is true');
      } else if (spec.azureManagedIdentityType === 'UserAssignedManagedIdentity' && !spec.managedClientId)
        throw refused('managedClientId', 'is required for a UserAssignedManagedIdentity');
      return;
    case 'Gcp':
    case 'Azure':
    case 'AwsSecretManager':
      return;
    default:
      assertNever(type);
  }
}

/** The URL's own check knows no connector: the field is named here. */
function checkJdbcUrl(url: string): void {
  try {
    checkDatabaseUrl(url);
  } catch (cause) {
    if (!(cause instanceof AppError)) throw cause;
    throw new AppError(
      cause.code,
      `connector.spec.url: ${cause.message}`,
      { fields: [{ field: 'connector.spec.url', error: cause.message }] },
      { cause },
    );
  }
}

function checkGitUrl(url: string, isHttp: boolean): void {
  if (/[\x00-\x20\x7f"'`\\]/.test(url))
    throw refused('url', 'must not hold a blank, a line break, a quote or a backslash; write it percent-encoded');
  const isWeb = /^https?:/i.test(url);
  if (isHttp || isWeb) checkWebUrl('url', url, 'https://git.example.com/team/repository.git');
  if (!isHttp && !isSshAddress(sshAddressOf(url)))
    throw refused('url', 'must be an SSH address such as git@git.example.com:team/repository.git');
}

function checkWebUrl(field: string, url: string, example: string): void {
  if (!URL.canParse(url)) throw refused(field, `is not a URL; write for example ${example}`);
  const { protocol, username, password } = new URL(url);
  if (protocol !== 'https:' && protocol !== 'http:') throw refused(field, 'must start with https:// or http://');
  if (username || password)
    throw refused(field, 'must not hold credentials; put them into username and a secret reference');
}

/** Exactly one way must be given; of two, nobody could say which counts. */
function requireOne(ways: Readonly<Record<string, unknown>>): void {
  const given = Object.entries(ways)
    .filter(([, value]) => Boolean(value))
    .map(([field]) => field);
  if (given.length === 1) return;
  const names = Object.keys(ways);
  throw refused(given[0] ?? names[0] ?? '', `must be the only one given of ${names.join(', ')}`);
}

function refused(field: string, error: string): AppError {
  return new AppError('INVALID_REQUEST', `connector.spec.${field} ${error}`, {
    fields: [{ field: `connector.spec.${field}`, error }],
  });
}
