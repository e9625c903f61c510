import { Worker } from 'node:worker_threads';
import { AppError, isErrorCode, newId, type ErrorDetails } from '@sluice/kernel';

export interface PoolOptions {
  /** Module of the worker: says `ready`, then answers each {@link Request} with a {@link Reply}. */
  readonly file: URL;
  /** Workers. One account has at most all but one of them, or the only one. */
  readonly size: number;
  /** Milliseconds one job may take once a worker has it; then the worker is ended and replaced. */
  readonly deadlineMs: number;
  /** Jobs of one account that may wait. */
  readonly waitingPerAccount: number;
}

export interface Request {
  readonly id: string;
  readonly job: unknown;
}

export type Reply = { readonly id: string; readonly result: unknown } | { readonly id: string; readonly error: SentError };

/** An error on its way between threads. */
export interface SentError {
  /** Of an AppError; undefined for anything else. */
  readonly code: string | undefined;
  readonly message: string;
  readonly details: ErrorDetails;
}

interface Job {
  readonly account: string;
  readonly what: string;
  readonly request: Request;
  resolve(result: unknown): void;
  reject(error: Error): void;
}

interface Slot {
  readonly worker: Worker;
  isReady: boolean;
  job: Job | undefined;
  timer: NodeJS.Timeout | undefined;
}

const MAX_HEAP_MB = 256;

/**
 * Runs work that people outside wrote (patterns, documents) in threads, so that work without an end holds no one but its own account. Accounts take
 * turns; a job above its deadline or its memory ends with a clear error, and its thread is replaced.
 */
export class WorkerPool {
  private readonly slots = new Set<Slot>();
  /** Waiting jobs by account; the account first in line is the next one. */
  private readonly waiting = new Map<string, Job[]>();
  private isStopped = false;

  constructor(private readonly options: PoolOptions) {
    for (let index = 0; index < options.size; index += 1) this.open();
  }

  /**
   * @param what named in errors: `the pipeline`
   * @param job plain data for the worker
   * @throws AppError of the worker, INVALID_REQUEST above deadline or memory, TOO_MANY_REQUESTS when too much of the account waits
   */
  run(account: string, what: string, job: unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const line = this.waiting.get(account) ?? [];
      if (line.length >= this.options.waitingPerAccount) {
        reject(new AppError('TOO_MANY_REQUESTS', `${this.options.waitingPerAccount} documents of account ${account} wait to be read already; try again in a few seconds`));
        return;
      }
      this.waiting.set(account, [...line, { account, what, request: { id: newId(), job }, resolve, reject }]);
      this.assign();
    });
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    for (const job of [...this.waiting.values()].flat()) job.reject(stopping());
    this.waiting.clear();
    await Promise.all([...this.slots].map((slot) => {
      this.settle(slot)?.reject(stopping());
      return slot.worker.terminate();
    }));
  }

  private open(): void {
    const worker = new Worker(this.options.file, { execArgv: [], resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB } });
    const slot: Slot = { worker, isReady: false, job: undefined, timer: undefined };
    this.slots.add(slot);
    worker.unref();
    worker.on('message', (message: 'ready' | Reply) => this.hear(slot, message));
    worker.on('error', (cause: Error) => this.settle(slot)?.reject(brokenBy(cause, slot.job)));
    worker.on('exit', () => this.replace(slot));
  }

  private hear(slot: Slot, message: 'ready' | Reply): void {
    if (message === 'ready') slot.isReady = true;
    else {
      const job = this.settle(slot);
      if ('result' in message) job?.resolve(message.result);
      else job?.reject(received(message.error));
    }
    this.assign();
  }

  private assign(): void {
    for (const slot of this.slots) {
      if (!slot.isReady || slot.job) continue;
      const job = this.next();
      if (!job) return;
      slot.job = job;
      slot.timer = setTimeout(() => this.expire(slot), this.options.deadlineMs);
      slot.worker.ref();
      slot.worker.postMessage(job.request);
    }
  }

  /** The first job of the first account in line that has a place left; the account goes to the end of the line. */
  private next(): Job | undefined {
    const share = Math.max(1, this.options.size - 1);
    for (const [account, line] of this.waiting) {
      if ([...this.slots].filter(({ job }) => job?.account === account).length >= share) continue;
      const [job, ...rest] = line;
      this.waiting.delete(account);
      if (rest.length > 0) this.waiting.set(account, rest);
      return job;
    }
    return undefined;
  }

  private expire(slot: Slot): void {
    const job = this.settle(slot);
    slot.isReady = false;
    job?.reject(new AppError('INVALID_REQUEST', `${job.what} could not be read within ${this.options.deadlineMs} ms; simplify its patterns (.regex) and expressions, or make it smaller`));
    void slot.worker.terminate();
  }

  /** Takes the job off a worker. */
  private settle(slot: Slot): Job | undefined {
    const { job } = slot;
    clearTimeout(slot.timer);
    slot.job = undefined;
    slot.worker.unref();
    return job;
  }

  private replace(slot: Slot): void {
    this.settle(slot)?.reject(new AppError('INTERNAL', 'a worker thread ended while it read a document'));
    this.slots.delete(slot);
    if (!this.isStopped) this.open();
  }
}

function brokenBy(cause: Error, job: Job | undefined): Error {
  if (!('code' in cause) || cause.code !== 'ERR_WORKER_OUT_OF_MEMORY') return cause;
  return new AppError('INVALID_REQUEST', `${job?.what ?? 'the document'} needs more than ${MAX_HEAP_MB} MB to be read; make it smaller`);
}

function received({ code, message, details }: SentError): Error {
  return isErrorCode(code) ? new AppError(code, message, details) : new Error(message);
}

function stopping(): AppError {
  return new AppError('UPSTREAM_UNAVAILABLE', 'the service is stopping; try again');
}
