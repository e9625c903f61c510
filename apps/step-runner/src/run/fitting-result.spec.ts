import { describe, expect, it } from '@jest/globals';
import { stepResult, type StepResult } from '@sluice/delegate-protocol';
import { LIMITS } from '@sluice/kernel';
import { unpack } from '@sluice/kernel/packing';
import { fittingResult } from './fitting-result.js';

const row = (at: number): NonNullable<StepResult['history']>[number] => ({
  id: `${at}-create-table-orders`,
  author: 'some.developer',
  file: `db/changelog/2026/${at}.xml`,
  dateExecuted: 1_700_000_000_000 + at,
  orderExecuted: at,
  execType: 'EXECUTED',
  checksum: `9:${(at * 2_654_435_761).toString(16).padStart(32, '0')}`,
  description: `createTable tableName=t_${at}; addColumn tableName=t_${at}`,
  comments: '',
  tag: null,
  contexts: null,
  labels: null,
  deploymentId: '7000000000',
});
const outcome = (at: number, error?: string): StepResult['changesets'][number] => ({
  id: String(at),
  author: 'dev',
  file: 'c.xml',
  status: error === undefined ? 'applied' : 'failed',
  at,
  ...(error === undefined ? {} : { error }),
});
const result = (over: Partial<StepResult>): StepResult => ({
  status: 'succeeded',
  changesets: [],
  history: [],
  pending: [],
  outputs: {},
  startedAt: 1,
  endedAt: 2,
  ...over,
});
const bytes = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

describe('a result on its way', () => {
  it('is as it was when it is small', () => {
    const small = result({ history: [row(1)], changesets: [outcome(1)] });
    expect(fittingResult(small)).toEqual(small);
  });

  it('has a history of 100,000 rows in less than a quarter of what a result may have, and nothing of it is lost', async () => {
    const history = Array.from({ length: 100_000 }, (_, at) => row(at));
    const fitting = fittingResult(result({ history }));
    expect(stepResult.parse(fitting)).toMatchObject({ status: 'succeeded', history: null });
    expect(bytes(fitting)).toBeLessThan(LIMITS.resultBytes / 4);
    expect(
      JSON.stringify(await unpack(fitting.packedHistory ?? '', LIMITS.unpackedHistoryBytes)) ===
        JSON.stringify(history),
    ).toBe(true);
  });

  it('is refused with size, limit and remedy when it is too large; what ran is still told', () => {
    const history = Array.from({ length: 3_000 }, (_, at) => ({
      ...row(at),
      comments: crypto.randomUUID().repeat(20),
    }));
    const fitting = fittingResult(
      result({ history, changesets: [outcome(1), outcome(2)], outputs: { preStartTag: 'x' } }),
      64 * 1024,
    );
    expect(fitting).toMatchObject({
      status: 'failed',
      changesets: [{ id: '1' }, { id: '2' }],
      history: null,
      pending: null,
      outputs: {},
    });
    expect(fitting.error?.message).toMatch(
      /^the step succeeded in the database, but its result has 0\.\d MiB \(2 changesets that ran, 3000 rows of history, 0 pending\), more than the 0\.1 MiB .*Apply fewer changesets in one run/,
    );
    expect(bytes(fitting)).toBeLessThan(64 * 1024);
  });

  it('names the first failure also when all of it is too large', () => {
    const changesets = Array.from({ length: 3_000 }, (_, at) => outcome(at));
    const fitting = fittingResult(
      result({
        status: 'failed',
        error: {
          message: 'changeset 7 failed',
          failureType: 'Authorization',
          changeset: { id: '7', author: 'dev', file: 'c.xml' },
        },
        changesets,
      }),
      64 * 1024,
    );
    expect(fitting).toMatchObject({
      status: 'failed',
      changesets: [],
      error: {
        failureType: 'Authorization',
        changeset: { id: '7' },
        message: expect.stringMatching(/^the step failed: changeset 7 failed, but its result has/),
      },
    });
  });

  it('repeats no statement of megabytes', () => {
    const statement = `ERROR: syntax [Failed SQL: ${'ü'.repeat(3_000_000)}]`;
    const fitting = fittingResult(
      result({
        status: 'failed',
        error: { message: statement, failureType: 'Unknown' },
        changesets: [outcome(1, statement)],
      }),
    );
    for (const text of [fitting.error?.message ?? '', fitting.changesets[0]?.error ?? '']) {
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(LIMITS.errorTextBytes);
      expect(text).toMatch(/^ERROR: syntax .* … \(cut: the text has 6000\d+ bytes\)$/s);
    }
  });
});
