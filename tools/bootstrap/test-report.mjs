import { readFileSync } from 'node:fs';

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
