import type { FittedInput, PatternResult, Plan } from '@sluice/pipeline-engine';
import type { PatternCheck } from '../approval/approval.js';
import type { CompileInput, DocumentJob, DocumentResults } from './document-jobs.js';
import { WorkerPool, type PoolOptions } from './worker-pool.js';

/** The worker is compiled code, also when this file runs as source in a test. */
const FILE = new URL('../../dist/documents/document-worker.js', import.meta.url);

/** Reads documents in worker threads: whatever people write into one, the service goes on answering others. */
export class Documents {
  private readonly pool: WorkerPool;

  constructor(options: Pick<PoolOptions, 'size' | 'deadlineMs'>) {
    this.pool = new WorkerPool({ ...options, file: FILE });
  }

  /** Lays runtime input over a pipeline. @throws AppError as {@link WorkerPool.run}, INVALID_YAML_ERROR, INVALID_REQUEST for inputs that are missing or not allowed */
  fill(account: string, yaml: string, inputYaml: string): Promise<string> {
    return this.run(account, 'the pipeline with its runtime input', { kind: 'fill', yaml, inputYaml });
  }

  /** @throws AppError as {@link WorkerPool.run} and `compilePlan` */
  compile(input: CompileInput): Promise<Plan> {
    return this.run(input.accountId, 'the pipeline', { kind: 'compile', input });
  }

  /** What of each input fits a pipeline, in their order. @throws AppError as {@link WorkerPool.run}, INVALID_YAML_ERROR */
  fit(account: string, yaml: string, inputs: readonly unknown[]): Promise<readonly FittedInput[]> {
    return this.run(account, 'the runtime input', { kind: 'fit', yaml, inputs });
  }

  /** Holds values against patterns, in their order. @throws AppError as {@link WorkerPool.run} */
  match(account: string, checks: readonly PatternCheck[]): Promise<readonly PatternResult[]> {
    return this.run(account, 'the inputs of the approval', { kind: 'match', checks });
  }

  /** Ends the threads; what is being read is refused. */
  stop(): Promise<void> {
    return this.pool.stop();
  }

  private run<Kind extends DocumentJob['kind']>(account: string, what: string, job: Extract<DocumentJob, { readonly kind: Kind }>): Promise<DocumentResults[Kind]> {
    return this.pool.run(account, what, job) as Promise<DocumentResults[Kind]>;
  }
}
