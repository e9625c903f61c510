#!/usr/bin/env node
/**
 * `npm test`: everything, from a fresh clone. Installs what is missing, builds, checks, runs every layer of tests, and closes with
 * one line: `N passed, N failed` (each test case and each static check counts as one).
 *
 *   npm test -- api e2e      only these layers (and no static checks)
 *
 * The ten slowest files are named at the end. `SLUICE_TEST_REPORTS=<folder>` keeps Jest's report of each layer there.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  build,
  createProgress,
  ensurePrerequisites,
  PROGRAMS_TO_TEST,
  PROGRAMS_TO_TEST_MORE,
  runCommand,
} from './bootstrap/index.mjs';
import { runCheck, staticChecks } from './bootstrap/static-checks.mjs';
import { readCounts, readTimes, slowestTable } from './bootstrap/test-report.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');

/** Jest leaves one core free by default; these tests mostly wait for other processes. */
const SIDE_BY_SIDE = '--maxWorkers=100%';

/**
 * A layer has no time limit of its own: a slow machine is no failure. Every test case has one (`testTimeout`), so a layer ends.
 * End-to-end tests start a whole stack each and wait for it most of the time.
 */
const LAYERS = [
  { name: 'pure', args: ['--layer', 'pure', SIDE_BY_SIDE] },
  { name: 'db', args: ['\\.db\\.spec\\.tsx?$', SIDE_BY_SIDE] },
  { name: 'api', args: ['\\.api\\.spec\\.tsx?$', SIDE_BY_SIDE] },
  { name: 'e2e', args: ['\\.e2e\\.spec\\.tsx?$', SIDE_BY_SIDE] },
];

const total = { passed: 0, failed: 0 };
const times = [];
function count(passed, failed) {
  total.passed += passed;
  total.failed += failed;
}

async function runStaticChecks(progress) {
  for (const check of staticChecks(root)) {
    const { name, isPassed, seconds, output } = await runCheck(root, check);
    count(isPassed ? 1 : 0, isPassed ? 0 : 1);
    progress.say(`${name}: ${isPassed ? 'passed' : 'FAILED'} (${seconds.toFixed(1)} s)`);
    if (!isPassed) process.stdout.write(output);
  }
}

async function runLayer({ name, args }, folder, progress) {
  progress.say(`tests: ${name}`);
  const startedAt = Date.now();
  const outputFile = join(folder, `${name}.json`);
  const jest = spawn(
    process.execPath,
    [join(root, 'tools/jest.mjs'), '--ci', '--json', `--outputFile=${outputFile}`, ...args],
    { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] },
  );
  const end = await new Promise((resolve) =>
    jest.once('error', (cause) => resolve(cause.message)).once('exit', (code, signal) => resolve(signal ?? code)),
  );
  const { passed, failed, skipped, problem } = readCounts(outputFile, end);
  count(passed, failed);
  times.push(...readTimes(outputFile, root));
  if (problem) progress.say(`tests: ${name}: ${problem}`);
  progress.say(
    `tests: ${name}: ${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''} (${((Date.now() - startedAt) / 1000).toFixed(1)} s)`,
  );
}

await runCommand(async () => {
  const names = process.argv.slice(2);
  const unknown = names.find((name) => !LAYERS.some((layer) => layer.name === name));
  if (unknown) {
    process.stderr.write(
      `there is no layer "${unknown}"; layers are ${LAYERS.map((layer) => layer.name).join(', ')}\n`,
    );
    process.exitCode = 2;
    return;
  }
  const progress = createProgress();
  await ensurePrerequisites({ root, programs: PROGRAMS_TO_TEST, welcome: PROGRAMS_TO_TEST_MORE, progress });
  progress.say(build(root));
  const kept = process.env.SLUICE_TEST_REPORTS;
  if (kept) mkdirSync(kept, { recursive: true });
  const folder = kept ?? mkdtempSync(join(tmpdir(), 'sluice-test-'));
  try {
    if (names.length === 0) await runStaticChecks(progress);
    for (const layer of LAYERS)
      if (names.length === 0 || names.includes(layer.name)) await runLayer(layer, folder, progress);
  } finally {
    if (!kept) rmSync(folder, { recursive: true, force: true });
  }
  progress.say('slowest files (whole, and in their test cases):');
  for (const line of slowestTable(times)) process.stdout.write(`${line}\n`);
  process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1;
  process.stdout.write(`${total.passed} passed, ${total.failed} failed\n`);
});
