import { it } from '@jest/globals';
import { pause } from '@sluice/kernel';
import type { Restartable, Stack } from '@sluice/local-stack';
import { anyMoment, CASE_LIMIT_MS, describeMoment, randomFor, seeds } from './fault-seed.js';
import { MarkedDeployment } from './marked-deployment.js';
import { reported } from './report.js';

interface Outage {
  readonly what: string;
  readonly server: (stack: Stack) => Restartable;
  /** Zero: stopped and started at once. */
  readonly awayMs: number;
}

const OUTAGES: readonly Outage[] = [
  // Within a lease, and longer than lease and fence together.
  { what: "the platform's PostgreSQL is away for 5 s", server: (stack) => stack.platformServer, awayMs: 5_000 },
  { what: "the platform's PostgreSQL is away for 30 s", server: (stack) => stack.platformServer, awayMs: 30_000 },
  { what: 'Redis is restarted', server: (stack) => stack.redisServer, awayMs: 0 },
  { what: "the customer's database is restarted", server: (stack) => stack.customerServer, awayMs: 0 },
];

/** A store goes away in the middle of a deployment and comes back. */
export function outageScenarios(stack: () => Stack): void {
  for (const seed of seeds) {
    for (const { what, server, awayMs } of OUTAGES) {
      const moment = anyMoment(randomFor(seed, what));
      const name = `seed ${seed}: ${what} ${describeMoment(moment)}`;
      it(
        name,
        () =>
          reported(name, async () => {
            const deployment = await MarkedDeployment.create(stack());
            const run = await deployment.start();
            await deployment.reach(run, moment);
            const store = server(stack());
            await store.stop();
            await pause(awayMs);
            await store.start();
            const { status } = await deployment.ended(run);
            await deployment.expectNextRunWorks();
            return status;
          }),
        CASE_LIMIT_MS,
      );
    }
  }
}
