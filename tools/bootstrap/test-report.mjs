import { readFileSync } from 'node:fs';
import { relative } from 'node:path';

/**
 * Counts of one Jest run, from its JSON report. A suite that could not be loaded has no test cases; it counts as one failure.
 * A run without a report, or one that failed without a failing test, counts as one failure and says so in `problem`.
 * @param {string} file Jest's `--outputFile`
 * @param {number | string} end exit code, or the name of the signal that ended Jest
 * @returns {{ passed: number, failed: number, skipped: number, problem?: string }}
 */
export function readCounts(file, end) {
  let report;
  try {
    report = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return { passed: 0, failed: 1, skipped: 0, problem: `Jest ended (${describe(end)}) and left no report` };
  }
  const failed = report.numFailedTests + report.numRuntimeErrorTestSuites;
  const counts = { passed: report.numPassedTests, failed, skipped: report.numPendingTests };
  if (end === 0 || failed > 0) return counts;
  return { ...counts, failed: 1, problem: `no test failed, but Jest ended with ${describe(end)}` };
}

function describe(end) {
  return typeof end === 'number' ? `exit code ${end}` : end;
}

/**
 * How long each file of one Jest run took, from its JSON report; none when there is no report. `seconds` is from the load of the file to its end,
 * `inTests` what its test cases took; the rest is loading, `beforeAll` and `afterAll`.
 * @returns {{ file: string, seconds: number, inTests: number }[]} files relative to `root`
 */
export function readTimes(file, root) {
  let report;
  try {
    report = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return [];
  }
  return report.testResults.map(({ name, startTime, endTime, assertionResults }) => ({
    file: relative(root, name),
    seconds: (endTime - startTime) / 1000,
    inTests: assertionResults.reduce((sum, { duration }) => sum + (duration ?? 0), 0) / 1000,
  }));
}

/** Lines of a table of the slowest files, slowest first. */
export function slowestTable(times, count = 10) {
  const slowest = [...times].sort((a, b) => b.seconds - a.seconds).slice(0, count);
  return slowest.map(
    ({ file, seconds, inTests }) => `${seconds.toFixed(1).padStart(7)} s ${inTests.toFixed(1).padStart(7)} s  ${file}`,
  );
}
