import { describe, expect, it } from '@jest/globals';
import { logLine, stepResult } from '@sluice/delegate-protocol';
import { SecretMasker } from '@sluice/secret-masking';
import { StepJournal } from './step-journal.js';

const cut = '\ud83d';
const named = { id: 'a\u0000b', author: `dev${cut}`, file: 'db/\u0000.yaml' };

/** Everything a journal told, parsed. */
async function told(journal: StepJournal): Promise<unknown[]> {
  const events: unknown[] = [];
  for await (const event of journal.events.follow(0)) events.push(JSON.parse(event.logJson ?? event.changesetJson ?? event.finishedJson ?? 'null'));
  return events;
}

describe('what a step tells', () => {
  it('can be stored, whatever characters the changelog and the database hold', async () => {
    const journal = new StepJournal();
    journal.useMasker(new SecretMasker([]));
    journal.log('INFO', 'running a\u0000b');
    journal.changeset({ ...named, status: 'failed', at: 1, error: `ERROR: \u0000${cut}` });
    journal.finish({
      status: 'failed',
      error: { message: 'changeset a\u0000b failed', failureType: 'Unknown', changeset: named },
      changesets: [],
      history: null,
      pending: [{ ...named, comment: 'x\u0000y' }],
      outputs: { 'k\u0000': 'v\u0000' },
      startedAt: 1,
      endedAt: 2,
    });
    const [line, outcome, result] = await told(journal);
    const storable = { id: 'a\ufffdb', author: 'dev\ufffd', file: 'db/\ufffd.yaml' };
    expect(logLine.parse(line).out).toBe('running a\ufffdb');
    expect(outcome).toMatchObject({ ...storable, error: 'ERROR: \ufffd\ufffd' });
    expect(stepResult.parse(result)).toMatchObject({
      error: { message: 'changeset a\ufffdb failed', changeset: storable },
      pending: [{ ...storable, comment: 'x\ufffdy' }],
      outputs: { 'k\ufffd': 'v\ufffd' },
    });
  });
});
