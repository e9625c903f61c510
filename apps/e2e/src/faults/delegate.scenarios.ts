import { expect, it } from '@jest/globals';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { waitFor } from '@sluice/kernel';
import type { Stack } from '@sluice/local-stack';
import { Cable } from '@sluice/testing';
import { anyMoment, CASE_LIMIT_MS, describeMoment, randomFor, seeds } from './fault-seed.js';
import { MarkedDeployment } from './marked-deployment.js';
import { onDelegate } from './only-delegate.js';
import { podIds } from './pod-victims.js';
import { reported } from './report.js';

/** Ten of them take longer than lease and fence together. */
const LONG_CHANGESET_SECONDS = 5;

/** What happens to the machine and the network of a delegate. */
export function delegateScenarios(stack: () => Stack): void {
  for (const seed of seeds) {
    // Early enough that most of the deployment lies behind the end of the lease.
    const cutAt = anyMoment(randomFor(seed, 'cut off'), 1, 3);
    const cutOff = `seed ${seed}: the delegate is cut off for longer than its lease ${describeMoment(cutAt)}, with a second delegate connected and a second run waiting`;
    it(
      cutOff,
      () =>
        reported(cutOff, async () => {
          const cable = await Cable.to('127.0.0.1', stack().ports['delegate-service']);
          try {
            return await onDelegate(
              stack(),
              'far',
              { DELEGATE_SERVICE_URL: `ws://127.0.0.1:${cable.port}` },
              async (far) => {
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
                await waitFor(() => readdirSync(outbox).length === 0, {
                  timeoutMs: 300_000,
                  what: 'the late results are delivered',
                });
                await deployment.expectTruth();
                // Its clean-up was asked for while nobody could hear it.
                await waitFor(() => podIds(join(stack().data.root, 'far')).length === 0, {
                  timeoutMs: 300_000,
                  what: 'the pod of the lost run is removed',
                });
                await far.stop();
                await deployment.expectNextRunWorks();
                return status;
              },
            );
          } finally {
            await cable.close();
          }
        }),
      CASE_LIMIT_MS,
    );
  }
}
