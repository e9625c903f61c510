import { describe, expect, it } from '@jest/globals';
import { logLine, stepResult } from '@sluice/delegate-protocol';
import { SecretMasker } from '@sluice/secret-masking';
import { StepJournal } from './step-journal.js';

const cut = '\ud83d';
const named = { id: 'a\u0000b', author: `dev${cut}`, file: 'db/\u0000.yaml' };

/** Everything a journal told, parsed. */
async function told(journal: StepJournal): Promise<unknown[]> {
  const events: unknown[] = [];
  for await (const event of journal.events.follow(0))
    events.push(JSON.parse(event.logJson ?? event.changesetJson ?? event.finishedJson ?? 'null'));
  return events;
}

describe('what a step tells', () => {
  it('names changesets as the database does, masks texts alone, and warns once of a secret that is a word of the changelog', async () => {
    const journal = new StepJournal();
    journal.useMasker(new SecretMasker(['orders', 'status']));
    journal.watch([
      { what: 'password of the database user', value: 'orders' },
      { what: 'user name of the database', value: 'status' },
    ]);
    const changeset = { id: 'create-orders', author: 'orders', file: 'db/orders/changelog.xml' };
    const row = {
      ...changeset,
      dateExecuted: 1,
      orderExecuted: 1,
      execType: 'EXECUTED',
      checksum: '9:orders',
      description: 'sql orders',
      comments: 'for orders',
      tag: 'orders-1',
      contexts: 'orders',
      labels: 'orders',
      deploymentId: '1',
    };
    const MASK = '**************';
    journal.log('INFO', 'create orders');
    const told1 = journal.changeset({
      ...changeset,
      status: 'applied',
      at: 1,
      comment: 'for orders',
      error: 'relation orders',
    });
    expect(told1).toEqual({
      ...changeset,
      status: 'applied',
      at: 1,
      comment: `for ${MASK}`,
      error: `relation ${MASK}`,
    });
    const changeSets = JSON.stringify([told1]);
    journal.finish({
      status: 'failed',
      error: { message: 'no relation orders', failureType: 'Unknown', changeset },
      changesets: [told1],
      history: [row],
      pending: [{ ...changeset, comment: 'orders' }],
      outputs: { preStartTag: 'orders-1', changeSets, other: 'orders' },
      startedAt: 1,
      endedAt: 2,
    });
    const [line, outcome, warning, result, ...more] = await told(journal);
    expect(logLine.parse(line).out).toBe(`create ${MASK}`);
    expect(outcome).toEqual(told1);
    expect(logLine.parse(warning)).toMatchObject({
      level: 'WARN',
      out: expect.stringMatching(/^the password of the database user is a word of the changelog/),
    });
    expect(more).toEqual([]);
    expect(stepResult.parse(result)).toMatchObject({
      error: { message: `no relation ${MASK}`, changeset },
      history: [{ ...row, description: `sql ${MASK}`, comments: `for ${MASK}` }],
      pending: [{ ...changeset, comment: MASK }],
      outputs: { preStartTag: 'orders-1', changeSets, other: MASK },
    });
  });

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

  it('is bounded in memory by bytes, for warnings as for the rest, and its newest lines are there', async () => {
    const journal = new StepJournal();
    journal.useMasker(new SecretMasker([]));
    const wide = '漢'.repeat(20_000);
    for (let index = 0; index < 1_000; index += 1) journal.log(index % 2 === 0 ? 'WARN' : 'INFO', `${index} ${wide}`);
    journal.finish({
      status: 'succeeded',
      changesets: [],
      history: [],
      pending: [],
      outputs: {},
      startedAt: 1,
      endedAt: 2,
    });
    const lines = (await told(journal)).slice(0, -1).map((line) => logLine.parse(line));
    expect(Buffer.byteLength(JSON.stringify(lines))).toBeLessThan(21 * 1024 * 1024);
    expect(lines.length).toBeGreaterThan(300);
    expect(lines.at(-1)?.out.startsWith('999 ')).toBe(true);
  });
});
