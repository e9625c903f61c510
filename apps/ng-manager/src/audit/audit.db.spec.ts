import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { auditEventOf } from '@sluice/audit-outbox';
import { AppError, accountScope, newId, projectScope, type RequestContext } from '@sluice/kernel';
import { createDataSource, openDataSource } from '@sluice/persistence';
import { startPostgres, type TestPostgres } from '@sluice/testing';
import type { DataSource } from 'typeorm';
import { openDatabase } from '../database.js';
import { CreateNgManager1767225600000 } from '../migrations/1767225600000-create-ng-manager.js';
import { UnitOfWork } from '../persistence/unit-of-work.js';
import type { AuditEntry } from './audit.repository.js';
import { AuditService } from './audit.service.js';
import { OutsideChanges } from './outside-changes.js';

const CTX = {
  principal: { type: 'user', id: 'u', name: 'Ann', email: 'ann@example.com' },
  correlationId: 'c',
  origin: { clientAddress: '10.0.0.1', keyId: 'k' },
  requestMethod: 'PUT',
} as const;
const TRIGGER = 'audit_events_are_append_only';

describe('the audit trail', () => {
  let pg: TestPostgres;
  let dataSource: DataSource;
  let unitOfWork: UnitOfWork;
  let audit: AuditService;

  beforeAll(async () => {
    pg = await startPostgres();
    dataSource = await openDatabase(await pg.createDatabase('ng'), 30);
    unitOfWork = new UnitOfWork(dataSource);
    audit = new AuditService(unitOfWork);
  }, 300_000);
  afterAll(async () => {
    await dataSource.destroy();
    await pg.stop();
  });

  const entry = (accountId: string, over: Partial<AuditEntry> = {}): AuditEntry => ({
    action: 'update',
    resourceType: 'connector',
    identifier: 'c',
    scope: projectScope(accountId, 'o', 'p'),
    before: { name: 'one', spec: { url: 'x', number: 1.5e300, text: 'ä\u0000\uD800"\\' } },
    after: { name: 'two', spec: { url: 'y' } },
    ...over,
  });
  const append = (accountId: string, ...over: Partial<AuditEntry>[]) =>
    unitOfWork.run((stores) =>
      stores.audit.append(CTX, ...(over.length > 0 ? over : [{}]).map((one) => entry(accountId, one))),
    );
  const verify = (accountId: string) => audit.verify(accountId, 1, 20_000, undefined);
  const positions = async (accountId: string) =>
    (
      await pg.query<{ position: string }>(
        'ng',
        'SELECT position FROM audit_events WHERE account_id = $1 ORDER BY seq',
        [accountId],
      )
    ).map((row) => Number(row.position));
  const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

  it('is one chain per account without gaps, however many write and fail at the same time', async () => {
    await Promise.all(
      upTo(20).map(async (writer) => {
        for (const round of upTo(10)) {
          if (round % 5 === 0)
            await unitOfWork
              .run(async (stores) => {
                await stores.audit.append(CTX, entry('A'));
                throw new Error('undone');
              })
              .catch(() => undefined);
          await append(
            writer % 4 === 0 ? 'B' : 'A',
            { identifier: `${writer}/${round}` },
            { identifier: `${writer}/${round}/2` },
          );
        }
      }),
    );
    expect(await positions('A')).toEqual(upTo(300));
    expect(await positions('B')).toEqual(upTo(100));
    expect(await verify('A')).toMatchObject({ ok: true, checked: 300, isComplete: true, head: { position: 300 } });
    expect(await verify('B')).toMatchObject({ ok: true, checked: 100 });
    expect(await verify('nobody')).toMatchObject({ ok: true, checked: 0, isComplete: true });
  }, 300_000);

  it('holds two accounts in one transaction without two of those waiting for each other for ever', async () => {
    await Promise.all(
      upTo(20).map((turn) =>
        unitOfWork.run((stores) =>
          stores.audit.append(CTX, entry(turn % 2 === 0 ? 'X' : 'Y'), entry(turn % 2 === 0 ? 'Y' : 'X')),
        ),
      ),
    );
    expect([(await verify('X')).checked, (await verify('Y')).checked]).toEqual([20, 20]);
  });

  it('is verified piece by piece, and against a place written down earlier', async () => {
    await append('P', ...upTo(7).map(() => ({})));
    const { head } = await verify('P');
    expect(await audit.verify('P', 1, 3, undefined)).toMatchObject({
      ok: true,
      checked: 3,
      checkedTo: 3,
      isComplete: false,
    });
    expect(await audit.verify('P', 4, 100, head)).toMatchObject({
      ok: true,
      checked: 4,
      checkedTo: 7,
      isComplete: true,
    });
    expect(await audit.verify('P', 1, 100, { ...head, hash: 'f'.repeat(64) })).toMatchObject({
      ok: false,
      brokenAt: 7,
    });
    expect(await audit.verify('P', 1, 100, { ...head, position: 9 })).toMatchObject({ ok: false, brokenAt: 8 });
  });

  it('takes no change and no removal', async () => {
    await append('T');
    for (const statement of [
      `UPDATE audit_events SET action = 'x'`,
      'DELETE FROM audit_events',
      'TRUNCATE audit_events',
    ])
      await expect(pg.query('ng', statement)).rejects.toThrow(/only ever added/);
  });

  it.each([
    ['a changed field', `UPDATE audit_events SET action = 'x' WHERE account_id = $1 AND position = 4`, 4],
    ['a changed state', `UPDATE audit_events SET after = '{}' WHERE account_id = $1 AND position = 4`, 4],
    [
      'another person',
      `UPDATE audit_events SET actor = jsonb_set(actor, '{id}', '"v"') WHERE account_id = $1 AND position = 4`,
      4,
    ],
    ['an earlier time', `UPDATE audit_events SET at = at - interval '1 ms' WHERE account_id = $1 AND position = 4`, 4],
    ['an event less', `DELETE FROM audit_events WHERE account_id = $1 AND position = 4`, 4],
    ['the first event less', `DELETE FROM audit_events WHERE account_id = $1 AND position = 1`, 1],
    ['the last event less', `DELETE FROM audit_events WHERE account_id = $1 AND position = 9`, 9],
    ['everything gone', `DELETE FROM audit_events WHERE account_id = $1`, 1],
    [
      'an event more',
      `INSERT INTO audit_events (account_id, position, prev_hash, hash, recorded_at, module, event_id, at, action, resource_type, resource_identifier, actor, correlation_id)
        SELECT account_id, 10, hash, repeat('0', 64), now(), module, 'forged', now(), action, resource_type, resource_identifier, actor, correlation_id FROM audit_events WHERE account_id = $1 AND position = 9`,
      10,
    ],
  ])('shows where somebody with all rights touched it: %s', async (_, statement, brokenAt) => {
    const account = `tampered-${newId()}`;
    await append(account, ...upTo(9).map(() => ({})));
    expect(await verify(account)).toMatchObject({ ok: true, checked: 9 });
    await pg.query('ng', `ALTER TABLE audit_events DISABLE TRIGGER ${TRIGGER}`);
    await pg.query('ng', statement, [account]);
    await pg.query('ng', `ALTER TABLE audit_events ENABLE TRIGGER ${TRIGGER}`);
    expect(await verify(account)).toMatchObject({ ok: false, brokenAt, reason: expect.any(String) });
  });

  it('shows a trail that was cut off and closed again to whoever kept its end', async () => {
    await append('cut', ...upTo(5).map(() => ({})));
    const { head } = await verify('cut');
    await pg.query('ng', `ALTER TABLE audit_events DISABLE TRIGGER ${TRIGGER}`);
    await pg.query('ng', `DELETE FROM audit_events WHERE account_id = 'cut' AND position > 3`);
    await pg.query(
      'ng',
      `UPDATE audit_chains SET position = 3, hash = (SELECT hash FROM audit_events WHERE account_id = 'cut' AND position = 3) WHERE account_id = 'cut'`,
    );
    await pg.query('ng', `ALTER TABLE audit_events ENABLE TRIGGER ${TRIGGER}`);
    expect(await verify('cut')).toMatchObject({ ok: true, checked: 3 });
    expect(await audit.verify('cut', 1, 100, head)).toMatchObject({ ok: false, brokenAt: 4 });
  });

  it('takes no event outside a transaction, and none of a change that failed', async () => {
    await expect(unitOfWork.read.audit.append(CTX, entry('N'))).rejects.toThrow(/UnitOfWork/);
    await expect(
      unitOfWork.run(async (stores) => {
        await stores.audit.append(CTX, entry('N'));
        await stores.accounts.ensure('N', 'N');
        throw new Error('failed');
      }),
    ).rejects.toThrow('failed');
    expect(await positions('N')).toEqual([]);
    expect(await unitOfWork.read.accounts.find('N')).toBeNull();
  });

  it('takes an event of another service once, however often and by however many it is delivered', async () => {
    const events = upTo(5).map((index) => auditEventOf(CTX, { ...entry('R'), identifier: String(index) }));
    await Promise.all(upTo(8).map(() => audit.receive(events, 'PIPELINE')));
    await audit.receive([...events].reverse(), 'PIPELINE');
    expect(await positions('R')).toEqual(upTo(5));
    expect(await verify('R')).toMatchObject({ ok: true, checked: 5 });
  });

  it('shows each account its own events only, also to somebody who knows an id of another', async () => {
    await append('one', { identifier: 'mine' });
    const ctx = (accountId: string): RequestContext => ({
      ...CTX,
      accountId,
      grants: [{ role: 'account_admin' }],
      traceparent: undefined,
      signal: new AbortController().signal,
    });
    const page = { index: 0, size: 10, token: undefined, isOldestFirst: false, term: undefined };
    const [mine] = (await audit.list(ctx('one'), accountScope('one'), {}, page)).content;
    expect(mine?.resource.identifier).toBe('mine');
    expect((await audit.list(ctx('other'), accountScope('other'), {}, page)).content).toEqual([]);
    await expect(audit.get(ctx('other'), accountScope('other'), mine?.auditId ?? '')).rejects.toMatchObject({
      code: expect.stringMatching(/NOT_FOUND/),
    });
    await expect(
      audit.list(ctx('other'), accountScope('other'), { scopes: [{ accountIdentifier: 'one' }] }, page),
    ).rejects.toMatchObject({ code: 'ACCESS_DENIED' });
  });

  describe('of a change another service makes', () => {
    const later = -60_000;
    const events = async (accountId: string) => (await positions(accountId)).length;

    it('has its event when the change was made, and none when it was refused', async () => {
      const changes = new OutsideChanges(unitOfWork);
      expect(await changes.run(CTX, entry('out'), () => Promise.resolve('done'))).toBe('done');
      await expect(
        changes.run(CTX, entry('out'), () => Promise.reject(new AppError('DUPLICATE_FIELD', 'there already'))),
      ).rejects.toThrow('there already');
      expect(await events('out')).toBe(1);
      expect(await unitOfWork.read.outsideChanges.leftOpen(later, 10)).toEqual([]);
    });

    it.each([
      [true, 1],
      [false, 0],
    ])('finds out what became of it when the answer was lost: made %s', async (isMade, count) => {
      const [account, changes] = [`lost-${String(isMade)}`, new OutsideChanges(unitOfWork)];
      await expect(
        changes.run(CTX, entry(account), () => Promise.reject(new AppError('UPSTREAM_UNAVAILABLE', 'gone'))),
      ).rejects.toThrow('gone');
      expect(await events(account)).toBe(0);
      await changes.settleLeftOpen(() => Promise.reject(new Error('still away')), later).catch(() => undefined);
      await Promise.all([1, 2, 3].map(() => changes.settleLeftOpen(() => Promise.resolve(isMade), later)));
      expect(await events(account)).toBe(count);
      expect(await unitOfWork.read.outsideChanges.leftOpen(later, 10)).toEqual([]);
    });
  });

  it('begins with the events there were before it was a chain', async () => {
    const url = await pg.createDatabase('old');
    const old = await openDataSource(
      createDataSource({ app: 'test', url, entities: [], migrations: [CreateNgManager1767225600000] }),
    );
    for (const account of ['A', 'B', 'A']) {
      await old.query(
        `INSERT INTO audit_events (account_id, org_id, action, resource_type, resource_identifier, actor, correlation_id, details)
        SELECT $1, 'o', 'create', 'connector', 'c' || n, '{"type":"user","id":"u","name":"Ann"}', 'c', '{"force":true,"n":1.50}' FROM generate_series(1, 1500) AS n`,
        [account],
      );
    }
    await old.destroy();
    const migrated = await openDatabase(url, 5);
    const work = new UnitOfWork(migrated);
    await work.run((stores) => stores.audit.append(CTX, entry('A')));
    expect(await new AuditService(work).verify('A', 1, 20_000, undefined)).toMatchObject({ ok: true, checked: 3_001 });
    expect(await new AuditService(work).verify('B', 1, 20_000, undefined)).toMatchObject({ ok: true, checked: 1_500 });
    await expect(migrated.query('DELETE FROM audit_events')).rejects.toThrow(/only ever added/);
    await migrated.destroy();
  }, 300_000);
});
