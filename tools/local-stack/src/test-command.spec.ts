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

describe('npm test', () => {
  let folder: string;
  let report: string;
  let readCounts: (file: string, end: number | string) => Counts;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-report-'));
    report = join(folder, 'pure.json');
    ({ readCounts } = (await import(join(tools, 'bootstrap/test-report.mjs'))) as { readCounts: typeof readCounts });
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const write = (numPassedTests: number, numFailedTests: number, numRuntimeErrorTestSuites = 0): void =>
    writeFileSync(report, JSON.stringify({ numPassedTests, numFailedTests, numRuntimeErrorTestSuites, numPendingTests: 1 }));

  it('counts passed and failed tests, and a suite that cannot be loaded as one failure', () => {
    write(7, 2, 1);
    expect(readCounts(report, 1)).toEqual({ passed: 7, failed: 3, skipped: 1 });
  });

  it('says that Jest was ended when there is no report, instead of a failure without a word', () => {
    expect(readCounts(report, 'SIGTERM')).toEqual({ passed: 0, failed: 1, skipped: 0, problem: 'Jest ended (SIGTERM) and left no report' });
  });

  it('says so when no test failed and Jest did', () => {
    write(7, 0);
    expect(readCounts(report, 1)).toEqual({ passed: 7, failed: 1, skipped: 1, problem: 'no test failed, but Jest ended with exit code 1' });
    expect(readCounts(report, 0)).toEqual({ passed: 7, failed: 0, skipped: 1 });
  });

  it('gives no layer a time limit: a slow machine is no failure', () => {
    expect(readFileSync(join(tools, 'test.mjs'), 'utf8')).not.toMatch(/timeout|limitMinutes|AbortSignal/);
  });

  it('ends Jest together with the wrapper that runs it', async () => {
    const wrapper = spawn(process.execPath, [join(tools, 'jest.mjs'), '--watch', '--watchAll', '--testPathPatterns', 'no-such-file'], { stdio: ['pipe', 'ignore', 'ignore'] });
    const children = (): string[] => readFileSync(`/proc/${wrapper.pid ?? 0}/task/${wrapper.pid ?? 0}/children`, 'utf8').trim().split(' ').filter(Boolean);
    await waitFor(() => children().length > 0, { timeoutMs: 30_000, what: 'Jest as a child' });
    const [jest] = children();
    wrapper.kill('SIGTERM');
    await new Promise((resolve) => wrapper.once('exit', resolve));
    expect(() => process.kill(Number(jest), 0)).toThrow('ESRCH');
  });
});
