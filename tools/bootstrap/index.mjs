/**
 * What every command of the repository needs before it can do its work, in plain Node: nothing here may import a package.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ensureNpmPackages } from './npm-packages.mjs';
import { checkPlatform } from './platform.mjs';
import { PrerequisiteError } from './progress.mjs';
import { ensureSystemPackages, tryForSystemPackages } from './system-packages.mjs';

export { npmPackagesMatchLock } from './npm-packages.mjs';
export { createProgress, PrerequisiteError } from './progress.mjs';
export { PROGRAMS_TO_RUN, PROGRAMS_TO_TEST, PROGRAMS_TO_TEST_MORE } from './system-packages.mjs';
export { findOnPath } from './run.mjs';

/**
 * Node, npm packages and system programs; installs what is missing and may be installed. Without those that are `welcome` the command goes on.
 * @throws PrerequisiteError with one sentence for the user.
 */
export async function ensurePrerequisites({ root, programs, welcome = [], progress }) {
  checkPlatform();
  await ensureNpmPackages(root, progress);
  await ensureSystemPackages(programs, progress);
  await tryForSystemPackages(welcome, progress);
}

/** Compiles what changed. @throws PrerequisiteError when the build fails (its own output says why). */
export function build(root, args = []) {
  const result = spawnSync(process.execPath, [join(root, 'tools/build.mjs'), ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
  });
  if (result.status !== 0) throw new PrerequisiteError(`the build failed:\n${result.stdout}`);
  return result.stdout.trim();
}

/** Runs a command's main function; a PrerequisiteError becomes its sentence on stderr and exit code 1, without a stack. */
export async function runCommand(main) {
  try {
    await main();
  } catch (cause) {
    if (!(cause instanceof PrerequisiteError)) throw cause;
    process.stderr.write(`\n${cause.message}\n`);
    process.exitCode = 1;
  }
}
