import { expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readdirSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitFor } from '@sluice/kernel';
import type { Restartable, Stack } from '@sluice/local-stack';
import { Cable } from '@sluice/testing';
import { anyMoment, CASE_LIMIT_MS, describeMoment, randomFor, seeds } from './fault-seed.js';
import { MarkedDeployment } from './marked-deployment.js';
import { reported } from './report.js';

/** Ten of them take longer than lease and fence together. */
const LONG_CHANGESET_SECONDS = 3;
const DISK_MB = 64;
const FILLER_BLOCK_BYTES = 64 * 1024;

/** What happens to the machine and the network of a delegate. */
export function delegateScenarios(stack: () => Stack): void {
  for (const seed of seeds) {
    // Early enough that most of the deployment lies behind the end of the lease.
    const cutAt = anyMoment(randomFor(seed, 'cut off'), 1, 3);
    const cutOff = `seed ${seed}: the delegate is cut off for longer than its lease ${describeMoment(cutAt)}, with a second delegate connected and a second run waiting`;
    it(cutOff, () => reported(cutOff, async () => {
      const cable = await Cable.to('127.0.0.1', stack().ports['delegate-service']);
      try {
        return await onDelegate(stack(), 'far', { DELEGATE_SERVICE_URL: `ws://127.0.0.1:${cable.port}` }, async (far) => {
          const deployment = await MarkedDeployment.create(stack(), { changesetSeconds: LONG_CHANGESET_SECONDS });
          const first = await deployment.start();
          await deployment.reach(first, cutAt);
          await stack().delegate.start();
          cable.cut();
          const second = await deployment.start();
          const { status } = await deployment.finished(first);
          await deployment.setPace(0);
          const next = await deployment.finished(second);
          expect([next.status, next.failure]).toEqual(['Success', '']);
          await deployment.expectTruth();
          cable.mend();
          const outbox = join(stack().data.root, 'far', 'outbox');
          await waitFor(() => readdirSync(outbox).length === 0, { timeoutMs: 120_000, what: 'the late results are delivered' });
          await deployment.expectTruth();
          await far.stop();
          await deployment.expectNextRunWorks();
          return status;
        });
      } finally {
        await cable.close();
      }
    }), CASE_LIMIT_MS);

    const fullAt = anyMoment(randomFor(seed, 'disk full'));
    const diskFull = `seed ${seed}: the disk of the delegate is full ${describeMoment(fullAt)}`;
    (canMount ? it : it.skip)(canMount ? diskFull : `${diskFull} (not run: only root may mount a small disk)`, () => reported(diskFull, async () => {
      const disk = mkdtempSync(join(tmpdir(), 'sluice-disk-'));
      mount(disk);
      try {
        return await onDelegate(stack(), 'small', { DELEGATE_DATA_DIR: disk }, async (small) => {
          const deployment = await MarkedDeployment.create(stack());
          const run = await deployment.start();
          await deployment.reach(run, fullAt);
          fill(disk);
          const { status } = await deployment.ended(run);
          rmSync(join(disk, 'filler'));
          await deployment.expectNextRunWorks();
          await small.stop();
          return status;
        });
      } finally {
        unmount(disk);
      }
    }), CASE_LIMIT_MS);
  }
}

/** Runs `work` while a further delegate is the only one; afterwards the first one is there again, alone. */
async function onDelegate<T>(stack: Stack, name: string, environment: Readonly<Record<string, string>>, work: (delegate: Restartable) => Promise<T>): Promise<T> {
  const delegate = await stack.addDelegate(name, environment);
  try {
    await stack.delegate.stop();
    return await work(delegate);
  } finally {
    await delegate.stop();
    if (Object.keys(stack.delegate.pids()).length === 0) await stack.delegate.start();
  }
}

function mount(folder: string): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MB}m,mode=0700`, 'tmpfs', folder], { stdio: 'ignore' });
}

function unmount(folder: string): void {
  execFileSync('umount', ['-l', folder], { stdio: 'ignore' });
  rmSync(folder, { recursive: true, force: true });
}

/** Takes all the space that is left. The delegate writes to the same disk, so how much that is shows only when a write finds none. */
function fill(folder: string): void {
  const filler = openSync(join(folder, 'filler'), 'w');
  const block = Buffer.alloc(FILLER_BLOCK_BYTES);
  try {
    for (;;) writeSync(filler, block);
  } catch (cause) {
    if (!isNoSpace(cause)) throw cause;
  } finally {
    closeSync(filler);
  }
}

// A file system's own error is no `Error` of this realm: Jest gives each spec another one.
function isNoSpace(cause: unknown): boolean {
  return typeof cause === 'object' && cause !== null && 'code' in cause && cause.code === 'ENOSPC';
}

const canMount = ((): boolean => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-disk-'));
  try {
    mount(folder);
    unmount(folder);
    return true;
  } catch {
    rmSync(folder, { recursive: true, force: true });
    return false;
  }
})();
