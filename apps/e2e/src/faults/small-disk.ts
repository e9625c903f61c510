import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const DISK_MB = 64;
const FILLER = 'filler';
const FILLER_BLOCK_BYTES = 64 * 1024;

/** A folder that is a small disk of its own for a while. What lay in it before is hidden meanwhile. */
export class SmallDisk {
  private constructor(readonly folder: string) {}

  /** Runs `work` with the folder, which is made when there is none. */
  static async at<T>(folder: string, work: (disk: SmallDisk) => Promise<T>): Promise<T> {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    mount(folder);
    try {
      return await work(new SmallDisk(folder));
    } finally {
      unmount(folder);
    }
  }

  /** Takes all the space that is left. Others write to the same disk, so how much that is shows only when a write finds none. */
  fill(): void {
    const filler = openSync(join(this.folder, FILLER), 'w');
    const block = Buffer.alloc(FILLER_BLOCK_BYTES);
    try {
      for (;;) writeSync(filler, block);
    } catch (cause) {
      if (!isNoSpace(cause)) throw cause;
    } finally {
      closeSync(filler);
    }
  }

  free(): void {
    rmSync(join(this.folder, FILLER));
  }
}

/** Only root may mount a disk. */
export const canMount = ((): boolean => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-disk-'));
  try {
    mount(folder);
    unmount(folder);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
})();

function mount(folder: string): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MB}m,mode=0700`, 'tmpfs', folder], { stdio: 'ignore' });
}

function unmount(folder: string): void {
  execFileSync('umount', ['-l', folder], { stdio: 'ignore' });
}

// A file system's own error is no `Error` of this realm: Jest gives each spec another one.
function isNoSpace(cause: unknown): boolean {
  return typeof cause === 'object' && cause !== null && 'code' in cause && cause.code === 'ENOSPC';
}
