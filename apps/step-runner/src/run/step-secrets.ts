import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError, messageOf } from '@sluice/kernel';

/** Values by slot name, read from the step's private directory. */
export type StepSecrets = ReadonlyMap<string, string>;

/** One file per slot. A directory that does not exist holds no secrets. @throws AppError INTERNAL when it cannot be read */
export async function readSecrets(directory: string): Promise<StepSecrets> {
  try {
    const entries = await readdir(directory, { withFileTypes: true });
    // Mounted secrets are links to files of a hidden folder beside them.
    const names = entries
      .filter((entry) => !entry.isDirectory() && !entry.name.startsWith('.'))
      .map((entry) => entry.name);
    return new Map(
      await Promise.all(names.map(async (name) => [name, await readFile(join(directory, name), 'utf8')] as const)),
    );
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return new Map();
    throw new AppError('INTERNAL', `the step's secrets cannot be read: ${messageOf(cause)}`, {}, { cause });
  }
}

/** @throws AppError SECRET_NOT_FOUND naming the slot */
export function secretOf(secrets: StepSecrets, slot: string): string {
  const value = secrets.get(slot);
  if (value === undefined) throw new AppError('SECRET_NOT_FOUND', `the step has no secret in slot "${slot}"`);
  return value;
}
