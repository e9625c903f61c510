import { it } from '@jest/globals';
import { waitFor } from '@sluice/kernel';
import type { Restartable, Stack } from '@sluice/local-stack';
import { killIfThere } from '@sluice/testing';
import { anyMoment, CASE_LIMIT_MS, describeMoment, isSeparate, randomFor, seeds } from './fault-seed.js';
import { MarkedDeployment } from './marked-deployment.js';
import { podProcess, type PodVictim } from './pod-victims.js';
import { reported } from './report.js';

const SERVICES = ['gateway', 'ng-manager', 'pipeline', 'dbdevops', 'scm', 'log-service', 'delegate-service'] as const;

/** kill -9 of each process that has a part in a deployment, at a random moment of it. */
export function killScenarios(stack: () => Stack): void {
  const services = isSeparate ? SERVICES : [];
  const restarted: Readonly<Record<string, () => Restartable>> = {
    ...(isSeparate ? {} : { 'control plane': () => stack().controlPlane }),
    delegate: () => stack().delegate,
  };
  for (const seed of seeds) {
    for (const service of services) {
      const moment = anyMoment(randomFor(seed, service));
      const name = `seed ${seed}: kill -9 of ${service} ${describeMoment(moment)}`;
      it(
        name,
        () =>
          reported(name, async () => {
            const deployment = await MarkedDeployment.create(stack());
            const run = await deployment.start();
            await deployment.reach(run, moment);
            const killed = stack().controlPlane.pids()[service];
            killIfThere(killed);
            await waitFor(() => stack().controlPlane.pids()[service] !== killed, {
              timeoutMs: 300_000,
              what: `${service} is started again`,
            });
            const { status } = await deployment.ended(run);
            await deployment.expectNextRunWorks();
            return status;
          }),
        CASE_LIMIT_MS,
      );
    }
    for (const [victim, processes] of Object.entries(restarted)) {
      const moment = anyMoment(randomFor(seed, victim));
      const name = `seed ${seed}: kill -9 of the ${victim} ${describeMoment(moment)}`;
      it(
        name,
        () =>
          reported(name, async () => {
            const deployment = await MarkedDeployment.create(stack());
            const run = await deployment.start();
            await deployment.reach(run, moment);
            await processes().kill();
            await processes().start();
            const { status } = await deployment.ended(run);
            await deployment.expectNextRunWorks();
            return status;
          }),
        CASE_LIMIT_MS,
      );
    }
    for (const victim of ['lite engine', 'step runner', 'JVM', 'whole pod'] as const) {
      const moment = anyMoment(randomFor(seed, victim));
      const name = `seed ${seed}: kill -9 of the ${victim} ${describeMoment(moment)}`;
      it(
        name,
        () =>
          reported(name, async () => {
            const deployment = await MarkedDeployment.create(stack());
            const run = await deployment.start();
            await deployment.reach(run, moment);
            await killInPod(stack(), deployment, run, POD_VICTIMS[victim]);
            const { status } = await deployment.ended(run);
            await deployment.expectNextRunWorks();
            return status;
          }),
        CASE_LIMIT_MS,
      );
    }
  }
}

const POD_VICTIMS: Readonly<Record<'lite engine' | 'step runner' | 'JVM' | 'whole pod', readonly PodVictim[]>> = {
  'lite engine': ['lite engine'],
  'step runner': ['step runner'],
  JVM: ['JVM'],
  // Nothing is left that could tidy up: the next run finds the lock of a dead holder.
  'whole pod': ['lite engine', 'step runner', 'JVM'],
};

/** Kills these processes of the run's pod as soon as it has them all. A run that ends sooner is left alone. */
async function killInPod(
  stack: Stack,
  deployment: MarkedDeployment,
  run: string,
  victims: readonly PodVictim[],
): Promise<void> {
  const step = await waitFor(() => deployment.stepOf(run), { timeoutMs: 120_000, what: 'the run has its step' });
  const found = (): readonly number[] | undefined => {
    const pids = victims.flatMap((victim) => podProcess(stack.data.delegate, step, victim) ?? []);
    return pids.length === victims.length ? pids : undefined;
  };
  const pids = await deployment.beforeEnd(run, () => Promise.resolve(found()), `the pod has its ${victims.join(', ')}`);
  for (const pid of pids ?? []) killIfThere(pid); // it may end by itself between the look and the kill
}
