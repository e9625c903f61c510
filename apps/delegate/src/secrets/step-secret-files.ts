import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SecretSlot } from '@sluice/delegate-protocol';
import { AppError } from '@sluice/kernel';

/**
 * Writes the secrets of one step where only its container looks: `<pod>/secrets/<stepExecutionId>/<slot>`, 0600 in a folder of 0700. Nothing else on
 * the disk ever holds a value; the files go with the pod.
 * @throws AppError SECRET_NOT_FOUND when a value is missing
 */
export async function writeStepSecrets(
  podDirectory: string,
  stepExecutionId: string,
  slots: readonly SecretSlot[],
  values: ReadonlyMap<string, string>,
): Promise<void> {
  const folder = join(podDirectory, 'secrets', stepExecutionId);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await Promise.all(
    slots.map(async ({ name, expression }) => {
      const value = values.get(expression);
      if (value === undefined) throw new AppError('SECRET_NOT_FOUND', `no value came for ${expression}`);
      await writeFile(join(folder, name), value, { mode: 0o600 });
    }),
  );
}
