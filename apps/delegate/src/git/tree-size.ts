import { AppError } from '@sluice/kernel';

export interface TreeLimits {
  /** Files and folders. */
  readonly maxEntries: number;
  readonly maxBytes: number;
}

/**
 * Counts what `git ls-tree -r -t -l -z` lists, as it comes. A few objects can name each other so often that their tree has no end,
 * so the counting has to stop before the listing does. Notes what is no part of the repository.
 */
export class TreeSize {
  /** Paths at which another repository is mounted. */
  readonly submodules: string[] = [];
  private entries = 0;
  private bytes = 0;
  private rest = '';

  /** @param shown the repository and ref, for the error */
  constructor(
    private readonly limits: TreeLimits,
    private readonly shown: string,
  ) {}

  /** @throws AppError PAYLOAD_TOO_LARGE as soon as a limit is passed, naming it and its variable */
  take(chunk: Buffer): void {
    const records = `${this.rest}${chunk.toString('latin1')}`.split('\0');
    this.rest = records.pop() ?? '';
    for (const record of records) this.count(record);
  }

  private count(record: string): void {
    this.entries += 1;
    const mounted = /^160000 commit [^\t]*\t/.exec(record)?.[0];
    if (mounted !== undefined) this.submodules.push(Buffer.from(record.slice(mounted.length), 'latin1').toString());
    this.bytes += Number(/^\d+ blob [0-9a-f]+ +(\d+)\t/.exec(record)?.[1] ?? 0);
    const { maxEntries, maxBytes } = this.limits;
    if (this.entries > maxEntries)
      throw this.tooLarge(`more than ${maxEntries} files and folders`, 'DELEGATE_TREE_MAX_ENTRIES');
    if (this.bytes > maxBytes)
      throw this.tooLarge(`more than ${Math.round(maxBytes / 1024 / 1024)} MB of files`, 'DELEGATE_TREE_MAX_MB');
  }

  private tooLarge(what: string, variable: string): AppError {
    return new AppError(
      'PAYLOAD_TOO_LARGE',
      `the tree of ${this.shown} holds ${what}, the limit of this delegate (${variable}); keep the changelogs in a smaller repository or raise the limit`,
    );
  }
}
