#!/usr/bin/env node
/** `npm run check`: the inner loop. Format, lint, unused code, types and the pure tests, in about a minute when warm. */
import { spawnSync } from 'node:child_process';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, createProgress, ensurePrerequisites, runCommand } from './bootstrap/index.mjs';
import { runCheck, staticChecks } from './bootstrap/static-checks.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');

await runCommand(async () => {
  const progress = createProgress();
  await ensurePrerequisites({ root, programs: [], progress });
  // Threads run compiled code, also in pure tests.
  progress.say(build(root, ['--no-ui']));
  const results = [];
  // One after the other: each of them uses all cores, and side by side they only get in each other's way.
  for (const check of staticChecks(root).filter(({ isQuick }) => isQuick)) {
    const result = await runCheck(root, check);
    results.push(result);
    progress.say(`${result.name}: ${result.isPassed ? 'passed' : 'FAILED'} (${result.seconds.toFixed(1)} s)`);
    if (!result.isPassed) process.stdout.write(result.output);
  }
  const tests = spawnSync(
    process.execPath,
    [join(root, 'tools/jest.mjs'), '--layer', 'pure', '--maxWorkers=100%', ...process.argv.slice(2)],
    { cwd: root, stdio: 'inherit' },
  );
  progress.say(tests.status === 0 && results.every((result) => result.isPassed) ? 'all passed' : 'FAILED');
  process.exitCode = tests.status === 0 && results.every((result) => result.isPassed) ? 0 : 1;
});
