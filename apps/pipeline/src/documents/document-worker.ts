import { parentPort } from 'node:worker_threads';
import { AppError, messageOf } from '@sluice/kernel';
import { runJob, type DocumentJob } from './document-jobs.js';
import type { Reply, Request } from './worker-pool.js';

/** A thread of {@link Documents}. */
parentPort?.on('message', ({ id, job }: Request) => parentPort?.postMessage(replyTo(id, job as DocumentJob)));
parentPort?.postMessage('ready');

function replyTo(id: string, job: DocumentJob): Reply {
  try {
    return { id, result: runJob(job) };
  } catch (cause) {
    const isKnown = cause instanceof AppError;
    return { id, error: { code: isKnown ? cause.code : undefined, message: messageOf(cause), details: isKnown ? cause.details : {} } };
  }
}
