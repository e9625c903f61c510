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

export interface CliUpdate {
  /** Root of the changelog tree. */
  readonly directory: string;
  readonly changelog: string;
  readonly jdbcUrl: string;
  readonly username: string;
  readonly password: string;
  readonly contexts?: string;
}

/** `liquibase update` with the stock command line: the peer our own runs are compared with. */
export async function liquibaseUpdate(options: CliUpdate): Promise<string> {
  const { stdout, stderr } = await run(
    join(liquibaseHome(), 'liquibase'),
    [`--search-path=${options.directory}`, '--show-banner=false', 'update', `--changelog-file=${options.changelog}`, `--url=${options.jdbcUrl}`, `--username=${options.username}`, ...(options.contexts ? [`--contexts=${options.contexts}`] : [])],
    { env: { ...process.env, LIQUIBASE_COMMAND_PASSWORD: options.password }, timeout: 120_000, maxBuffer: 64 * 1024 * 1024 },
  );
  return stdout + stderr;
}
