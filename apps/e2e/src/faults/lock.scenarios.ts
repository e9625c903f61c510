import { expect, it } from '@jest/globals';
import { waitFor } from '@sluice/kernel';
import type { Stack } from '@sluice/local-stack';
import { CASE_LIMIT_MS } from './fault-seed.js';
import { MarkedDeployment } from './marked-deployment.js';
import { OTHER_TOOL, holdChangelogLock, releaseChangelogLock, rowsOf } from '../harness/schema-dump.js';
import { reported } from './report.js';

/** The change log lock is in other hands, and two runs want one instance. */
export function lockScenarios(stack: () => Stack): void {
  const live = 'another tool holds the change log lock for a while: the run waits, then applies everything';
  it(
    live,
    () =>
      reported(live, async () => {
        const deployment = await heldByOtherTool(stack());
        const run = await deployment.start();
        await waits(deployment);
        expect(await deployment.appliedCount()).toBe(0);
        await releaseChangelogLock(deployment.target.url);
        const { status } = await deployment.ended(run);
        expect(status).toBe('Success');
        await deployment.expectNextRunWorks();
        return status;
      }),
    CASE_LIMIT_MS,
  );

  const stale =
    'another tool left the change log lock behind: an aborted run leaves it alone, the next run after its release works';
  it(
    stale,
    () =>
      reported(stale, async () => {
        const deployment = await heldByOtherTool(stack());
        const { gateway, scope } = deployment.project;
        const run = await deployment.start();
        await waits(deployment);
        await gateway.call('PUT', `/pipeline/api/pipeline/execute/interrupt/${run}`, {
          query: { ...scope, interruptType: 'AbortAll' },
        });
        const { status } = await deployment.ended(run);
        expect(status).toBe('Aborted');
        expect(await rowsOf(deployment.target.url, 'SELECT locked, lockedby FROM databasechangeloglock')).toEqual([
          { locked: true, lockedby: OTHER_TOOL },
        ]);
        await releaseChangelogLock(deployment.target.url);
        await deployment.expectNextRunWorks();
        return status;
      }),
    CASE_LIMIT_MS,
  );

  const both = 'two runs are started at once on one instance: one applies everything, the other nothing';
  it(
    both,
    () =>
      reported(both, async () => {
        const deployment = await MarkedDeployment.create(stack());
        const runs = await Promise.all([deployment.start(), deployment.start()]);
        for (const run of runs) {
          const { status, failure } = await deployment.finished(run);
          expect([status, failure]).toEqual(['Success', '']);
        }
        await deployment.expectTruth();
        await deployment.expectNextRunWorks();
        return 'Success';
      }),
    CASE_LIMIT_MS,
  );
}

async function heldByOtherTool(stack: Stack): Promise<MarkedDeployment> {
  const deployment = await MarkedDeployment.create(stack);
  await holdChangelogLock(deployment.target.url);
  return deployment;
}

/** The engine of the run has taken the lock of its session, which it does just before it asks for the change log lock. */
function waits({ target }: MarkedDeployment): Promise<unknown> {
  const asking = `SELECT 1 FROM pg_locks JOIN pg_stat_activity activity USING (pid) WHERE locktype = 'advisory' AND datname = current_database() AND application_name LIKE 'sluice-%'`;
  return waitFor(async () => (await rowsOf(target.url, asking)).length > 0, {
    timeoutMs: 120_000,
    what: 'the run waits for the change log lock',
  });
}
