import { parentPort } from 'node:worker_threads';
import { AppError, messageOf } from '@sluice/kernel';
import { runJob, type DocumentJob } from './document-jobs.js';
import type { Reply } from './worker-pool.js';

/** A thread of {@link Documents}. */
parentPort?.on('message', (job: DocumentJob) => parentPort?.postMessage(replyTo(job)));
parentPort?.postMessage('ready');

function replyTo(job: DocumentJob): Reply {
  try {
    return { result: runJob(job) };
  } catch (cause) {
    const isKnown = cause instanceof AppError;
    return {
      error: {
        code: isKnown ? cause.code : undefined,
        message: messageOf(cause),
        details: isKnown ? cause.details : {},
      },
    };
  }
}
