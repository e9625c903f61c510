#!/usr/bin/env node
/** `npm run check`: the inner loop. Lint, types and the pure tests, in well under a minute when warm. */
import { spawnSync } from 'node:child_process';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createProgress, ensurePrerequisites, runCommand } from './bootstrap/index.mjs';
import { runCheck, staticChecks } from './bootstrap/static-checks.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');

await runCommand(async () => {
  const progress = createProgress();
  await ensurePrerequisites({ root, programs: [], progress });
  const results = await Promise.all(staticChecks(root).filter((check) => check.isQuick).map((check) => runCheck(root, check)));
  for (const { name, isPassed, seconds, output } of results) {
    progress.say(`${name}: ${isPassed ? 'passed' : 'FAILED'} (${seconds.toFixed(1)} s)`);
    if (!isPassed) process.stdout.write(output);
  }
  const tests = spawnSync(process.execPath, [join(root, 'tools/jest.mjs'), '--layer', 'pure', ...process.argv.slice(2)], { cwd: root, stdio: 'inherit' });
  progress.say(tests.status === 0 && results.every((result) => result.isPassed) ? 'all passed' : 'FAILED');
  process.exitCode = tests.status === 0 && results.every((result) => result.isPassed) ? 0 : 1;
});
