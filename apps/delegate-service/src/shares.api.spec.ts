import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { waitFor } from '@sluice/kernel';
import pg from 'pg';
import { ScriptedDelegate } from './testing/scripted-delegate.js';
import { ServiceUnderTest } from './testing/service-under-test.js';

const CONNECTIONS = 4;
const MESSAGES = 3;

describe('one account', () => {
  let sut: ServiceUnderTest;
  let greedy: string;
  let modest: string;
  const connected: ScriptedDelegate[] = [];
  beforeAll(async () => {
    sut = await ServiceUnderTest.start({
      DELEGATE_SERVICE_MAX_CONNECTIONS_PER_ACCOUNT: String(CONNECTIONS),
      DELEGATE_SERVICE_MESSAGES_PER_ACCOUNT: String(MESSAGES),
      DELEGATE_SERVICE_UNHANDLED_MB_PER_ACCOUNT: '1',
    });
    greedy = await sut.token('GREEDY');
    modest = await sut.token('MODEST');
  }, 300_000);
  afterAll(() => sut.stop());
  afterEach(() => connected.splice(0).forEach((delegate) => delegate.kill()));

  const connect = async (token: string, name: string): Promise<ScriptedDelegate> => {
    const delegate = await ScriptedDelegate.connect({ url: sut.service.url, token, name });
    connected.push(delegate);
    return delegate;
  };
  const beat = (delegate: ScriptedDelegate): void =>
    delegate.send({ type: 'heartbeat', held: [], runningTasks: 0, sentAt: 0 });

  it('has a part of the connections, and gets places back when some are closed', async () => {
    const delegates = [];
    for (let at = 0; at < CONNECTIONS; at += 1) delegates.push(await connect(greedy, `of greedy ${at}`));
    await expect(connect(await sut.token('GREEDY'), 'one too many')).rejects.toThrow(/503/);
    await connect(modest, 'of modest');
    delegates[0]?.close();
    await waitFor(() => connect(greedy, 'the next').catch(() => undefined), { timeoutMs: 60_000, what: 'a place' });
  }, 180_000);

  it('has a part of the memory for messages that are not whole; one connection alone may send more than that', async () => {
    const hoarder = await sut.token('HOARDER');
    const delegates = [await connect(hoarder, 'first'), await connect(hoarder, 'second')];
    const other = await connect(modest, 'of modest');
    for (const delegate of delegates) delegate.sendPiece(`{"a":"${'x'.repeat(700 * 1024)}`);
    await waitFor(() => delegates.some((delegate) => delegate.closeCode !== undefined), {
      timeoutMs: 60_000,
      what: 'one of the two cut',
    });
    const left = delegates.filter((delegate) => delegate.closeCode === undefined);
    expect(left).toHaveLength(1);
    beat(other);
    await other.next('heartbeatAck', undefined, 60_000);
    left[0]?.kill();
    const alone = await waitFor(() => connect(hoarder, 'alone').catch(() => undefined), {
      timeoutMs: 60_000,
      what: 'a connection',
    });
    await waitFor(
      async () =>
        (
          await sut.postgres.query(
            'delegate_service',
            `SELECT 1 FROM delegates WHERE account_id = 'HOARDER' AND connection_id IS NOT NULL`,
          )
        ).length === 1,
      { timeoutMs: 60_000, what: 'the others gone' },
    );
    alone.sendPiece(
      `{"v":1,"id":"large","type":"heartbeat","held":[],"runningTasks":0,"sentAt":0,${' '.repeat(2 * 1024 * 1024)}`,
    );
    alone.sendText('"unknown":0}');
    await alone.next('heartbeatAck', ({ replyTo }) => replyTo === 'large', 60_000);
  }, 300_000);

  it('keeps no other from the database, however much of its work waits there', async () => {
    const busy = await sut.token('BUSY');
    const delegates = [await connect(busy, 'first'), await connect(busy, 'second')];
    const other = await connect(modest, 'of modest');
    const waiting = async (): Promise<number> =>
      Number(
        (
          await sut.postgres.query<{ n: number }>(
            'delegate_service',
            `SELECT count(*)::int AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%UPDATE delegates%'`,
          )
        )[0]?.n,
      );
    const holder = new pg.Client({ connectionString: sut.postgres.url('delegate_service') });
    await holder.connect();
    try {
      await holder.query(`BEGIN`);
      await holder.query(`SELECT 1 FROM delegates WHERE account_id = 'BUSY' FOR UPDATE`);
      for (const delegate of delegates) for (let at = 0; at < 30; at += 1) beat(delegate);
      await waitFor(async () => (await waiting()) >= MESSAGES, {
        timeoutMs: 60_000,
        what: 'work of the account that waits',
      });
      beat(other);
      await other.next('heartbeatAck', undefined, 60_000);
      expect(await waiting()).toBeLessThanOrEqual(MESSAGES);
    } finally {
      await holder.end();
    }
    await waitFor(
      () =>
        delegates.every(
          (delegate) =>
            delegate.received.filter(({ type }) => type === 'heartbeatAck' || type === 'error').length === 30,
        ),
      { timeoutMs: 120_000, what: 'every message answered' },
    );
  }, 300_000);
});
