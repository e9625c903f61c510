import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { inheritedEnvironment } from './supervisor.js';

const run = promisify(execFile);
/** Some seconds on a usual machine; the limit is there for one that hangs. */
const TIME_LIMIT_MS = 1_800_000;

/**
 * Has the change engine compiled and archived ahead of the first step; a moment when that was done before (it is kept per machine, not per
 * data folder). @throws Error with what the preparation said
 */
export async function prepareChangeEngine(script: string): Promise<void> {
  try {
    await run(process.execPath, [script], { env: inheritedEnvironment(), timeout: TIME_LIMIT_MS });
  } catch (cause: unknown) {
    const said = typeof cause === 'object' && cause !== null && 'stderr' in cause ? String(cause.stderr).trim() : '';
    throw new Error(`the change engine could not be prepared: ${said || String(cause)}`, { cause });
  }
}
