import { it } from '@jest/globals';
import { waitFor } from '@sluice/kernel';
import type { Restartable, Stack } from '@sluice/local-stack';
import { anyMoment, describeMoment, randomFor, seeds } from './fault-seed.js';
import { MarkedDeployment } from './marked-deployment.js';
import { podProcess, type PodVictim } from './pod-victims.js';
import { reported } from './report.js';

export const CASE_LIMIT_MS = 420_000;

/** kill -9 of each process that has a part in a deployment, at a random moment of it. */
export function killScenarios(stack: () => Stack): void {
  const restarted: Readonly<Record<string, () => Restartable>> = { 'control plane': () => stack().controlPlane, delegate: () => stack().delegate };
  for (const seed of seeds) {
    for (const [victim, processes] of Object.entries(restarted)) {
      const moment = anyMoment(randomFor(seed, victim));
      const name = `seed ${seed}: kill -9 of the ${victim} ${describeMoment(moment)}`;
      it(name, () => reported(name, async () => {
        const deployment = await MarkedDeployment.create(stack());
        const run = await deployment.start();
        await deployment.reach(run, moment);
        await processes().kill();
        await processes().start();
        const { status } = await deployment.ended(run);
        await deployment.expectNextRunWorks();
        return status;
      }), CASE_LIMIT_MS);
    }
    for (const victim of ['lite engine', 'step runner', 'JVM'] satisfies readonly PodVictim[]) {
      const moment = anyMoment(randomFor(seed, victim));
      const name = `seed ${seed}: kill -9 of the ${victim} ${describeMoment(moment)}`;
      it(name, () => reported(name, async () => {
        const deployment = await MarkedDeployment.create(stack());
        const run = await deployment.start();
        await deployment.reach(run, moment);
        await killInPod(stack(), deployment, run, victim);
        const { status } = await deployment.ended(run);
        await deployment.expectNextRunWorks();
        return status;
      }), CASE_LIMIT_MS);
    }
  }
}

/** Kills that process of the run's pod as soon as there is one. A run that ends sooner is left alone. */
export async function killInPod(stack: Stack, deployment: MarkedDeployment, run: string, victim: PodVictim): Promise<void> {
  const step = await waitFor(() => deployment.stepOf(run), { timeoutMs: 60_000, what: 'the run has its step' });
  const pid = await deployment.beforeEnd(run, () => Promise.resolve(podProcess(stack.data.delegate, step, victim)), `the pod has a ${victim}`);
  if (pid !== undefined) process.kill(pid, 'SIGKILL');
}
