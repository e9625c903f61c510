import { expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { GatewayError } from '@sluice/cli';
import { newId, pause, waitFor } from '@sluice/kernel';
import type { Restartable, Stack } from '@sluice/local-stack';
import { stringify } from 'yaml';
import { applyStep, group, stage } from '../harness/project.js';
import { anyMoment, CASE_LIMIT_MS, describeMoment, randomFor, seeds } from './fault-seed.js';
import { MarkedDeployment } from './marked-deployment.js';
import { reported } from './report.js';
import { SmallDisk, canMount } from './small-disk.js';

/** More than a database finds in half-filled pages, and less than a pipeline may have. */
const LARGE_BYTES = 200_000;
/** There is no space for longer than a lease and its fence. */
const FULL_MS = 32_000;

/** The disk of the control plane's own databases is full in the middle of a deployment and has space again afterwards. */
export function storeDiskScenarios(stack: () => Stack): void {
  for (const seed of seeds) {
    const moment = anyMoment(randomFor(seed, "disk of the platform's PostgreSQL"));
    const name = `seed ${seed}: the disk of the platform's PostgreSQL is full ${describeMoment(moment)}`;
    // Its write-ahead log is on another disk: without space for that one the server ends, which is an outage.
    const work = (): Promise<string> =>
      withSmallDisk(stack().platformServer, stack().platformFolder, ['pg_wal'], async (disk) => {
        const deployment = await MarkedDeployment.create(stack());
        const run = await deployment.start();
        await deployment.reach(run, moment);
        disk.fill();
        expect(await refusalOf(deployment)).toMatchObject({
          status: 503,
          message: expect.stringContaining('no space left'),
        });
        await pause(FULL_MS);
        disk.free();
        const { status } = await deployment.ended(run);
        await deployment.expectNextRunWorks();
        return status;
      });
    (canMount ? it : it.skip)(
      canMount ? name : `${name} (not run: only root may mount a small disk)`,
      () => reported(name, work),
      CASE_LIMIT_MS,
    );
  }
}

/** What a user gets who stores something that needs space. Smaller things may still find some. */
function refusalOf({ target, project: { gateway, scope, at } }: MarkedDeployment): Promise<GatewayError> {
  const store = async (): Promise<undefined> => {
    const pipeline = {
      identifier: `large_${newId()}`,
      name: 'Large',
      orgIdentifier: at.org,
      projectIdentifier: at.project,
      stages: [stage('s', [group('g', [applyStep('apply', target)])])],
    };
    // A remark that cannot be packed much.
    await gateway.call('POST', '/pipeline/api/pipelines/v2', {
      query: scope,
      yaml: `${stringify({ pipeline })}# ${randomBytes(LARGE_BYTES / 2).toString('hex')}\n`,
    });
    return undefined;
  };
  const refused = (): Promise<GatewayError | undefined> =>
    store().catch((cause: unknown) => {
      if (!(cause instanceof GatewayError)) throw cause;
      // While sessions are opened again, a service may be away for a moment.
      const isAway = cause.status === undefined || (cause.status > 500 && !cause.message.includes('no space left'));
      return isAway ? undefined : cause;
    });
  return waitFor(refused, { timeoutMs: 150_000, what: 'a request finds no space' });
}

/** Runs `work` while the files of a server are on a small disk of their own. */
async function withSmallDisk<T>(
  server: Restartable,
  folder: string,
  elsewhere: readonly string[],
  work: (disk: SmallDisk) => Promise<T>,
): Promise<T> {
  await server.stop();
  try {
    return await SmallDisk.holding(folder, elsewhere, async (disk) => {
      await server.start();
      try {
        return await work(disk);
      } finally {
        await server.stop();
      }
    });
  } finally {
    await server.start();
  }
}
