import type { FittedInput, Plan, PlanInput } from '@sluice/pipeline-engine';
import type { DocumentJob, DocumentJobs } from './document-jobs.js';
import { WorkerPool, type PoolOptions } from './worker-pool.js';

/** The worker is compiled code, also when this file runs as source in a test. */
const FILE = new URL('../../dist/documents/document-worker.js', import.meta.url);
const WAITING_PER_ACCOUNT = 200;

/** Reads documents in worker threads: whatever people write into one, the service goes on answering others. */
export class Documents {
  private readonly pool: WorkerPool;

  constructor(options: Pick<PoolOptions, 'size' | 'deadlineMs'>) {
    this.pool = new WorkerPool({ ...options, file: FILE, waitingPerAccount: WAITING_PER_ACCOUNT });
  }

  /** Lays runtime input over a pipeline. @throws AppError as {@link WorkerPool.run}, INVALID_YAML_ERROR, INVALID_REQUEST for inputs that are missing or not allowed */
  fill(account: string, yaml: string, inputYaml: string): Promise<string> {
    return this.run(account, 'the pipeline with its runtime input', { name: 'fill', argument: { yaml, inputYaml } });
  }

  /** @throws AppError as {@link WorkerPool.run} and `compilePlan` */
  compile(input: Omit<PlanInput, 'catalogue' | 'idOf'>): Promise<Plan> {
    return this.run(input.accountId, 'the pipeline', { name: 'compile', argument: input });
  }

  /** What of an input fits a pipeline. @throws AppError as {@link WorkerPool.run}, INVALID_YAML_ERROR */
  fit(account: string, yaml: string, input: unknown): Promise<FittedInput> {
    return this.run(account, 'the runtime input', { name: 'fit', argument: { yaml, input } });
  }

  stop(): Promise<void> {
    return this.pool.stop();
  }

  private run<Name extends keyof DocumentJobs>(account: string, what: string, job: Extract<DocumentJob, { readonly name: Name }>): Promise<ReturnType<DocumentJobs[Name]>> {
    return this.pool.run(account, what, job) as Promise<ReturnType<DocumentJobs[Name]>>;
  }
}
