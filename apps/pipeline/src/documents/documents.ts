import { setImmediate } from 'node:timers/promises';
import type { PatternResult, Plan, Problem } from '@sluice/pipeline-engine';
import type { PatternCheck } from '../approval/approval.js';
import type { Merged, Merging, StoredInput } from '../input-set/merging.js';
import { runJob, type CompileInput, type DocumentJob, type DocumentResults } from './document-jobs.js';
import type { ReaderArguments, ReaderName, ReaderResult } from './readers.js';
import { WorkerPool, type PoolOptions } from './worker-pool.js';

/** The worker is compiled code, also when this file runs as source in a test. */
const FILE = new URL('../../dist/documents/document-worker.js', import.meta.url);
/** Characters that are read where they are: below, crossing a thread takes longer than reading. The worst document of this size, all keys and brackets, takes 60 ms. */
const SMALL_CHARACTERS = 16_384;

/** Reads documents in worker threads: whatever people write into one, the service goes on answering others. */
export class Documents {
  private readonly pool: WorkerPool;
  /** For what the service does by itself for all accounts: no account's documents wait in front of it. */
  private readonly own: WorkerPool;

  constructor(options: Pick<PoolOptions, 'size' | 'deadlineMs'>) {
    this.pool = new WorkerPool({ ...options, file: FILE });
    this.own = new WorkerPool({ ...options, size: 1, file: FILE, isLazy: true });
  }

  /** Lays runtime input over a pipeline. @throws AppError as {@link WorkerPool.run}, INVALID_YAML_ERROR, INVALID_REQUEST for inputs that are missing or not allowed */
  fill(account: string, yaml: string, inputYaml: string): Promise<string> {
    return this.run(account, 'the pipeline with its runtime input', { kind: 'fill', yaml, inputYaml });
  }

  /** @throws AppError as {@link WorkerPool.run} and `compilePlan` */
  compile(input: CompileInput): Promise<Plan> {
    return this.run(input.accountId, 'the pipeline', { kind: 'compile', input });
  }

  /** What of each input set does not fit a pipeline, in their order. @throws AppError as {@link WorkerPool.run}, INVALID_YAML_ERROR */
  faults(account: string, yaml: string, sets: readonly string[]): Promise<readonly (readonly Problem[])[]> {
    return this.run(account, 'the pipeline with its input sets', { kind: 'faults', yaml, sets });
  }

  /** @throws AppError as {@link WorkerPool.run} and `mergeSets` */
  merge(account: string, merging: Merging): Promise<Merged> {
    return this.run(account, 'the pipeline with its input sets', { kind: 'merge', merging });
  }

  /** @throws AppError as {@link WorkerPool.run} and `runInput` */
  runInput(account: string, yaml: string, sets: readonly StoredInput[], inputYaml: string): Promise<string> {
    return this.run(account, 'the pipeline with its input sets', { kind: 'runInput', yaml, sets, inputYaml });
  }

  /** Holds values against patterns, in their order. @throws AppError as {@link WorkerPool.run} */
  match(account: string, checks: readonly PatternCheck[]): Promise<readonly PatternResult[]> {
    return this.run(account, 'the inputs of the approval', { kind: 'match', checks });
  }

  /** Reads something out of documents. Small ones are read at once, after whatever waits for the thread. @throws AppError as {@link WorkerPool.run} and the reader */
  read<Name extends ReaderName>(
    account: string,
    name: Name,
    ...args: ReaderArguments<Name>
  ): Promise<ReaderResult<Name>> {
    return this.readIn(this.pool, account, name, args);
  }

  /** As {@link read}, in a thread that no account waits for. For work of the service that goes on for all accounts, one document after the other. */
  readForService<Name extends ReaderName>(
    account: string,
    name: Name,
    ...args: ReaderArguments<Name>
  ): Promise<ReaderResult<Name>> {
    return this.readIn(this.own, account, name, args);
  }

  /** Ends the threads; what is being read is refused. */
  async stop(): Promise<void> {
    await Promise.all([this.pool.stop(), this.own.stop()]);
  }

  private async readIn<Name extends ReaderName>(
    pool: WorkerPool,
    account: string,
    name: Name,
    args: ReaderArguments<Name>,
  ): Promise<ReaderResult<Name>> {
    const job = { kind: 'read', name, args } as const;
    if (charactersLeft(args, SMALL_CHARACTERS) < 0)
      return (await pool.run(account, 'the document', job)) as ReaderResult<Name>;
    await setImmediate();
    return runJob(job) as ReaderResult<Name>;
  }

  private run<Kind extends DocumentJob['kind']>(
    account: string,
    what: string,
    job: Extract<DocumentJob, { readonly kind: Kind }>,
  ): Promise<DocumentResults[Kind]> {
    return this.pool.run(account, what, job) as Promise<DocumentResults[Kind]>;
  }
}

/** What is left of a number of characters behind all texts of a value; below zero when they are more. */
function charactersLeft(value: unknown, most: number): number {
  if (typeof value === 'string') return most - value.length;
  if (typeof value !== 'object' || value === null) return most;
  return Object.values(value).reduce<number>((left, inner) => (left < 0 ? left : charactersLeft(inner, left)), most);
}
