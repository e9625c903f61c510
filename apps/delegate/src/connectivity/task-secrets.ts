import { secretExpressionsOf, type SecretSlot, type TaskPayload } from '@sluice/delegate-protocol';
import { AppError, messageOf } from '@sluice/kernel';
import { SecretMasker } from '@sluice/secret-masking';
import type { TaskContext } from '../task/task-handler.js';

/**
 * Does work with the values of a task's secrets. What it fails with never shows one of them, whatever a server put into its answer.
 * @throws AppError as `work` does, masked
 */
export async function withSecrets<T>(
  task: TaskPayload,
  context: TaskContext,
  work: (values: ReadonlyMap<string, string>) => Promise<T>,
): Promise<T> {
  const values = await context.secrets(secretExpressionsOf(task));
  try {
    return await work(values);
  } catch (cause) {
    throw maskedBy(new SecretMasker(values.values()), cause);
  }
}

/** Reads slots of a task: the value of a named one, or nothing for an absent name. @throws AppError SECRET_NOT_FOUND for a slot the task does not have */
export function slotReader(
  slots: readonly SecretSlot[],
  values: ReadonlyMap<string, string>,
): { value(name: string | undefined): string | undefined; required(name: string): string } {
  const required = (name: string): string => {
    const slot = slots.find((one) => one.name === name);
    const value = slot && values.get(slot.expression);
    if (value === undefined) throw new AppError('SECRET_NOT_FOUND', `the task has no secret in slot "${name}"`);
    return value;
  };
  return { required, value: (name) => (name === undefined ? undefined : required(name)) };
}

/** The error with every secret in its text masked. */
export function maskedBy(masker: SecretMasker, cause: unknown): AppError {
  const message = masker.mask(messageOf(cause));
  // Without its cause: that one still holds the plain text.
  return cause instanceof AppError
    ? new AppError(cause.code, message, masker.maskDeep(cause.details))
    : new AppError('INTERNAL', message);
}
