import { expect, it } from '@jest/globals';
import { join } from 'node:path';
import { waitFor } from '@sluice/kernel';
import type { Stack } from '@sluice/local-stack';
import { anyMoment, CASE_LIMIT_MS, describeMoment, randomFor, seeds } from './fault-seed.js';
import { MarkedDeployment } from './marked-deployment.js';
import { onDelegate } from './only-delegate.js';
import { reported } from './report.js';
import { SmallDisk, canMount } from './small-disk.js';

/** A log waits in the delegate's outbox with a pause of up to 30 s. */
const HEAL_LIMIT_MS = 300_000;

/** Disks are full in the middle of a deployment and have space again afterwards: the whole of the delegate, its pods, the stored logs, the Git cache. */
export function diskScenarios(stack: () => Stack): void {
  for (const seed of seeds) {
    const atRandom = (
      whose: string,
      work: (disk: { readonly moment: ReturnType<typeof anyMoment> }) => Promise<string>,
    ): void => {
      const moment = anyMoment(randomFor(seed, `disk of ${whose}`));
      const name = `seed ${seed}: the disk of ${whose} is full ${describeMoment(moment)}`;
      (canMount ? it : it.skip)(
        canMount ? name : `${name} (not run: only root may mount a small disk)`,
        () => reported(name, () => work({ moment })),
        CASE_LIMIT_MS,
      );
    };

    for (const [whose, folder] of [
      ['the delegate', ''],
      ['the pods', 'pods'],
    ] as const) {
      atRandom(whose, ({ moment }) => {
        const home = join(stack().data.root, `small-${seed}-${folder}`);
        return SmallDisk.at(join(home, folder), (disk) =>
          onDelegate(stack(), 'small', { DELEGATE_DATA_DIR: home }, async (small) => {
            const deployment = await MarkedDeployment.create(stack());
            const run = await deployment.start();
            await deployment.reach(run, moment);
            disk.fill();
            const { status } = await deployment.ended(run);
            disk.free();
            await deployment.expectNextRunWorks();
            await small.stop();
            return status;
          }),
        );
      });
    }

    atRandom('the log service', ({ moment }) =>
      SmallDisk.at(stack().data.blobs, async (disk) => {
        const deployment = await MarkedDeployment.create(stack());
        const run = await deployment.start();
        await deployment.reach(run, moment);
        disk.fill();
        const { status, failure } = await deployment.ended(run);
        expect([status, failure]).toEqual(['Success', '']);
        disk.free();
        await waitFor(() => deployment.hasStoredLog(run), {
          timeoutMs: HEAL_LIMIT_MS,
          intervalMs: 500,
          what: 'the log of the step is stored after all',
        });
        await deployment.expectNextRunWorks();
        return status;
      }),
    );

    atRandom('scm', ({ moment }) =>
      SmallDisk.at(stack().data.scm, async (disk) => {
        const deployment = await MarkedDeployment.create(stack());
        const run = await deployment.start();
        await deployment.reach(run, moment);
        disk.fill();
        await expect(deployment.preview()).rejects.toMatchObject({
          status: 503,
          message: expect.stringContaining('no space left'),
        });
        const { status } = await deployment.ended(run);
        expect(status).toBe('Success');
        disk.free();
        expect(await deployment.preview()).toContain('INSERT INTO marks');
        await deployment.expectNextRunWorks();
        return status;
      }),
    );
  }
}
