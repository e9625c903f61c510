import { AppError } from '@sluice/kernel';
import type { ConnectorBody, GitProviderSpec, GitSpec } from '@sluice/ng-manager-api';
import { sshAddressOf } from './ssh-address.js';

/** How a Git connector reaches one repository. References are as written in the connector. With `sshKeyRef` the URL is an SSH address. */
export interface GitAccess {
  readonly url: string;
  readonly username?: string;
  readonly usernameRef?: string;
  readonly passwordRef?: string;
  readonly sshKeyRef?: string;
  readonly delegateSelectors: readonly string[];
}

/**
 * Repository URL and credentials of a Git, Github, Gitlab or Bitbucket connector. Pure.
 * @param repo repository name, needed by connectors of a whole account and ignored by those of one repository
 * @throws AppError INVALID_REQUEST for another type or a missing repository name, NOT_IMPLEMENTED for GitHub Apps
 */
export function gitAccessOf(identifier: string, body: ConnectorBody, repo: string | undefined): GitAccess {
  const { url, reach, delegateSelectors, credentials } = gitPartsOf(identifier, body);
  const repository = reach === 'Repo' ? url : insideAccount(identifier, url, repo);
  const login = credentials();
  return { ...login, url: login.sshKeyRef === undefined ? repository : sshAddressOf(repository), delegateSelectors };
}

/**
 * The same for a repository given by its own URL: it must be the connector's, or lie inside the connector's account, since the credentials go there.
 * A plain name is taken too.
 */
export function gitAccessOfRepository(identifier: string, body: ConnectorBody, repoUrl: string): GitAccess {
  const { url, reach } = gitPartsOf(identifier, body);
  const wanted = trimmed(repoUrl);
  const own = trimmed(url);
  const isAddress = /^[a-z][a-z0-9+.-]*:\/\//i.test(wanted) || /^[\w.-]+@[\w.-]+:/.test(wanted);
  if (reach === 'Repo') {
    if (wanted === own || wanted === `${own}.git` || `${wanted}.git` === own)
      return gitAccessOf(identifier, body, undefined);
    throw refusedRepository(
      'repoURL',
      repoUrl,
      `connector "${identifier}" is for the one repository ${own}; leave repoURL out, or name that one`,
    );
  }
  if (!isAddress) return gitAccessOf(identifier, body, repoUrl);
  if (!wanted.startsWith(`${own}/`))
    throw refusedRepository(
      'repoURL',
      repoUrl,
      `it does not lie inside ${own}, the address of connector "${identifier}", and the credentials of the connector are for that one`,
    );
  return gitAccessOf(identifier, body, wanted.slice(own.length + 1));
}

interface GitParts {
  readonly url: string;
  readonly reach: 'Account' | 'Repo';
  readonly delegateSelectors: readonly string[];
  readonly credentials: () => Credentials;
}

function gitPartsOf(identifier: string, body: ConnectorBody): GitParts {
  switch (body.type) {
    case 'Git':
      return {
        url: body.spec.url,
        reach: body.spec.connectionType,
        delegateSelectors: body.spec.delegateSelectors ?? [],
        credentials: () => credentialsOfGit(body.spec),
      };
    case 'Github':
    case 'Gitlab':
    case 'Bitbucket':
      return {
        url: body.spec.url,
        reach: body.spec.type,
        delegateSelectors: body.spec.delegateSelectors ?? [],
        credentials: () => credentialsOfProvider(identifier, body.spec),
      };
    default:
      throw new AppError(
        'INVALID_REQUEST',
        `connector "${identifier}" is of type ${body.type}; a changelog needs a connector of type Git, Github, Gitlab or Bitbucket`,
      );
  }
}

function insideAccount(identifier: string, url: string, repo: string | undefined): string {
  if (!repo)
    throw new AppError(
      'INVALID_REQUEST',
      `connector "${identifier}" is for a whole account; name the repository in "repo"`,
      { fields: [{ field: 'repo', error: 'is required for an account connector' }] },
    );
  const name = repo.replace(/^\/+/, '');
  // Another path of the host is not what the credentials are for.
  if (
    /[?#\\%\s\x00-\x1f\x7f]/.test(name) ||
    name.startsWith('-') ||
    name.split('/').some((part) => part === '' || part === '.' || part === '..')
  ) {
    throw refusedRepository(
      'repo',
      repo,
      'write the name of a repository, such as team/app.git, without "..", "?" or blanks',
    );
  }
  return `${url.replace(/\/+$/, '')}/${name}`;
}

function refusedRepository(field: string, value: string, why: string): AppError {
  return new AppError('INVALID_REQUEST', `${field}: "${value.slice(0, 200)}" cannot be used: ${why}`, {
    fields: [{ field, error: why }],
  });
}

function trimmed(url: string): string {
  return url.trim().replace(/\/+$/, '');
}

type Credentials = Pick<GitAccess, 'username' | 'usernameRef' | 'passwordRef' | 'sshKeyRef'>;

function credentialsOfGit(spec: GitSpec): Credentials {
  if (spec.type === 'Ssh') return { sshKeyRef: spec.spec.sshKeyRef };
  return { ...usernameOf(spec.spec ?? {}), ...(spec.spec?.passwordRef ? { passwordRef: spec.spec.passwordRef } : {}) };
}

function credentialsOfProvider(identifier: string, { authentication }: GitProviderSpec): Credentials {
  if (authentication.type === 'Ssh') return { sshKeyRef: authentication.spec.sshKeyRef };
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

function usernameOf({
  username,
  usernameRef,
}: {
  username?: string | null | undefined;
  usernameRef?: string | null | undefined;
}): Credentials {
  if (username) return { username };
  return usernameRef ? { usernameRef } : {};
}

function unsupported(identifier: string, what: string): AppError {
  return new AppError(
    'NOT_IMPLEMENTED',
    `connector "${identifier}" authenticates with ${what}, which cannot be used yet; use a username with a password or token over HTTP, or an SSH key`,
  );
}
