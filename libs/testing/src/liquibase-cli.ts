import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createRequire } from 'node:module';
import { promisify } from 'node:util';

const run = promisify(execFile);
const require = createRequire(import.meta.url);

/** Folder of the stock Liquibase distribution inside its npm package. */
function liquibaseHome(): string {
  let folder = dirname(require.resolve('liquibase'));
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return join(folder, 'dist/liquibase');
}

export interface CliRun {
  /** Root of the changelog tree, or the folder of it that paths are relative to. */
  readonly directory: string;
  readonly changelog: string;
  readonly jdbcUrl: string;
  readonly username: string;
  readonly password: string;
  readonly contexts?: string;
  readonly labels?: string;
  /** Changelog parameters (`-D`). */
  readonly parameters?: Readonly<Record<string, string>>;
}

/** `liquibase update` with the stock command line: the peer our own runs are compared with. @returns what it printed @throws Error with its exit code and output when it fails */
export function liquibaseUpdate(options: CliRun): Promise<string> {
  return liquibase(['update'], options);
}

/** `liquibase rollback-count` with the stock command line. @throws Error when it fails */
export function liquibaseRollbackCount(count: number, options: CliRun): Promise<string> {
  return liquibase(['rollback-count', `--count=${count}`], options);
}

async function liquibase(command: readonly string[], options: CliRun): Promise<string> {
  const { stdout, stderr } = await run(
    join(liquibaseHome(), 'liquibase'),
    [
      `--search-path=${options.directory}`,
      '--show-banner=false',
      ...command,
      `--changelog-file=${options.changelog}`,
      `--url=${options.jdbcUrl}`,
      `--username=${options.username}`,
      ...(options.contexts ? [`--context-filter=${options.contexts}`] : []),
      ...(options.labels ? [`--label-filter=${options.labels}`] : []),
      ...Object.entries(options.parameters ?? {}).map(([name, value]) => `-D${name}=${value}`),
    ],
    {
      env: { ...process.env, LIQUIBASE_COMMAND_PASSWORD: options.password, JAVA_OPTS: FAST_START },
      timeout: 600_000,
      maxBuffer: 64 * 1024 * 1024,
    },
  );
  return stdout + stderr;
}

const FAST_START = '-XX:+UseSerialGC -XX:TieredStopAtLevel=1';
