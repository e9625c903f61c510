import { existsSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Deployment, RepositoryAccess } from './deployment.js';
import { earlierIdentifierOf, identifierOf } from './entity-names.js';
import type { GitRef } from './entities.js';
import { durationOf } from './run-command.js';
import {
  CONNECTION_OPTIONS,
  connectionFlags,
  parseOptions,
  UsageError,
  valueOfVariable,
  type ConnectionFlags,
} from './usage.js';

/** Where the changelog is: what a delegate reads, or a folder whose commits must first go to the Git server of the local stack. */
type Repository = RepositoryAccess | { readonly kind: 'folder'; readonly path: string };

export interface DeployCommand {
  readonly deployment: Omit<Deployment, 'repository'>;
  readonly repository: Repository;
  readonly ref: GitRef;
  readonly connection: ConnectionFlags;
}

type Variables = Readonly<Record<string, string | undefined>>;

const text = { type: 'string' } as const;
const texts = { type: 'string', multiple: true } as const;
const OPTIONS = {
  repo: text,
  ref: text,
  changelog: text,
  'git-username': text,
  'git-password-env': text,
  'git-ssh-key': text,
  url: text,
  username: text,
  'password-env': text,
  contexts: text,
  labels: text,
  tag: text,
  parameter: texts,
  'search-path': texts,
  'file-prefix': text,
  name: text,
  org: text,
  project: text,
  timeout: text,
  'step-timeout': text,
  ...CONNECTION_OPTIONS,
} as const;
type Several = 'parameter' | 'search-path';
type Values = { readonly [K in Exclude<keyof typeof OPTIONS, Several>]?: string | undefined } & {
  readonly [K in Several]?: readonly string[] | undefined;
};

/** @throws UsageError */
export function parseDeployCommand(args: readonly string[], env: Variables): DeployCommand {
  const { values } = parseOptions(args, OPTIONS);
  const missing = (['repo', 'changelog', 'url', 'username', 'password-env'] as const).filter((name) => !values[name]);
  if (missing.length > 0)
    throw new UsageError(
      `${missing.map((name) => `--${name}`).join(', ')} ${missing.length === 1 ? 'is' : 'are'} missing`,
    );
  const { repo = '', url: jdbcUrl = '', changelog = '', username = '' } = values;
  if (!/^jdbc:[a-z]/.test(jdbcUrl))
    throw new UsageError(`--url takes a JDBC URL such as jdbc:postgresql://host:5432/db, not "${jdbcUrl}"`);
  const name = values.name ?? defaultName(repo, jdbcUrl);
  const at = { org: values.org ?? 'default', project: values.project ?? 'deployments' };
  return {
    deployment: {
      at,
      projectNames: at,
      identifier: identifierOf(name, values.name ? '' : [repo, changelog, jdbcUrl].join('\n')),
      earlierIdentifier: values.name ? earlierIdentifierOf(name) : undefined,
      name,
      changelog,
      database: { jdbcUrl, username, password: fromVariable('--password-env', values['password-env'], env) },
      contexts: values.contexts ?? '',
      labels: values.labels ?? '',
      parameters: parametersOf(values.parameter ?? []),
      searchPath: values['search-path'] ?? [],
      filePrefix: values['file-prefix'] ?? '',
      tag: values.tag,
      ...limitsOf(values),
    },
    repository: repositoryOf(repo, values, env),
    ref: parseRef(values.ref ?? 'main'),
    connection: connectionFlags(values),
  };
}

const USUAL_LIMIT = '30m';

/** The step has the longer of its usual limit and the time its end is waited for, unless it is given one: a short wait ends nothing. */
function limitsOf({
  timeout = USUAL_LIMIT,
  'step-timeout': ofStep,
}: Values): Pick<Deployment, 'timeoutMs' | 'stepTimeoutMs'> {
  const timeoutMs = durationOf('--timeout', timeout);
  const stepTimeoutMs =
    ofStep === undefined
      ? Math.max(timeoutMs, durationOf('--step-timeout', USUAL_LIMIT))
      : durationOf('--step-timeout', ofStep);
  return { timeoutMs, stepTimeoutMs };
}

/** `user@host:path`, as Git takes it; a path of Windows or a URL is none. */
const SCP_LIKE = /^[\w.-]+@[\w.-]+:(?!\/\/)\S+$/;

function parametersOf(given: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    given.map((parameter) => {
      const at = parameter.indexOf('=');
      if (at < 1) throw new UsageError(`--parameter takes NAME=VALUE, not "${parameter}"`);
      return [parameter.slice(0, at), parameter.slice(at + 1)];
    }),
  );
}

function repositoryOf(repo: string, values: Values, env: Variables): Repository {
  if (SCP_LIKE.test(repo) || repo.startsWith('ssh://')) {
    if (!values['git-ssh-key'])
      throw new UsageError(
        `--git-ssh-key is missing: --repo ${repo} is read over SSH, so name the file of its private key`,
      );
    return { kind: 'ssh', url: repo, privateKey: readKey(values['git-ssh-key']) };
  }
  if (/^https?:\/\//.test(repo)) {
    const password =
      values['git-password-env'] === undefined
        ? undefined
        : fromVariable('--git-password-env', values['git-password-env'], env);
    return { kind: 'http', url: repo, username: values['git-username'], password };
  }
  const path = repo.startsWith('file:') ? folderOfUrl(repo) : repo;
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) {
    throw new UsageError(
      `--repo takes an http(s) or SSH URL or a folder, not "${repo}"${/^[a-z]+:/i.test(repo) ? '' : ` (there is no folder ${path})`}`,
    );
  }
  return { kind: 'folder', path };
}

function folderOfUrl(url: string): string {
  try {
    return fileURLToPath(url);
  } catch (cause: unknown) {
    throw new UsageError(`--repo: ${cause instanceof Error ? cause.message : String(cause)}; a folder is file:///path`);
  }
}

function readKey(file: string): string {
  if (!existsSync(file)) throw new UsageError(`--git-ssh-key: there is no file ${file}`);
  const key = readFileSync(file, 'utf8');
  if (!/PRIVATE KEY-----/.test(key))
    throw new UsageError(
      `--git-ssh-key: ${file} is not a private key in PEM or OpenSSH format${/^(ssh-|ecdsa-)/.test(key) ? '; it is the public half' : ''}`,
    );
  return key;
}

/** Passwords come by the name of a variable, so that they are in no argument list and no shell history. */
function fromVariable(flag: string, variable: string | undefined, env: Variables): string {
  if (!variable) throw new UsageError(`${flag} is missing; name the environment variable that holds the password`);
  return valueOfVariable(flag, variable, env);
}

/** A commit id, `refs/tags/NAME`, `refs/heads/NAME` or a branch. */
export function parseRef(ref: string): GitRef {
  if (/^[0-9a-f]{40}([0-9a-f]{24})?$/.test(ref)) return { commitSha: ref };
  if (ref.startsWith('refs/tags/')) return { gitTag: ref.slice('refs/tags/'.length) };
  return { branch: ref.replace(/^refs\/heads\//, '') };
}

function defaultName(repo: string, jdbcUrl: string): string {
  const repository =
    repo
      .replace(/\/+$/, '')
      .split('/')
      .at(-1)
      ?.replace(/\.git$/, '') ?? 'changelog';
  const database = jdbcUrl.split('?')[0]?.split('/').at(-1) ?? 'database';
  return `${repository} to ${database}`.replaceAll(/[^\w .-]/g, '_');
}
