import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { AuditEventRecord } from '@sluice/api-conventions';
import { accountScope, waitFor } from '@sluice/kernel';
import { createLogger } from '@sluice/telemetry';
import { startPostgres, type TestPostgres } from '@sluice/testing';
import { DataSource } from 'typeorm';
import { AUDIT_OUTBOX_ENTITIES } from './outbox.entity.js';
import { createAuditOutbox } from './outbox.migration.js';
import { acknowledgeAuditEvents, claimAuditEvents, recordAuditEvent, releaseAuditLease } from './outbox.js';
import { AuditShipper } from './shipper.js';

const CTX = {
  principal: { type: 'user', id: 'u', name: 'Ann', email: 'ann@example.com' },
  correlationId: 'c',
  origin: { clientAddress: '10.0.0.1' },
} as const;

describe('the audit outbox', () => {
  let pg: TestPostgres;
  let dataSource: DataSource;
  const entry = (identifier: string, accountId = 'A') => ({
    action: 'create',
    resourceType: 'thing',
    identifier,
    scope: accountScope(accountId),
    after: { name: identifier, password: 'hunter2hunter2' },
  });
  const record = (...identifiers: string[]) =>
    dataSource.transaction((manager) =>
      recordAuditEvent(manager, CTX, ...identifiers.map((identifier) => entry(identifier))),
    );
  const claim = (holder: string, limit = 100, leaseMs = 60_000) =>
    claimAuditEvents(dataSource.manager, holder, { limit, leaseMs });
  const named = (events: readonly AuditEventRecord[] | undefined) => events?.map(({ identifier }) => identifier);

  beforeAll(async () => {
    pg = await startPostgres();
    dataSource = await new DataSource({
      type: 'postgres',
      url: await pg.createDatabase('outbox'),
      entities: [...AUDIT_OUTBOX_ENTITIES],
      synchronize: false,
      installExtensions: false,
      poolSize: 20,
    }).initialize();
    const runner = dataSource.createQueryRunner();
    await createAuditOutbox(runner);
    await runner.release();
  }, 300_000);
  afterEach(async () => {
    await dataSource.query('DELETE FROM audit_outbox');
    await dataSource.query(`UPDATE audit_outbox_lease SET holder = NULL, leased_until = 'epoch'`);
  });
  afterAll(async () => {
    await dataSource.destroy();
    await pg.stop();
  });

  it('holds an event exactly when its change was committed', async () => {
    await expect(
      dataSource.transaction(async (manager) => {
        await recordAuditEvent(manager, CTX, entry('undone'));
        throw new Error('the change failed');
      }),
    ).rejects.toThrow('the change failed');
    await record('done');
    expect(named((await claim('one'))?.events)).toEqual(['done']);
    await expect(recordAuditEvent(dataSource.manager, CTX, entry('loose'))).rejects.toThrow(
      /in the transaction of their change/,
    );
  });

  it('holds no secret', async () => {
    await record('x');
    expect(JSON.stringify(await pg.query('outbox', 'SELECT * FROM audit_outbox'))).not.toContain('hunter2');
  });

  it('gives events in order, to one holder at a time, again and again until they are acknowledged', async () => {
    for (let index = 0; index < 5; index += 1) await record(`e${index}`);
    const first = await claim('one', 3);
    expect([named(first?.events), first?.hasMore]).toEqual([['e0', 'e1', 'e2'], true]);
    expect(await claim('two')).toBeUndefined();
    expect(named((await claim('one', 3))?.events)).toEqual(['e0', 'e1', 'e2']);
    await acknowledgeAuditEvents(dataSource.manager, first?.events.map(({ eventId }) => eventId) ?? []);
    expect(named((await claim('one'))?.events)).toEqual(['e3', 'e4']);
    await releaseAuditLease(dataSource.manager, 'one');
    expect(named((await claim('two'))?.events)).toEqual(['e3', 'e4']);
  });

  it('gives the lease of a holder that is gone to the next one once it has run out', async () => {
    await record('left');
    await claim('gone', 10, 200);
    const taken = await waitFor(() => claim('next'), { timeoutMs: 120_000, what: 'the lease' });
    expect(named(taken.events)).toEqual(['left']);
  });

  it('loses and repeats nothing while 20 writers record and three shippers compete, of which deliveries and acknowledgements fail', async () => {
    const arrived: AuditEventRecord[] = [];
    const known = new Set<string>();
    let calls = 0;
    const shippers = ['a', 'b', 'c'].map(
      (holder) =>
        new AuditShipper({
          log: createLogger('test', 'silent'),
          pollMs: 5,
          route: {
            claim: () => claim(holder, 7, 100),
            // As the trail does: what it has already is left out.
            deliver: async (events) => {
              calls += 1;
              if (calls % 5 === 0) throw new Error('the trail cannot be reached');
              arrived.push(...events.filter(({ eventId }) => !known.has(eventId)));
              for (const { eventId } of events) known.add(eventId);
              if (calls % 7 === 0) throw new Error('the answer was lost');
            },
            acknowledge: async (eventIds) => {
              if (calls % 4 === 0) throw new Error('killed before the acknowledgement');
              await acknowledgeAuditEvents(dataSource.manager, eventIds);
            },
            release: () => releaseAuditLease(dataSource.manager, holder),
          },
        }),
    );
    for (const shipper of shippers) shipper.start();
    const writers = Array.from({ length: 20 }, async (_, writer) => {
      for (let index = 0; index < 10; index += 1) {
        await record(`${writer}/${index}`);
        shippers[index % 3]?.nudge();
      }
    });
    await Promise.all(writers);
    await waitFor(
      async () => {
        for (const shipper of shippers) shipper.nudge();
        return (
          (await pg.query<{ count: number }>('outbox', 'SELECT count(*)::int AS count FROM audit_outbox'))[0]?.count ===
          0
        );
      },
      { timeoutMs: 200_000, what: 'an empty outbox' },
    );
    await Promise.all(shippers.map((shipper) => shipper.stop()));
    expect(arrived).toHaveLength(200);
    for (let writer = 0; writer < 20; writer += 1) {
      expect(named(arrived.filter(({ identifier }) => identifier.startsWith(`${writer}/`)))).toEqual(
        Array.from({ length: 10 }, (_, index) => `${writer}/${index}`),
      );
    }
  }, 300_000);
});
