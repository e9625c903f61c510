import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitFor } from '@sluice/kernel';
import { startKeptChild } from './kept-child.js';
import { Supervisor, type ChildSpec } from './supervisor.js';

describe('a child that is kept alive', () => {
  let folder: string;
  let complaints: string[];
  let said: string[];
  let supervisor: Supervisor;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-kept-'));
    for (const name of ['run', 'logs']) mkdirSync(join(folder, name));
    complaints = [];
    said = [];
    supervisor = new Supervisor({
      runDir: join(folder, 'run'),
      logsDir: join(folder, 'logs'),
      onUnexpectedEnd: (complaint) => complaints.push(complaint),
    });
  });
  afterEach(async () => {
    await supervisor.stopAll();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Every start writes a line to `starts`; a start ends at once while the file `broken` exists. */
  const service: () => ChildSpec = () => ({
    name: 'service',
    command: '/bin/sh',
    args: [
      '-c',
      `echo x >> ${join(folder, 'starts')}; if [ -e ${join(folder, 'broken')} ]; then echo "no such database" >&2; exit 3; fi; touch ${join(folder, 'ready')}; exec sleep 60`,
    ],
    isReady: () => Promise.resolve(existsSync(join(folder, 'ready'))),
  });
  const starts = (): number => readFileSync(join(folder, 'starts'), 'utf8').trim().split('\n').length;
  const options = { say: (text: string) => void said.push(text), firstPauseMs: 20, longestPauseMs: 80 };

  it('is started again when it dies, with another process, and says so', async () => {
    const child = await startKeptChild(supervisor, service(), options);
    const first = child.pid;
    process.kill(first, 'SIGKILL');
    await waitFor(() => said.some((text) => text.includes('is up again')), {
      timeoutMs: 30_000,
      what: 'the new start',
    });
    expect(child.pid).not.toBe(first);
    expect(said[0]).toContain('service ended unexpectedly (signal SIGKILL)');
    expect(said[0]).toContain('service is started again in 0.02 s');
    expect(complaints).toEqual([]);
  });

  it('that cannot start is tried again after growing pauses, with its last words', async () => {
    const child = await startKeptChild(supervisor, service(), options);
    rmSync(join(folder, 'ready'));
    writeFileSync(join(folder, 'broken'), '');
    process.kill(child.pid, 'SIGTERM');
    const pauses = (): string[] => said.flatMap((text) => /again in ([\d.]+) s/.exec(text)?.[1] ?? []);
    await waitFor(() => pauses().length >= 4, {
      timeoutMs: 30_000,
      what: 'the end of the first and of three new starts',
    });
    rmSync(join(folder, 'broken'));
    await waitFor(() => said.some((text) => text.includes('is up again')), {
      timeoutMs: 30_000,
      what: 'the start that works',
    });
    expect(pauses().slice(0, 4)).toEqual(['0.02', '0.04', '0.08', '0.08']);
    expect(said.some((text) => text.includes('no such database'))).toBe(true);
  });

  it('that is stopped or killed stays away, also while it waits for its next start', async () => {
    const child = await startKeptChild(supervisor, service(), {
      ...options,
      firstPauseMs: 60_000,
      longestPauseMs: 60_000,
    });
    process.kill(child.pid, 'SIGKILL');
    await waitFor(() => said.length > 0, { timeoutMs: 30_000, what: 'the notice' });
    await child.stop();
    expect(starts()).toBe(1);
    rmSync(join(folder, 'ready'));
    const second = await startKeptChild(supervisor, service(), options);
    await second.kill();
    expect(await second.ended).toBe('signal SIGKILL');
    await waitFor(() => readdirSync(join(folder, 'run')).length === 0, { timeoutMs: 30_000, what: 'records gone' });
    expect(starts()).toBe(2);
  });

  it('whose first start fails is an error, as for any child', async () => {
    writeFileSync(join(folder, 'broken'), '');
    await expect(startKeptChild(supervisor, service(), options)).rejects.toThrow(
      /service did not start: it ended \(exit code 3\)/,
    );
  });
});
