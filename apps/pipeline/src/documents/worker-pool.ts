import { Worker } from 'node:worker_threads';
import { AppError, isErrorCode, type ErrorDetails } from '@sluice/kernel';

export interface PoolOptions {
  /** Module of the worker: says `ready`, then answers each job it is sent with a {@link Reply}. */
  readonly file: URL;
  /** Workers. One account has at most all but one of them, or the only one. */
  readonly size: number;
  /** Milliseconds one job may take once a worker has it; then the worker is ended and replaced. */
  readonly deadlineMs: number;
  /** Whether threads start with the first job; otherwise they start with the pool. */
  readonly isLazy?: boolean;
}

export type Reply = { readonly result: unknown } | { readonly error: SentError };

/** An error on its way between threads. */
interface SentError {
  /** Of an AppError; undefined for anything else. */
  readonly code: string | undefined;
  readonly message: string;
  readonly details: ErrorDetails;
}

interface Job {
  readonly account: string;
  readonly what: string;
  readonly argument: unknown;
  readonly askedAt: number;
  resolve(result: unknown): void;
  reject(error: Error): void;
}

interface Slot {
  readonly worker: Worker;
  isReady: boolean;
  job: Job | undefined;
  timer: NodeJS.Timeout | undefined;
  /** What the thread died of. */
  fault: Error | undefined;
}

const MAX_HEAP_MB = 256;
const MAX_WAITING = 200;
/** Callers have given up by then; a run that began later would begin unseen. */
const MAX_WAIT_MS = 60_000;

/**
 * Runs work that people outside wrote (patterns, documents) in threads, so that work without an end holds no one but its own account. Accounts take
 * turns; a job above its deadline or its memory ends with a clear error, and its thread is replaced.
 */
export class WorkerPool {
  private readonly slots = new Set<Slot>();
  /** Waiting jobs by account; the account first in line is the next one. */
  private readonly waiting = new Map<string, readonly Job[]>();
  private isStopped = false;

  /** Starts the threads, so that the first job finds them ready, unless the pool is lazy. */
  constructor(private readonly options: PoolOptions) {
    if (!options.isLazy) this.fillUp();
  }

  /**
   * @param what named in errors: `the pipeline`
   * @param argument plain data for the worker
   * @throws AppError of the worker, INVALID_REQUEST above deadline or memory, TOO_MANY_REQUESTS when too much of the account waits or it waited too long,
   * UPSTREAM_UNAVAILABLE when the pool stops
   */
  run(account: string, what: string, argument: unknown): Promise<unknown> {
    if (this.isStopped) return Promise.reject(stopping());
    const line = this.waiting.get(account) ?? [];
    if (line.length >= MAX_WAITING)
      return Promise.reject(busy(account, `${MAX_WAITING} of its documents wait already`));
    return new Promise((resolve, reject) => {
      this.waiting.set(account, [...line, { account, what, argument, askedAt: Date.now(), resolve, reject }]);
      this.fillUp();
      this.assign();
    });
  }

  /** Ends the threads; what waits or runs is refused. */
  async stop(): Promise<void> {
    this.isStopped = true;
    this.refuseWaiting(stopping());
    await Promise.all(
      [...this.slots].map((slot) => {
        takeJob(slot)?.reject(stopping());
        return slot.worker.terminate();
      }),
    );
  }

  private fillUp(): void {
    while (!this.isStopped && this.slots.size < this.options.size) this.open();
  }

  private open(): void {
    const worker = new Worker(this.options.file, {
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB },
    });
    const slot: Slot = { worker, isReady: false, job: undefined, timer: undefined, fault: undefined };
    this.slots.add(slot);
    worker.unref();
    worker.on('message', (message: 'ready' | Reply) => this.hear(slot, message));
    worker.on('error', (cause: Error) => {
      slot.fault = cause;
    });
    worker.on('exit', () => this.replace(slot));
  }

  private hear(slot: Slot, message: 'ready' | Reply): void {
    if (message === 'ready') slot.isReady = true;
    else {
      const job = takeJob(slot);
      if ('result' in message) job?.resolve(message.result);
      else job?.reject(received(message.error));
    }
    this.assign();
  }

  private assign(): void {
    for (const slot of this.slots) {
      if (!slot.isReady || slot.job) continue;
      const job = this.nextInTime();
      if (!job) return;
      slot.job = job;
      slot.timer = setTimeout(() => this.expire(slot), this.options.deadlineMs);
      slot.worker.postMessage(job.argument);
    }
  }

  private nextInTime(): Job | undefined {
    for (let job = this.next(); job; job = this.next()) {
      if (Date.now() - job.askedAt <= MAX_WAIT_MS) return job;
      job.reject(busy(job.account, `this one waited ${MAX_WAIT_MS / 1_000} seconds`));
    }
    return undefined;
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
    const job = takeJob(slot);
    slot.isReady = false;
    job?.reject(
      new AppError(
        'INVALID_REQUEST',
        `${job.what} could not be read within ${this.options.deadlineMs} ms; simplify its patterns (.regex) and expressions, or make it smaller`,
      ),
    );
    void slot.worker.terminate();
  }

  private replace(slot: Slot): void {
    this.slots.delete(slot);
    const job = takeJob(slot);
    job?.reject(brokenBy(slot.fault, job));
    // A thread that cannot even start (its file is missing) is tried again by the next job, not in a circle.
    if (slot.fault && !slot.isReady) this.refuseWaiting(slot.fault);
    else this.fillUp();
  }

  private refuseWaiting(cause: Error): void {
    for (const job of [...this.waiting.values()].flat()) job.reject(cause);
    this.waiting.clear();
  }
}

/** Takes the job off a worker. */
function takeJob(slot: Slot): Job | undefined {
  const { job } = slot;
  clearTimeout(slot.timer);
  slot.job = undefined;
  return job;
}

function brokenBy(fault: Error | undefined, job: Job): Error {
  if (fault && 'code' in fault && fault.code === 'ERR_WORKER_OUT_OF_MEMORY')
    return new AppError('INVALID_REQUEST', `${job.what} needs more than ${MAX_HEAP_MB} MB to be read; make it smaller`);
  return fault ?? new AppError('INTERNAL', `the thread that read ${job.what} ended`);
}

function received({ code, message, details }: SentError): Error {
  return isErrorCode(code) ? new AppError(code, message, details) : new Error(message);
}

function busy(account: string, why: string): AppError {
  return new AppError(
    'TOO_MANY_REQUESTS',
    `too many documents of account ${account} are being read: ${why}; try again in a few seconds`,
  );
}

function stopping(): AppError {
  return new AppError('UPSTREAM_UNAVAILABLE', 'the service is stopping; try again');
}
