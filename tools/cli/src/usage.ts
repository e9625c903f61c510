import { parseArgs } from 'node:util';
import type { ConnectionOptions } from './connection.js';

export const USAGE = `Usage: npm run sluice -- deploy [options]
       npm run sluice -- watch ID | abort ID | logs ID | runs | delete --name NAME
       npm run sluice -- keys show|rotate
       npm run sluice -- audit verify [--known POSITION:HASH]
       npm run sluice -- locks list | locks release --schema ID --instance ID --holder TEXT [--force]

deploy rolls a changelog of yours out to a database of yours through a running Sluice, with live logs and a summary.
watch follows an execution that runs already, abort ends it and waits for that, logs prints what its steps wrote,
runs lists the newest executions, delete removes what deploy made for a name (never anything in the database).
keys shows which key-encryption key wraps the account's data keys, or wraps them with the current one.
audit verify reads the account's audit trail and fails where an event was changed or removed.
locks list shows who holds the change log lock of each instance of the project, locks release frees one if
TEXT is still its holder, and with --force although the holder's database session is open.

The exit code of deploy and watch is the result of the execution, whatever happens to the summary afterwards:
  0 success    1 it failed, or did not start    2 the command was not understood
  3 --timeout is over and the execution goes on (watch it again, or abort it)    130 aborted by Ctrl-C
Ctrl-C aborts the execution of deploy and waits for its end; Ctrl-C again leaves at once and says what is left behind.

What to deploy
  --repo WHERE             Git repository: http(s) URL, SSH (ssh://… or user@host:path), or a folder of this machine
                           (a path or file:…): its commits go to the Git server of the local stack
  --ref REF                branch, commit id or refs/tags/NAME        (default: main)
  --changelog PATH         the changelog; its path from the root of the repository, also with --search-path
  --search-path FOLDER     folder of the repository that paths in the changelog are relative to, such as src/main/resources;
                           may be given several times                 (default: the root)
  --file-prefix TEXT       put before recorded file names, such as classpath:
  --git-username USER      for a repository that is not public
  --git-password-env VAR   name of the environment variable with its password or token
  --git-ssh-key FILE       private key for a repository over SSH

Where to
  --url JDBC_URL           for example jdbc:postgresql://db.example.com:5432/orders
  --username USER          database user
  --password-env VAR       name of the environment variable with the password
  --contexts EXPRESSION    Liquibase context filter; without it every changeset runs
  --labels EXPRESSION      Liquibase label filter; without it every changeset runs
  --parameter NAME=VALUE   a changelog parameter; may be given several times
  --tag TAG                tag the database after success

How
  --name NAME              name of the deployment; the same name is updated again (default: made from repository, changelog
                           and database)
  --org ID --project ID    where its entities are kept                (default: default, deployments)
  --timeout DURATION       for example 90s or 30m: how long this command waits; when it is over, the command ends with 3
                           and the execution goes on                  (default: 30m)
  --step-timeout DURATION  how long the database step may take; when it is over, Sluice ends the step
                           (default: 30m, or --timeout when that is longer)
  --limit N                how many executions runs lists             (default: 20)
  --server URL             address of Sluice    (default: $SLUICE_URL, else the local stack in --data)
  --api-key-env VAR        variable with the API key (default: SLUICE_API_KEY, else the local stack in --data)
  --data DIR               data folder of the local stack             (default: .sluice)
  --help                   this text
`;

/** The command line was not understood. The message says which argument and why. */
export class UsageError extends Error {}

/** What the environment variable named by an option holds. @throws UsageError naming both, when it is not set or empty */
export function valueOfVariable(
  option: string,
  variable: string,
  env: Readonly<Record<string, string | undefined>>,
): string {
  const value = env[variable];
  if (value) return value;
  throw new UsageError(
    `${option}: the environment variable ${variable} is ${value === undefined ? 'not set' : 'empty'}`,
  );
}

/** Options that say where Sluice is; every command has them. */
export const CONNECTION_OPTIONS = {
  server: { type: 'string' },
  'api-key-env': { type: 'string' },
  data: { type: 'string' },
} as const;

export type ConnectionFlags = Omit<ConnectionOptions, 'dataDir'> & { readonly dataDir: string | undefined };

export function connectionFlags(values: {
  readonly server?: string | undefined;
  readonly 'api-key-env'?: string | undefined;
  readonly data?: string | undefined;
}): ConnectionFlags {
  return { server: values.server, apiKeyVariable: values['api-key-env'], dataDir: values.data };
}

/** `parseArgs`, with its complaints as usage errors. @throws UsageError */
export function parseOptions<T extends NonNullable<Parameters<typeof parseArgs>[0]>['options'] & object>(
  args: readonly string[],
  options: T,
  allowPositionals = false,
) {
  try {
    return parseArgs({ args: [...args], allowPositionals, options });
  } catch (cause: unknown) {
    throw new UsageError(cause instanceof Error ? cause.message : String(cause));
  }
}
