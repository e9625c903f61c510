import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitFor } from '@sluice/kernel';
import { Supervisor, type ChildSpec } from './supervisor.js';

describe('Supervisor', () => {
  let folder: string;
  let complaints: string[];
  let supervisor: Supervisor;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-supervisor-'));
    for (const name of ['run', 'logs']) mkdirSync(join(folder, name));
    complaints = [];
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

  const shell = (name: string, script: string, more: Partial<ChildSpec> = {}): ChildSpec => ({
    name,
    command: '/bin/sh',
    args: ['-c', script],
    graceMs: 60_000,
    isReady: () => Promise.resolve(existsSync(join(folder, `${name}.ready`))),
    ...more,
  });
  const ready = (name: string): string => `touch ${join(folder, `${name}.ready`)}`;

  it('hands out a child only once it is ready', async () => {
    const child = await supervisor.start(shell('slow', `${ready('slow')}; exec sleep 60`));
    expect(existsSync(join(folder, 'slow.ready'))).toBe(true);
    expect(child.pid).toBeGreaterThan(1);
  });

  it('says what a child wrote last when it ends before it is ready', async () => {
    await expect(supervisor.start(shell('broken', 'echo "no such database" >&2; exit 3'))).rejects.toThrow(
      /broken did not start: it ended \(exit code 3\)[\s\S]*no such database/,
    );
    expect(complaints).toEqual([]);
  });

  it('never hands out a child that ended while it was looked at, although it seemed to be ready', async () => {
    const isReady = async (): Promise<boolean> => {
      await waitFor(() => readdirSync(join(folder, 'run')).length === 0, {
        timeoutMs: 30_000,
        what: 'the end of the child',
      });
      return true;
    };
    await expect(supervisor.start(shell('brief', 'exit 3', { isReady }))).rejects.toThrow(
      'brief did not start: it ended (exit code 3)',
    );
  });

  it('waits for a child for as long as it lives, and says at intervals what is missing', async () => {
    const said: string[] = [];
    const patient = new Supervisor({
      runDir: join(folder, 'run'),
      logsDir: join(folder, 'logs'),
      onUnexpectedEnd: (complaint) => complaints.push(complaint),
      onWaiting: (text) => said.push(text),
      waitingEveryMs: 50,
    });
    const isReady = async (): Promise<boolean> => {
      if (said.length < 3) throw new Error('its database does not answer');
      return true;
    };
    const child = await patient.start(shell('patient', 'exec sleep 60', { isReady }));
    expect(said[2]).toMatch(/^patient is not ready after \d+ s: its database does not answer$/);
    await child.stop();
    expect(said).toHaveLength(3);
  });

  it('reports an end nobody asked for in one sentence with the last log lines', async () => {
    const end = join(folder, 'end');
    execFileSync('mkfifo', [end]);
    const child = await supervisor.start(
      shell('fragile', `${ready('fragile')}; read line < ${end}; echo "out of memory"; exit 9`),
    );
    writeFileSync(end, 'now\n');
    await child.ended;
    await waitFor(() => complaints.length > 0, { timeoutMs: 30_000, what: 'the complaint' });
    expect(complaints[0]).toMatch(
      /^fragile ended unexpectedly \(exit code 9\); the end of .*fragile\.log:\n[\s\S]*out of memory/,
    );
  });

  it('does not complain about children it stops or kills itself, and forgets them', async () => {
    const stopped = await supervisor.start(shell('stopped', `${ready('stopped')}; exec sleep 60`));
    const killed = await supervisor.start(shell('killed', `${ready('killed')}; exec sleep 60`));
    await stopped.stop();
    await killed.kill();
    expect(await stopped.ended).toBe('signal SIGTERM');
    expect(await killed.ended).toBe('signal SIGKILL');
    await waitFor(() => readdirSync(join(folder, 'run')).length === 0, { timeoutMs: 30_000, what: 'records gone' });
    expect(complaints).toEqual([]);
  });

  it('says of each child it stops how long it waits; in a hurry it kills it, and still waits for one that keeps data', async () => {
    const said: string[] = [];
    const hasty = new Supervisor({
      runDir: join(folder, 'run'),
      logsDir: join(folder, 'logs'),
      onUnexpectedEnd: (complaint) => complaints.push(complaint),
      onStopping: (text) => said.push(text),
    });
    const data = await hasty.start(shell('data', `${ready('data')}; exec sleep 600`, { keepsData: true }));
    const waiting = await hasty.start(shell('waiting', `${ready('waiting')}; exec sleep 600`));
    const stubborn = await hasty.start(
      shell('stubborn', `trap "" TERM; ${ready('stubborn')}; exec sleep 600`, { graceMs: 600_000 }),
    );
    const stopping = hasty.stopAll();
    expect(said).toEqual(['waiting for the end of stubborn, 600 s at most']);
    hasty.hurry();
    await stopping;
    expect(await Promise.all([stubborn, waiting, data].map(({ ended }) => ended))).toEqual([
      'signal SIGKILL',
      'signal SIGKILL',
      'signal SIGTERM',
    ]);
    expect(said).toEqual([
      'waiting for the end of stubborn, 600 s at most',
      'waiting for the end of data, 60 s at most',
    ]);
    expect(complaints).toEqual([]);
  });

  it('stops the youngest child first and starts none afterwards', async () => {
    const order: string[] = [];
    for (const name of ['first', 'second']) {
      const child = await supervisor.start(shell(name, `${ready(name)}; exec sleep 60`));
      void child.ended.then(() => order.push(name));
    }
    await supervisor.stopAll();
    expect(order).toEqual(['second', 'first']);
    await expect(supervisor.start(shell('late', 'sleep 60'))).rejects.toThrow('everything is being stopped');
  });
});
