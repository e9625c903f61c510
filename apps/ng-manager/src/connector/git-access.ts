import { AppError } from '@sluice/kernel';
import type { ConnectorBody, GitProviderSpec, GitSpec } from '@sluice/ng-manager-api';

/** How a Git connector reaches one repository over HTTP. References are as written in the connector. */
export interface GitAccess {
  readonly url: string;
  readonly username?: string;
  readonly usernameRef?: string;
  readonly passwordRef?: string;
  readonly delegateSelectors: readonly string[];
}

/**
 * Repository URL and credentials of a Git, Github, Gitlab or Bitbucket connector. Pure.
 * @param repo repository name, needed by connectors of a whole account and ignored by those of one repository
 * @throws AppError INVALID_REQUEST for another type or a missing repository name, NOT_IMPLEMENTED for SSH and GitHub Apps
 */
export function gitAccessOf(identifier: string, body: ConnectorBody, repo: string | undefined): GitAccess {
  switch (body.type) {
    case 'Git':
      return { ...credentialsOfGit(identifier, body.spec), url: urlOf(identifier, body.spec.url, body.spec.connectionType, repo), delegateSelectors: body.spec.delegateSelectors ?? [] };
    case 'Github':
    case 'Gitlab':
    case 'Bitbucket':
      return { ...credentialsOfProvider(identifier, body.spec), url: urlOf(identifier, body.spec.url, body.spec.type, repo), delegateSelectors: body.spec.delegateSelectors ?? [] };
    default:
      throw new AppError('INVALID_REQUEST', `connector "${identifier}" is of type ${body.type}; a changelog needs a connector of type Git, Github, Gitlab or Bitbucket`);
  }
}

function urlOf(identifier: string, url: string, reach: 'Account' | 'Repo', repo: string | undefined): string {
  if (reach === 'Repo') return url;
  if (!repo) throw new AppError('INVALID_REQUEST', `connector "${identifier}" is for a whole account; name the repository in "repo"`, { fields: [{ field: 'repo', error: 'is required for an account connector' }] });
  return `${url.replace(/\/+$/, '')}/${repo.replace(/^\/+/, '')}`;
}

type Credentials = Pick<GitAccess, 'username' | 'usernameRef' | 'passwordRef'>;

function credentialsOfGit(identifier: string, spec: GitSpec): Credentials {
  if (spec.type === 'Ssh') throw unsupported(identifier, 'SSH keys');
  return { ...usernameOf(spec.spec ?? {}), ...(spec.spec?.passwordRef ? { passwordRef: spec.spec.passwordRef } : {}) };
}

function credentialsOfProvider(identifier: string, { authentication }: GitProviderSpec): Credentials {
  if (authentication.type === 'Ssh') throw unsupported(identifier, 'SSH keys');
  const http = authentication.spec;
  switch (http.type) {
    case 'UsernameToken':
      return { ...usernameOf(http.spec), ...(http.spec.tokenRef ? { passwordRef: http.spec.tokenRef } : {}) };
    case 'UsernamePassword':
      return { ...usernameOf(http.spec), ...(http.spec.passwordRef ? { passwordRef: http.spec.passwordRef } : {}) };
    case 'GithubApp':
      throw unsupported(identifier, 'GitHub Apps');
    case 'Anonymous':
      return {};
  }
}

function usernameOf({ username, usernameRef }: { username?: string | null | undefined; usernameRef?: string | null | undefined }): Credentials {
  if (username) return { username };
  return usernameRef ? { usernameRef } : {};
}

function unsupported(identifier: string, what: string): AppError {
  return new AppError('NOT_IMPLEMENTED', `connector "${identifier}" authenticates with ${what}, which cannot be used yet; use a username with a password or token over HTTP`);
}
