/** How long a request waits for what a delegate answers, and what of it the task has. Milliseconds. */
export interface AnswerLimits {
  readonly waitMs: number;
  /** Until a delegate has taken the task. */
  readonly queueMs: number;
  /** From then to its end. */
  readonly runMs: number;
}

export const ANSWER_LIMITS = Symbol('AnswerLimits');

/** A delegate that comes late shortens its own time, so both parts together are longer than the wait. */
const QUEUE_SHARE = 0.4;
const RUN_SHARE = 0.8;

export function answerLimits(waitMs: number): AnswerLimits {
  return { waitMs, queueMs: Math.round(waitMs * QUEUE_SHARE), runMs: Math.round(waitMs * RUN_SHARE) };
}
