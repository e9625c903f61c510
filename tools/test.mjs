#!/usr/bin/env node
/**
 * `npm test`: everything, from a fresh clone. Installs what is missing, builds, checks, runs every layer of tests, and closes with
 * one line: `N passed, N failed` (each test case and each static check counts as one).
 *
 *   npm test -- api e2e      only these layers (and no static checks)
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, createProgress, ensurePrerequisites, PROGRAMS_TO_TEST, runCommand } from './bootstrap/index.mjs';
import { runCheck, staticChecks } from './bootstrap/static-checks.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');

/** Jest leaves one core free by default; these tests mostly wait for other processes. */
const SIDE_BY_SIDE = '--maxWorkers=100%';

/** End-to-end tests start a whole stack each and wait for it most of the time. */
const LAYERS = [
  { name: 'pure', args: ['--layer', 'pure', SIDE_BY_SIDE], limitMinutes: 5 },
  { name: 'db', args: ['\\.db\\.spec\\.tsx?$', SIDE_BY_SIDE], limitMinutes: 5 },
  { name: 'api', args: ['\\.api\\.spec\\.tsx?$', SIDE_BY_SIDE], limitMinutes: 8 },
  { name: 'e2e', args: ['\\.e2e\\.spec\\.tsx?$', SIDE_BY_SIDE], limitMinutes: 14 },
];

const total = { passed: 0, failed: 0 };
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

function runLayer({ name, args, limitMinutes }, folder, progress) {
  progress.say(`tests: ${name}`);
  const startedAt = Date.now();
  const outputFile = join(folder, `${name}.json`);
  const result = spawnSync(process.execPath, [join(root, 'tools/jest.mjs'), '--ci', '--json', `--outputFile=${outputFile}`, ...args], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
    timeout: limitMinutes * 60_000,
  });
  const { passed, failed, skipped } = readCounts(outputFile, result.status);
  count(passed, failed);
  progress.say(`tests: ${name}: ${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''} (${((Date.now() - startedAt) / 1000).toFixed(1)} s)`);
}

/** A suite that could not even be loaded has no test cases; it counts as one failure, and so does a run without a report. */
function readCounts(outputFile, status) {
  try {
    const report = JSON.parse(readFileSync(outputFile, 'utf8'));
    const failed = report.numFailedTests + report.numRuntimeErrorTestSuites;
    return { passed: report.numPassedTests, failed: status === 0 ? failed : Math.max(1, failed), skipped: report.numPendingTests };
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

await runCommand(async () => {
  const names = process.argv.slice(2);
  const unknown = names.find((name) => !LAYERS.some((layer) => layer.name === name));
  if (unknown) {
    process.stderr.write(`there is no layer "${unknown}"; layers are ${LAYERS.map((layer) => layer.name).join(', ')}\n`);
    process.exitCode = 2;
    return;
  }
  const progress = createProgress();
  await ensurePrerequisites({ root, programs: PROGRAMS_TO_TEST, progress });
  progress.say(build(root));
  const folder = mkdtempSync(join(tmpdir(), 'sluice-test-'));
  try {
    if (names.length === 0) await runStaticChecks(progress);
    for (const layer of LAYERS) if (names.length === 0 || names.includes(layer.name)) runLayer(layer, folder, progress);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1;
  process.stdout.write(`${total.passed} passed, ${total.failed} failed\n`);
});
