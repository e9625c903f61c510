import type { StepResult } from '@sluice/delegate-protocol';
import { LIMITS, mebibytes } from '@sluice/kernel';
import { pack } from '@sluice/kernel/packing';

/** Histories of more rows travel packed. */
const PLAIN_ROWS = 500;

/**
 * The result as it travels: a long history packed, error texts cut, and no more bytes in all than every hop on its way takes. What is too large for that is
 * refused here, where it arises: the step ends failed, and the error names size, limit and remedy. What the step did is then told without the history, and
 * without its changesets where those alone are too much.
 */
export function fittingResult(result: StepResult, limit = LIMITS.resultBytes): StepResult {
  const whole = packed(withCutErrors(result));
  const size = bytesOf(whole);
  if (size <= limit) return whole;
  const rows = result.history?.length ?? 0;
  const message =
    `${outcomeOf(result)}, but its result has ${mebibytes(size)} (${result.changesets.length} changesets that ran, ${rows} rows of history, ${result.pending?.length ?? 0} pending), ` +
    `more than the ${mebibytes(limit)} a result may have, and was not recorded as a whole; what is applied stays, and the next run reads it from the database’s own history. Apply fewer changesets in one run, or shorten descriptions and comments in the history table`;
  const withoutHistory: StepResult = {
    ...whole,
    status: result.status === 'succeeded' ? 'failed' : result.status,
    error: { failureType: 'Unknown', ...whole.error, message },
    history: null,
    packedHistory: undefined,
    pending: null,
    outputs: {},
  };
  return bytesOf(withoutHistory) <= limit ? withoutHistory : { ...withoutHistory, changesets: [] };
}

function packed(result: StepResult): StepResult {
  return result.history === null || result.history.length <= PLAIN_ROWS
    ? result
    : { ...result, history: null, packedHistory: pack(result.history) };
}

/** A database repeats the statement that failed, which can be as large as the changelog. */
function withCutErrors(result: StepResult): StepResult {
  const { error } = result;
  return {
    ...result,
    ...(error ? { error: { ...error, message: cut(error.message) } } : {}),
    changesets: result.changesets.map((outcome) =>
      outcome.error === undefined ? outcome : { ...outcome, error: cut(outcome.error) },
    ),
  };
}

function cut(text: string): string {
  if (text.length * 3 <= LIMITS.errorTextBytes) return text;
  const bytes = Buffer.from(text);
  if (bytes.length <= LIMITS.errorTextBytes) return text;
  const end = ` … (cut: the text has ${bytes.length} bytes)`;
  return new TextDecoder().decode(bytes.subarray(0, LIMITS.errorTextBytes - 64), { stream: true }) + end;
}

function outcomeOf({ status, error }: StepResult): string {
  return status === 'succeeded'
    ? 'the step succeeded in the database'
    : `the step ${status}: ${cut(error?.message ?? 'without a message')}`;
}

function bytesOf(result: StepResult): number {
  return Buffer.byteLength(JSON.stringify(result));
}
