import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

/** The processes of a pod, by what they are to it. */
export type PodVictim = 'lite engine' | 'step runner' | 'JVM';

const record = z.looseObject({
  podId: z.string().nullable(),
  processes: z.array(z.object({ role: z.enum(['engine', 'step']), pid: z.number().int() })),
});

/** Process id of a part of the pod that has the secrets of step `stepExecutionId`; undefined when there is none (yet, or any more). */
export function podProcess(delegateFolder: string, stepExecutionId: string, victim: PodVictim): number | undefined {
  const pods = join(delegateFolder, 'pods');
  const pod = namesIn(pods).find((name) => namesIn(join(pods, name, 'secrets')).includes(stepExecutionId));
  const processes = (pod === undefined ? undefined : recordOf(join(pods, pod, 'pod.json')))?.processes ?? [];
  const pidOf = (role: 'engine' | 'step'): number | undefined => processes.findLast((one) => one.role === role)?.pid;
  if (victim === 'lite engine') return pidOf('engine');
  const runner = pidOf('step');
  return victim === 'step runner' || runner === undefined ? runner : childOf(runner);
}

/** Pods of step groups below a delegate's folder; those that are only prepared are not among them. */
export function podIds(delegateFolder: string): readonly string[] {
  const pods = join(delegateFolder, 'pods');
  return namesIn(pods).flatMap((name) => recordOf(join(pods, name, 'pod.json'))?.podId ?? []);
}

/** Undefined for a pod that is not recorded yet, or was removed while it was looked at. */
function recordOf(file: string): z.infer<typeof record> | undefined {
  try {
    return record.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return undefined;
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function childOf(parent: number): number | undefined {
  const isChild = (pid: string): boolean => {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      // The name, in parentheses, may hold anything; after it come the state and the parent.
      return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1] === String(parent);
    } catch {
      return false;
    }
  };
  const found = readdirSync('/proc').find((name) => /^\d+$/.test(name) && isChild(name));
  return found === undefined ? undefined : Number(found);
}
