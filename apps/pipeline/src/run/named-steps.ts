import { AppError } from '@sluice/kernel';

/** A step of a group and the instance it works on. */
export interface StepTarget {
  /** As the pipeline calls the step. */
  readonly step: string;
  readonly dbSchema: string;
  readonly dbInstance: string;
}

/** An error about a DB instance with the steps that work on it in front, at most ten; any other error as it is. Pure. */
export function namingSteps(cause: unknown, targets: readonly StepTarget[]): unknown {
  if (!(cause instanceof AppError)) return cause;
  const { schema, instance } = cause.details;
  const steps = targets
    .filter(({ dbSchema, dbInstance }) => dbSchema === schema && dbInstance === instance)
    .map(({ step }) => `"${step}"`);
  if (steps.length === 0) return cause;
  const more = steps.length > MOST_NAMED ? ` and ${steps.length - MOST_NAMED} more` : '';
  return new AppError(
    cause.code,
    `${steps.length === 1 ? 'step' : 'steps'} ${steps.slice(0, MOST_NAMED).join(', ')}${more}: ${cause.message}`,
    cause.details,
    { cause },
  );
}

const MOST_NAMED = 10;
