import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { waitFor } from '@sluice/kernel';

const tools = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly problem?: string;
}

interface Times {
  readonly file: string;
  readonly seconds: number;
  readonly inTests: number;
}

describe('npm test', () => {
  let folder: string;
  let report: string;
  let readCounts: (file: string, end: number | string) => Counts;
  let readTimes: (file: string, root: string) => Times[];
  let slowestTable: (times: readonly Times[], count: number) => string[];
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-report-'));
    report = join(folder, 'pure.json');
    ({ readCounts, readTimes, slowestTable } = (await import(join(tools, 'bootstrap/test-report.mjs'))) as {
      readCounts: typeof readCounts;
      readTimes: typeof readTimes;
      slowestTable: typeof slowestTable;
    });
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const write = (numPassedTests: number, numFailedTests: number, numRuntimeErrorTestSuites = 0): void =>
    writeFileSync(
      report,
      JSON.stringify({ numPassedTests, numFailedTests, numRuntimeErrorTestSuites, numPendingTests: 1 }),
    );

  it('counts passed and failed tests, and a suite that cannot be loaded as one failure', () => {
    write(7, 2, 1);
    expect(readCounts(report, 1)).toEqual({ passed: 7, failed: 3, skipped: 1 });
  });

  it('says that Jest was ended when there is no report, instead of a failure without a word', () => {
    expect(readCounts(report, 'SIGTERM')).toEqual({
      passed: 0,
      failed: 1,
      skipped: 0,
      problem: 'Jest ended (SIGTERM) and left no report',
    });
  });

  it('says so when no test failed and Jest did', () => {
    write(7, 0);
    expect(readCounts(report, 1)).toEqual({
      passed: 7,
      failed: 1,
      skipped: 1,
      problem: 'no test failed, but Jest ended with exit code 1',
    });
    expect(readCounts(report, 0)).toEqual({ passed: 7, failed: 0, skipped: 1 });
  });

  it('names the slowest files, slowest first, with what their test cases took', () => {
    const result = (name: string, ms: number, ...durations: number[]) => ({
      name,
      startTime: 0,
      endTime: ms,
      assertionResults: durations.map((duration) => ({ duration })),
    });
    writeFileSync(
      report,
      JSON.stringify({
        testResults: [
          result('/r/a.spec.ts', 1_000, 100, 200),
          result('/r/b/b.spec.ts', 12_340, 11_000),
          result('/r/c.spec.ts', 5_000),
        ],
      }),
    );
    expect(slowestTable(readTimes(report, '/r'), 2)).toEqual([
      '   12.3 s    11.0 s  b/b.spec.ts',
      '    5.0 s     0.0 s  c.spec.ts',
    ]);
    expect(readTimes(join(folder, 'none.json'), '/r')).toEqual([]);
  });

  it('gives no layer a time limit: a slow machine is no failure', () => {
    expect(readFileSync(join(tools, 'test.mjs'), 'utf8')).not.toMatch(/timeout|limitMinutes|AbortSignal/);
  });

  it('ends Jest together with the wrapper that runs it', async () => {
    const wrapper = spawn(
      process.execPath,
      [join(tools, 'jest.mjs'), '--watch', '--watchAll', '--testPathPatterns', 'no-such-file'],
      { stdio: ['pipe', 'ignore', 'ignore'] },
    );
    const children = (): string[] =>
      readFileSync(`/proc/${wrapper.pid ?? 0}/task/${wrapper.pid ?? 0}/children`, 'utf8')
        .trim()
        .split(' ')
        .filter(Boolean);
    await waitFor(() => children().length > 0, { timeoutMs: 30_000, what: 'Jest as a child' });
    const [jest] = children();
    wrapper.kill('SIGTERM');
    await new Promise((resolve) => wrapper.once('exit', resolve));
    expect(() => process.kill(Number(jest), 0)).toThrow('ESRCH');
  });
});
