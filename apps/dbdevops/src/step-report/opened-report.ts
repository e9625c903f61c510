import { historyRows } from '@sluice/dbdevops-api';
import { AppError, LIMITS, storable } from '@sluice/kernel';
import { unpack } from '@sluice/kernel/packing';
import type { SentReport, StepReport } from './changeset-state.js';

/**
 * A report as it was sent, with its history as rows and every text in it storable.
 * @throws AppError INVALID_REQUEST when a packed history is too long or does not hold what it must
 */
export async function openedReport(sent: SentReport): Promise<StepReport> {
  const { packedHistory, ...result } = sent.result;
  const history =
    packedHistory === undefined ? result.history : checked(await unpack(packedHistory, LIMITS.unpackedHistoryBytes));
  return storable({ ...sent, result: { ...result, history } });
}

function checked(value: unknown): StepReport['result']['history'] {
  const parsed = historyRows.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new AppError(
    'INVALID_REQUEST',
    `result.packedHistory: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`,
  );
}
