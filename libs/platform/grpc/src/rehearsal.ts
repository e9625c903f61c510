import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Gives `work` an address in a private folder for a server that nobody else can reach, and removes it afterwards. A process that
 * waits for its work uses it to call itself once: everything that is loaded or compiled on the first call is then behind it.
 * A rehearsal that fails costs time later and nothing else, so its errors are swallowed.
 */
export async function rehearse(work: (address: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-rehearsal-'));
  try {
    await work(`unix:${join(folder, 'socket')}`);
  } catch {
    // See above.
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
