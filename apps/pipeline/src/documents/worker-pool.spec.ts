import { afterEach, describe, expect, it } from '@jest/globals';
import { WorkerPool } from './worker-pool.js';

/** A worker from a line of code that makes `result` of a `job`. */
const worker = (code: string): URL =>
  new URL(
    `data:text/javascript,${encodeURIComponent(`import { parentPort } from 'node:worker_threads'; parentPort.on('message', (job) => { ${code} parentPort.postMessage({ result }); }); parentPort.postMessage('ready');`)}`,
  );
const HOG = worker(
  "const kept = []; while (job === 'hog') kept.push(new Array(1_000).fill(kept.length)); const result = job;",
);

describe('a pool of threads', () => {
  let pool: WorkerPool | undefined;
  afterEach(() => pool?.stop());

  it('ends a job that needs more memory than a thread has, and replaces the thread', async () => {
    pool = new WorkerPool({ file: HOG, size: 1, deadlineMs: 120_000 });
    await expect(pool.run('acc', 'the pipeline', 'hog')).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      message: 'the pipeline needs more than 256 MB to be read; make it smaller',
    });
    expect(await pool.run('acc', 'the pipeline', 'plain')).toBe('plain');
  }, 300_000);

  it('says to what waits why its threads cannot start, each time it is asked', async () => {
    pool = new WorkerPool({ file: new URL('missing.js', import.meta.url), size: 2, deadlineMs: 120_000 });
    await expect(pool.run('acc', 'the pipeline', 1)).rejects.toThrow(/missing\.js/);
    await expect(pool.run('acc', 'the pipeline', 1)).rejects.toThrow(/missing\.js/);
  }, 300_000);

  it('takes accounts in turns, and refuses an account of which too much waits', async () => {
    pool = new WorkerPool({ file: worker('const result = job;'), size: 1, deadlineMs: 120_000 });
    const ended: string[] = [];
    const ask = (account: string) =>
      (pool as WorkerPool).run(account, 'the pipeline', account).then(() => ended.push(account));
    const many = Array.from({ length: 200 }, () => ask('many'));
    await expect(ask('many')).rejects.toMatchObject({
      code: 'TOO_MANY_REQUESTS',
      message: expect.stringMatching(/account many .* 200 of its documents wait/),
    });
    await ask('few');
    expect(ended.length).toBeLessThan(5);
    await Promise.all(many);
  }, 300_000);

  it('refuses what comes after it was stopped', async () => {
    pool = new WorkerPool({ file: HOG, size: 1, deadlineMs: 120_000 });
    await pool.stop();
    await expect(pool.run('acc', 'the pipeline', 'plain')).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
  });
});
