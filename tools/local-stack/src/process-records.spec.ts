import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitFor } from '@sluice/kernel';
import { identityOf, isRunning } from './process-identity.js';
import { claimDataFolder, recordProcess, stopLeftovers } from './process-records.js';

describe('process records', () => {
  let runDir: string;
  const children: ChildProcess[] = [];
  const sleeper = (command = 'sleep 60'): number => {
    const child = spawn('/bin/sh', ['-c', command], { detached: true, stdio: 'ignore' });
    children.push(child);
    return child.pid ?? 0;
  };

  beforeEach(() => {
    runDir = mkdtempSync(join(tmpdir(), 'sluice-run-'));
  });
  afterEach(() => {
    for (const child of children.splice(0))
      if (child.exitCode === null && child.signalCode === null) process.kill(-(child.pid ?? 0), 'SIGKILL');
    rmSync(runDir, { recursive: true, force: true });
  });

  it('stops a recorded process that a killed launcher left behind', async () => {
    const pid = sleeper();
    const record = recordProcess(runDir, { name: 'redis', pid, stopSignal: 'SIGTERM', graceMs: 5_000 });
    expect(await stopLeftovers(runDir)).toEqual(['redis']);
    expect(isRunning(record)).toBe(false);
    expect(readdirSync(runDir)).toEqual([]);
  });

  it('kills a process that ignores the stop signal once its grace is over', async () => {
    const deaf = join(runDir, 'deaf');
    const pid = sleeper(`trap "" TERM; touch ${deaf}; while true; do sleep 1; done`);
    await waitFor(() => existsSync(deaf), { timeoutMs: 30_000, what: 'the process to ignore the signal' });
    const record = recordProcess(runDir, { name: 'stubborn', pid, stopSignal: 'SIGTERM', graceMs: 200 });
    await stopLeftovers(runDir);
    expect(isRunning(record)).toBe(false);
  });

  it('leaves a process alone that merely has the number of a recorded one', async () => {
    const pid = sleeper();
    const stranger = identityOf(pid);
    writeFileSync(
      join(runDir, 'redis.json'),
      JSON.stringify({ name: 'redis', ...stranger, startTicks: '1', stopSignal: 'SIGTERM', graceMs: 100 }),
    );
    expect(await stopLeftovers(runDir)).toEqual([]);
    expect(isRunning(stranger)).toBe(true);
  });

  it('refuses a second start on the same data, naming the process that holds it', () => {
    const release = claimDataFolder('/data/one', runDir);
    expect(() => claimDataFolder('/data/one', runDir)).toThrow(
      `Sluice already runs on /data/one (process ${process.pid})`,
    );
    release();
    claimDataFolder('/data/one', runDir)();
  });

  it('takes over the data of a launcher that is gone', () => {
    writeFileSync(
      join(runDir, 'launcher.json'),
      JSON.stringify({
        name: 'launcher',
        pid: process.pid,
        startTicks: '1',
        bootId: 'x',
        stopSignal: 'SIGTERM',
        graceMs: 1,
      }),
    );
    expect(() => claimDataFolder('/data/one', runDir)()).not.toThrow();
  });
});
