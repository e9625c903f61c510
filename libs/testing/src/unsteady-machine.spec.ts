import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { killIfThere } from './kill.js';
import { contentOf, filesBelow } from './living-folder.js';
import { freePort } from './postgres.js';
import { quickestMs } from './quickest.js';

describe('a bound on time', () => {
  const attempts = (...times: number[]) => {
    let made = 0;
    return { made: () => made, attempt: async (): Promise<number> => times[made++] ?? 0 };
  };

  it('is kept by one attempt of three, and no further one is made then', async () => {
    const { made, attempt } = attempts(9_000, 100, 50);
    expect([await quickestMs(5_000, attempt), made()]).toEqual([100, 2]);
  });

  it('is not kept when all attempts take longer', async () => {
    const { made, attempt } = attempts(9_000, 8_000, 7_000, 1);
    expect([await quickestMs(5_000, attempt), made()]).toEqual([7_000, 3]);
  });
});

describe('a folder that others work in', () => {
  let folder: string;
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'sluice-living-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('shows the files that are there, however deep, and none that has gone', () => {
    mkdirSync(join(folder, 'a/b'), { recursive: true });
    writeFileSync(join(folder, 'a/b/file'), 'text');
    symlinkSync(join(folder, 'nowhere'), join(folder, 'a/link'));
    expect(filesBelow(folder)).toEqual([join(folder, 'a/b/file')]);
    expect(filesBelow(join(folder, 'gone'))).toEqual([]);
    expect([
      contentOf(join(folder, 'a/b/file'))?.toString(),
      contentOf(join(folder, 'gone')),
      contentOf(join(folder, 'a/b/file/below')),
    ]).toEqual(['text', undefined, undefined]);
  });
});

describe('a free port', () => {
  it('is not given twice in a row, so that two servers that are started later do not meet', async () => {
    const ports: number[] = [];
    for (let count = 0; count < 90; count += 1) ports.push(await freePort());
    expect(new Set(ports).size).toBe(90);
  });
});

describe('a process that is to die', () => {
  it('may have ended before', async () => {
    const child = spawn(process.execPath, ['-e', '']);
    await once(child, 'close');
    expect(() => killIfThere(child.pid)).not.toThrow();
  });

  it.each([undefined, 0])('has a number, so that %s does not end the caller with its group', (pid) =>
    expect(() => killIfThere(pid)).toThrow('there is no process to kill'),
  );
});
