import { createHash } from 'node:crypto';
import { parseArgs } from 'node:util';
import { parseDuration } from '@sluice/kernel';
import type { Deployment } from './deployment.js';
import type { GitRef } from './entities.js';

export const USAGE = `Usage: npm run sluice -- deploy [options]
       npm run sluice -- keys show|rotate [--server URL] [--api-key-env VAR] [--data DIR]
       npm run sluice -- audit verify [--known POSITION:HASH] [--server URL] [--api-key-env VAR] [--data DIR]

Rolls a changelog of yours out to a database of yours through a running Sluice, with live logs and a summary.
The exit code is the result: 0 success, 1 the deployment failed, 2 the command was not understood, 130 aborted.
keys shows which key-encryption key wraps the account's data keys, or wraps them with the current one.
audit verify reads the account's audit trail and fails where an event was changed or removed.

What to deploy
  --repo URL               Git repository (http or https)
  --ref REF                branch, commit id or refs/tags/NAME        (default: main)
  --changelog PATH         the changelog in the repository
  --git-username USER      for a repository that is not public
  --git-password-env VAR   name of the environment variable with its password or token

Where to
  --url JDBC_URL           for example jdbc:postgresql://db.example.com:5432/orders
  --username USER          database user
  --password-env VAR       name of the environment variable with the password
  --contexts EXPRESSION    Liquibase context filter; without it every changeset runs
  --tag TAG                tag the database after success

How
  --name NAME              name of the deployment; the same name is updated again (default: made from repository and database)
  --org ID --project ID    where its entities are kept                (default: default, deployments)
  --timeout DURATION       for example 90s or 30m                     (default: 30m)
  --server URL             address of Sluice    (default: $SLUICE_URL, else the local stack in --data)
  --api-key-env VAR        variable with the API key (default: SLUICE_API_KEY, else the local stack in --data)
  --data DIR               data folder of the local stack             (default: .sluice)
  --help                   this text
`;

/** The command line was not understood. The message says which argument and why. */
export class UsageError extends Error {}

export interface DeployCommand {
  readonly deployment: Deployment;
  readonly server: string | undefined;
  readonly apiKeyVariable: string | undefined;
  readonly dataDir: string | undefined;
}

type Variables = Readonly<Record<string, string | undefined>>;

/** @throws UsageError */
export function parseDeployCommand(args: readonly string[], env: Variables): DeployCommand {
  const values = parse(args);
  const missing = (['repo', 'changelog', 'url', 'username', 'password-env'] as const).filter((name) => !values[name]);
  if (missing.length > 0) throw new UsageError(`${missing.map((name) => `--${name}`).join(', ')} ${missing.length === 1 ? 'is' : 'are'} missing`);
  const required = (name: 'repo' | 'changelog' | 'url' | 'username'): string => values[name] ?? '';
  const repo = required('repo');
  const jdbcUrl = required('url');
  if (!/^https?:\/\//.test(repo)) throw new UsageError(`--repo takes an http or https URL, not "${repo}"`);
  if (!/^jdbc:[a-z]/.test(jdbcUrl)) throw new UsageError(`--url takes a JDBC URL such as jdbc:postgresql://host:5432/db, not "${jdbcUrl}"`);
  const changelog = required('changelog');
  const name = values.name ?? defaultName(repo, jdbcUrl);
  return {
    deployment: {
      at: { org: values.org ?? 'default', project: values.project ?? 'deployments' },
      projectNames: { org: values.org ?? 'default', project: values.project ?? 'deployments' },
      identifier: identifierOf(name, values.name ? '' : [repo, changelog, jdbcUrl].join('\n')),
      name,
      repository: {
        url: repo,
        ref: parseRef(values.ref ?? 'main'),
        username: values['git-username'],
        password: values['git-password-env'] === undefined ? undefined : fromVariable('--git-password-env', values['git-password-env'], env),
      },
      changelog,
      database: { jdbcUrl, username: required('username'), password: fromVariable('--password-env', values['password-env'], env) },
      contexts: values.contexts ?? '',
      tag: values.tag,
      timeoutMs: durationOf(values.timeout ?? '30m'),
    },
    server: values.server,
    apiKeyVariable: values['api-key-env'],
    dataDir: values.data,
  };
}

function parse(args: readonly string[]) {
  try {
    const text = { type: 'string' } as const;
    return parseArgs({
      args: [...args],
      options: {
        repo: text, ref: text, changelog: text, 'git-username': text, 'git-password-env': text,
        url: text, username: text, 'password-env': text, contexts: text, tag: text,
        name: text, org: text, project: text, timeout: text, server: text, 'api-key-env': text, data: text,
      },
    }).values;
  } catch (cause: unknown) {
    throw new UsageError(cause instanceof Error ? cause.message : String(cause));
  }
}

function durationOf(text: string): number {
  try {
    return parseDuration(text);
  } catch (cause: unknown) {
    throw new UsageError(`--timeout: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}

/** Passwords come by the name of a variable, so that they are in no argument list and no shell history. */
function fromVariable(flag: string, variable: string | undefined, env: Variables): string {
  if (!variable) throw new UsageError(`${flag} is missing; name the environment variable that holds the password`);
  const value = env[variable];
  if (!value) throw new UsageError(`${flag}: the environment variable ${variable} is not set`);
  return value;
}

/** A commit id, `refs/tags/NAME`, `refs/heads/NAME` or a branch. */
export function parseRef(ref: string): GitRef {
  if (/^[0-9a-f]{40}([0-9a-f]{24})?$/.test(ref)) return { commitSha: ref };
  if (ref.startsWith('refs/tags/')) return { gitTag: ref.slice('refs/tags/'.length) };
  return { branch: ref.replace(/^refs\/heads\//, '') };
}

function defaultName(repo: string, jdbcUrl: string): string {
  const repository = repo.replace(/\/+$/, '').split('/').at(-1)?.replace(/\.git$/, '') ?? 'changelog';
  const database = jdbcUrl.split('?')[0]?.split('/').at(-1) ?? 'database';
  return `${repository} to ${database}`.replaceAll(/[^\w .-]/g, '_');
}

/** Readable and unique: what was not named gets a digest of what makes it itself. */
function identifierOf(name: string, distinction: string): string {
  const readable = name.replaceAll(/\W+/g, '_').replace(/^(?=\d)/, '_').slice(0, 80);
  return distinction === '' ? readable : `${readable}_${createHash('sha256').update(distinction).digest('hex').slice(0, 8)}`;
}
