import { execFileSync } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const DISK_MB = 64;
/** A PostgreSQL with the databases of the control plane, its log and room for a few runs. */
const STORE_DISK_MB = 512;
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

  /**
   * Runs `work` with what a server keeps in the folder on a small disk; afterwards it lies where it lay, as `work` left it.
   * The server must not run at the beginning and at the end of `work`.
   * @param elsewhere names in the folder that stay on the usual disk
   */
  static async holding<T>(
    folder: string,
    elsewhere: readonly string[],
    work: (disk: SmallDisk) => Promise<T>,
  ): Promise<T> {
    const usual = `${folder}.usual`;
    renameSync(folder, usual);
    mkdirSync(folder);
    mount(folder, STORE_DISK_MB);
    try {
      copy(usual, folder);
      for (const name of elsewhere) {
        rmSync(join(folder, name), { recursive: true });
        symlinkSync(join(usual, name), join(folder, name));
      }
      const disk = new SmallDisk(folder);
      const result = await work(disk);
      disk.free();
      for (const name of elsewhere) rmSync(join(folder, name));
      for (const name of readdirSync(usual))
        if (!elsewhere.includes(name)) rmSync(join(usual, name), { recursive: true });
      copy(folder, usual);
      return result;
    } finally {
      unmount(folder);
      rmSync(folder, { recursive: true });
      renameSync(usual, folder);
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
    rmSync(join(this.folder, FILLER), { force: true });
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

function mount(folder: string, megabytes = DISK_MB): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=0700`, 'tmpfs', folder], { stdio: 'ignore' });
}

/** With owners, modes and times, those of the folder itself too. */
function copy(from: string, to: string): void {
  execFileSync('cp', ['-a', `${from}/.`, to], { stdio: 'ignore' });
}

function unmount(folder: string): void {
  execFileSync('umount', ['-l', folder], { stdio: 'ignore' });
}

// A file system's own error is no `Error` of this realm: Jest gives each spec another one.
function isNoSpace(cause: unknown): boolean {
  return typeof cause === 'object' && cause !== null && 'code' in cause && cause.code === 'ENOSPC';
}
