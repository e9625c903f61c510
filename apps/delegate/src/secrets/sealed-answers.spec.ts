import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { generateSealingKeyPair, seal, sealingContext } from '@sluice/sealed-secrets';
import { SealedAnswers } from './sealed-answers.js';

const lease = { taskId: 'task', epoch: 1 };
const EXPRESSION = '<+secrets.getValue("db")>';
const HOUR_MS = 3_600_000;

describe('secrets of a lease', () => {
  afterEach(() => void jest.useRealTimers());

  async function asked() {
    const keyPair = await generateSealingKeyPair();
    const sent: unknown[] = [];
    const answers = new SealedAnswers({ send: (message: unknown) => sent.push(message) } as never, keyPair);
    const stop = new AbortController();
    jest.useFakeTimers();
    const values = answers.values(lease, [EXPRESSION], stop.signal);
    values.catch(() => undefined);
    await jest.advanceTimersByTimeAsync(HOUR_MS);
    jest.useRealTimers();
    return { answers, values, sent, stop, keyPair };
  }

  it('are asked for again for as long as the task is wanted, however long NG manager is away', async () => {
    const { answers, values, sent, keyPair } = await asked();
    expect(sent.length).toBeGreaterThan(600);
    answers.arrived(lease, {
      sealed: { [EXPRESSION]: await seal(keyPair.publicKey, 'pass', sealingContext('task', 1, EXPRESSION)) },
    });
    expect([...(await values)]).toEqual([[EXPRESSION, 'pass']]);
  });

  it('are waited for no longer once the task is stopped', async () => {
    const { values, stop } = await asked();
    stop.abort(new Error('the time of the task is over'));
    await expect(values).rejects.toThrow('the time of the task is over');
  });
});
