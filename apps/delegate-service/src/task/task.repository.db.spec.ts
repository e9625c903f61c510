import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { accountScope, newId, projectScope, type Scope } from '@sluice/kernel';
import { createLogger } from '@sluice/telemetry';
import { startPostgres, type TestPostgres } from '@sluice/testing';
import type { DataSource } from 'typeorm';
import type { DelegateServiceConfig } from '../config.js';
import { openDatabase } from '../database.js';
import { DelegateRepository, type Registration } from '../delegate/delegate.repository.js';
import { NotificationBus } from '../notification/notification-bus.js';
import { TaskEventRepository } from './task-event.repository.js';
import { TaskExpiryRepository } from './task-expiry.repository.js';
import { TaskRepository, type Holder } from './task.repository.js';
import type { NewTask } from './task.js';

const PROJECT = projectScope('A1', 'default', 'shop');
const result = JSON.stringify({ kind: 'execute-step' });

describe('tasks in the database', () => {
  let pg: TestPostgres;
  let database: DataSource;
  let tasks: TaskRepository;
  let expiry: TaskExpiryRepository;
  let events: TaskEventRepository;
  let delegates: DelegateRepository;

  beforeAll(async () => {
    pg = await startPostgres();
    const databaseUrl = await pg.createDatabase('delegate_service');
    database = await openDatabase(databaseUrl);
    const bus = new NotificationBus(
      database,
      { databaseUrl } as DelegateServiceConfig,
      'spec',
      createLogger('spec', 'silent'),
    );
    tasks = new TaskRepository(database, bus);
    expiry = new TaskExpiryRepository(database, bus);
    events = new TaskEventRepository(database);
    delegates = new DelegateRepository(database);
  }, 300_000);
  afterAll(async () => {
    await database.destroy();
    await pg.stop();
  });

  const taskOf = (over: Partial<NewTask> = {}): NewTask => ({
    id: newId(),
    scope: PROJECT,
    consumer: 'pipeline',
    payload: { kind: 'cleanup-pod', podId: 'p' },
    secretExpressions: [],
    selectors: [],
    description: '',
    traceparent: '',
    boundDelegateId: null,
    queueTimeoutMs: 60_000,
    runTimeoutMs: 60_000,
    ...over,
  });
  const insert = async (over: Partial<NewTask> = {}): Promise<string> => {
    const task = taskOf(over);
    expect(await tasks.insert(task, 1_000)).toBe('inserted');
    return task.id;
  };
  const step = (): Partial<NewTask> => ({
    payload: {
      kind: 'execute-step',
      podId: 'p',
      stepExecutionId: 's',
      logKey: 'k',
      timeoutMs: 1_000,
      work: {
        kind: 'liquibase.update',
        target: { url: 'u' },
        changelog: { source: 's', path: 'p' },
        contexts: '',
        labels: '',
        substituteProperties: {},
      },
    },
  });
  const holder = (over: Partial<Holder> = {}): Holder => ({
    accountId: 'A1',
    delegateId: 'd1',
    delegateName: 'one',
    instanceId: 'i1',
    publicKey: 'k',
    ...over,
  });
  const lease = { leaseMs: 30_000, wantsSecrets: false };
  const stateOf = async (id: string) =>
    (
      await pg.query<{ state: string; epoch: number; outcome: string | null }>(
        'delegate_service',
        'SELECT state, epoch, outcome FROM tasks WHERE id = $1',
        [id],
      )
    )[0];
  const overdue = (id: string) =>
    pg.query('delegate_service', `UPDATE tasks SET lease_until = now() - interval '1 second' WHERE id = $1`, [id]);

  it('asks for the secrets of a lease once at a time, however often its delegate asks while no answer comes', async () => {
    const id = await insert({ secretExpressions: ['<+secrets.getValue("account.db")>'] });
    await tasks.acquire(id, holder(), { ...lease, wantsSecrets: true });
    const ask = () => tasks.askForSecrets({ taskId: id, epoch: 1, ...holder() });
    const asked = async () =>
      (
        await pg.query('delegate_service', `SELECT 1 FROM task_events WHERE task_id = $1 AND type = 'secretsWanted'`, [
          id,
        ])
      ).length;
    for (let again = 0; again < 3; again += 1) expect(await ask()).toBe('pipeline');
    expect(await asked()).toBe(1);
    await tasks.secretsAnswered('pipeline', id, 1);
    expect(await asked()).toBe(0);
    expect(await ask()).toBe('pipeline');
    expect(await asked()).toBe(1);
  });

  it('gives a task to one of many that ask at the same moment, and to that one again', async () => {
    const id = await insert();
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, n) =>
        tasks.acquire(id, holder({ delegateId: `d${n}`, instanceId: `i${n}` }), lease),
      ),
    );
    const winners = answers.flatMap((answer, n) => (answer.outcome === 'acquired' ? [n] : []));
    expect(winners).toHaveLength(1);
    const [winner] = winners;
    expect(
      await tasks.acquire(id, holder({ delegateId: `d${winner}`, instanceId: `i${winner}` }), lease),
    ).toMatchObject({ outcome: 'acquired', isNew: false, assignment: { epoch: 1 } });
    expect((await events.backlog('pipeline', [], 1_000)).filter(({ taskId }) => taskId === id)).toHaveLength(1);
  });

  it('shows a second account nothing and lets it change nothing', async () => {
    const id = await insert();
    const stranger = holder({ accountId: 'B9' });
    expect(await tasks.findQueued('B9', id)).toBeUndefined();
    expect((await tasks.listQueued('B9', 100)).map((task) => task.id)).not.toContain(id);
    expect(await tasks.acquire(id, stranger, lease)).toEqual({ outcome: 'notAcquired', reason: 'unknown' });
    expect(await tasks.abort('B9', 'pipeline', id)).toEqual({ state: 'UNKNOWN' });
    expect(await tasks.abort('A1', 'ng-manager', id)).toEqual({ state: 'UNKNOWN' });
    await tasks.acquire(id, holder(), lease);
    expect(
      await tasks.recordResult({
        accountId: 'B9',
        delegateId: 'd1',
        taskId: id,
        epoch: 1,
        kind: 'cleanup-pod',
        resultJson: '{}',
      }),
    ).toMatchObject({ outcome: 'unknown' });
    expect(await tasks.holderOf('ng-manager', id, 1)).toBeUndefined();
    expect(await delegates.candidates('B9', 1_000)).toEqual([]);
    expect(await stateOf(id)).toMatchObject({ state: 'ASSIGNED' });
  });

  it('records a result once, from the holder of the epoch only', async () => {
    const id = await insert(step());
    await tasks.acquire(id, holder(), lease);
    const record = (over: object = {}) =>
      tasks.recordResult({
        accountId: 'A1',
        delegateId: 'd1',
        taskId: id,
        epoch: 1,
        kind: 'execute-step',
        resultJson: result,
        ...over,
      });
    expect(await record({ delegateId: 'd2' })).toMatchObject({ outcome: 'unknown' });
    expect(await record({ epoch: 2 })).toMatchObject({ outcome: 'unknown' });
    const outcomes = await Promise.all(Array.from({ length: 10 }, () => record()));
    expect(outcomes.filter(({ outcome }) => outcome === 'accepted')).toHaveLength(1);
    expect(outcomes.filter(({ outcome }) => outcome === 'duplicate')).toHaveLength(9);
    const ended = (await events.backlog('pipeline', [], 1_000)).filter((event) => event.taskId === id && event.ended);
    expect(ended.map((event) => event.ended)).toEqual([
      expect.objectContaining({ outcome: 'completed', resultJson: result }),
    ]);
  });

  it('takes the result of a restarted delegate from its new row, and from no row that differs in scope, token, name or host', async () => {
    const register = (over: Partial<Registration> = {}, scope: Scope = PROJECT) => {
      const id = newId();
      return delegates.register(
        scope,
        {
          instanceId: id,
          name: 'kin',
          hostName: 'h',
          version: '1',
          tags: [],
          taskKinds: [],
          maxTasks: 1,
          publicKey: id,
          isKeyProven: true,
          tokenId: 't1',
          connectionId: id,
          replicaId: 'r',
          ...over,
        },
        3_600_000,
      );
    };
    const held = await register();
    const id = await insert(step());
    await tasks.acquire(id, holder({ delegateId: held }), lease);
    const record = (delegateId: string) =>
      tasks.recordResult({
        accountId: 'A1',
        delegateId,
        taskId: id,
        epoch: 1,
        kind: 'execute-step',
        resultJson: result,
      });
    const strangers = [
      register({ tokenId: 't2' }),
      register({ name: 'other' }),
      register({ hostName: 'h2' }),
      register({}, accountScope('A1')),
      register({}, projectScope('A1', 'default', 'other')),
    ];
    for (const stranger of await Promise.all(strangers))
      expect(await record(stranger)).toMatchObject({ outcome: 'unknown' });
    const restarted = await register();
    expect(restarted).not.toBe(held); // its predecessor still counts as connected
    expect(await record(restarted)).toEqual({ outcome: 'accepted', consumer: 'pipeline' });
    expect(await record(held)).toMatchObject({ outcome: 'duplicate' });
    expect(await stateOf(id)).toMatchObject({ state: 'ENDED', outcome: 'completed' });
  });

  it('reads a page of events that ends with the result that fills it, so that large results never stand in memory together', async () => {
    await events.acknowledge(
      'pipeline',
      (await events.backlog('pipeline', [], 1_000)).map(({ seq }) => seq),
    );
    const resultJson = JSON.stringify({ text: 'x'.repeat(3 * 1024 * 1024) });
    for (let count = 0; count < 4; count += 1) {
      const id = await insert(step());
      await tasks.acquire(id, holder(), lease);
      expect(
        await tasks.recordResult({
          accountId: 'A1',
          delegateId: 'd1',
          taskId: id,
          epoch: 1,
          kind: 'execute-step',
          resultJson,
        }),
      ).toMatchObject({ outcome: 'accepted' });
    }
    const read: number[] = [];
    const pages: number[] = [];
    for (
      let page = await events.backlog('pipeline', read, 64);
      page.length > 0;
      page = await events.backlog('pipeline', read, 64)
    ) {
      read.push(...page.map(({ seq }) => seq));
      pages.push(page.filter((event) => event.ended).length);
    }
    expect(pages).toEqual([2, 2]);
    expect(read).toEqual([...read].sort((left, right) => left - right));
    expect(new Set(read).size).toBe(8); // each was acquired and ended
    await events.acknowledge('pipeline', read);
  });

  it('lets either the result or the lost lease win, never both', async () => {
    for (let round = 0; round < 10; round += 1) {
      const id = await insert(step());
      await tasks.acquire(id, holder(), lease);
      await overdue(id);
      const [{ outcome }] = await Promise.all([
        tasks.recordResult({
          accountId: 'A1',
          delegateId: 'd1',
          taskId: id,
          epoch: 1,
          kind: 'execute-step',
          resultJson: result,
        }),
        expiry.loseLeases(),
      ]);
      const ended = (await events.backlog('pipeline', [], 1_000)).flatMap((event) =>
        event.taskId === id && event.ended ? [event.ended.outcome] : [],
      );
      expect([...ended].sort()).toEqual(outcome === 'accepted' ? ['completed'] : ['late', 'leaseLost']);
    }
  });

  it('lets two scanners take each overdue lease once', async () => {
    const ids = await Promise.all(Array.from({ length: 20 }, () => insert()));
    for (const id of ids) {
      await tasks.acquire(id, holder(), lease);
      await overdue(id);
    }
    const [one, two] = await Promise.all([expiry.loseLeases(), expiry.loseLeases()]);
    const requeued = [...one.requeued, ...two.requeued].filter((id) => ids.includes(id));
    expect(requeued.sort()).toEqual([...ids].sort());
    expect(await stateOf(ids[0] ?? '')).toEqual({ state: 'QUEUED', epoch: 1, outcome: null });
  });

  it('gives harmless work away three times, then ends it', async () => {
    const id = await insert();
    for (const epoch of [1, 2, 3]) {
      expect(await tasks.acquire(id, holder(), lease)).toMatchObject({ outcome: 'acquired', assignment: { epoch } });
      await overdue(id);
      await expiry.loseLeases();
    }
    expect(await stateOf(id)).toEqual({ state: 'ENDED', epoch: 3, outcome: 'leaseLost' });
  });

  it('offers each waiting task from one replica at a time', async () => {
    const id = await insert();
    await pg.query('delegate_service', `UPDATE tasks SET next_offer_at = now() WHERE id = $1`, [id]);
    const rounds = await Promise.all(Array.from({ length: 5 }, () => expiry.claimOffers(60_000)));
    expect(rounds.flat().filter((task) => task.id === id)).toHaveLength(1);
  });

  it('extends only leases of the delegate’s current connection and epoch', async () => {
    const registration = {
      instanceId: newId(),
      name: 'n',
      hostName: 'h',
      version: '0',
      tags: [],
      taskKinds: [],
      maxTasks: 1,
      publicKey: 'k',
      isKeyProven: false,
      tokenId: 't',
      replicaId: 'r',
    };
    const delegateId = await delegates.register(PROJECT, { ...registration, connectionId: 'c1' }, 1_000);
    const id = await insert(step());
    await tasks.acquire(id, holder({ delegateId }), { ...lease, leaseMs: 1 });
    const beat = (connectionId: string, epoch: number) =>
      tasks.heartbeat({ delegateId, connectionId, held: [{ taskId: id, epoch }], runningTasks: 1, leaseMs: 30_000 });
    expect(await beat('c0', 1)).toMatchObject({ isCurrentConnection: false, extended: [] });
    expect(await beat('c1', 2)).toMatchObject({ isCurrentConnection: true, extended: [] });
    expect(await beat('c1', 1)).toMatchObject({ extended: [{ taskId: id, epoch: 1, isAborting: false }] });
  });

  it('binds a lease to the sealing key it was given to: with another key it is neither shown, extended nor given secrets', async () => {
    const registration = {
      instanceId: newId(),
      name: newId(),
      hostName: 'h',
      version: '0',
      tags: [],
      taskKinds: [],
      maxTasks: 1,
      publicKey: 'k',
      isKeyProven: true,
      tokenId: 't',
      replicaId: 'r',
    };
    const delegateId = await delegates.register(PROJECT, { ...registration, connectionId: 'c1' }, 1_000);
    const id = await insert({ ...step(), secretExpressions: ['x'] });
    const mine = holder({ delegateId, instanceId: registration.instanceId });
    expect(await tasks.acquire(id, mine, lease)).toMatchObject({ outcome: 'acquired' });
    const ask = (publicKey: string, from = delegateId) =>
      tasks.askForSecrets({ taskId: id, epoch: 1, instanceId: registration.instanceId, delegateId: from, publicKey });
    for (const stranger of [
      { ...mine, publicKey: 'other' },
      { ...mine, delegateId: 'd2' },
    ]) {
      expect(await tasks.acquireAgain(id, stranger, 30_000)).toMatchObject({ outcome: 'notAcquired' });
      expect(await ask(stranger.publicKey, stranger.delegateId)).toBeUndefined();
    }
    await pg.query('delegate_service', `UPDATE delegates SET public_key = 'other' WHERE id = $1`, [delegateId]);
    const beat = () =>
      tasks.heartbeat({
        delegateId,
        connectionId: 'c1',
        held: [{ taskId: id, epoch: 1 }],
        runningTasks: 1,
        leaseMs: 30_000,
      });
    expect(await beat()).toMatchObject({ isCurrentConnection: true, extended: [] });
    await pg.query('delegate_service', `UPDATE delegates SET public_key = 'k' WHERE id = $1`, [delegateId]);
    expect(await beat()).toMatchObject({ extended: [{ taskId: id, epoch: 1 }] });
    expect(await tasks.acquireAgain(id, mine, 30_000)).toMatchObject({ outcome: 'acquired' });
    expect(await ask('k')).toBe('pipeline');
  });

  it('gives a delegate its own row again, and any other a row of its own', async () => {
    const name = newId();
    const one = {
      instanceId: newId(),
      name,
      hostName: 'h',
      version: '0',
      tags: [],
      taskKinds: [],
      maxTasks: 1,
      publicKey: 'k',
      isKeyProven: true,
      tokenId: 't1',
      connectionId: 'c',
      replicaId: 'r',
    };
    const register = (over: Partial<typeof one>, scope: Scope = PROJECT) =>
      delegates.register(scope, { ...one, ...over }, 60_000);
    const own = await register({});
    expect(await register({})).toBe(own);
    expect(await register({ tokenId: 'rotated' })).toBe(own);
    expect(await register({ tokenId: 't1' })).toBe(own);
    const others = await Promise.all([
      register({}, projectScope('A1', 'default', 'other')),
      register({}, accountScope('A1')),
      register({ publicKey: 'forged' }),
      register({ isKeyProven: false }),
      register({ isKeyProven: false, tokenId: 'another' }),
      register({ instanceId: newId() }),
    ]);
    expect(new Set([own, ...others]).size).toBe(1 + others.length);
    expect(await register({})).toBe(own);
    await delegates.disconnect(own, 'c');
    expect(await register({ instanceId: newId(), publicKey: 'k3', tokenId: 'another' })).not.toBe(own);
    expect(await register({ instanceId: newId(), publicKey: 'k4' })).toBe(own);
  });

  it('an abort that comes before its task withdraws the id: a submission of it that comes later stores nothing that could run', async () => {
    const task = taskOf(step());
    expect(await tasks.abort('A1', 'pipeline', task.id)).toEqual({ state: 'UNKNOWN' });
    expect(await tasks.insert(task, 1_000)).toBe('withdrawn');
    expect(await tasks.insert(task, 1_000)).toBe('withdrawn');
    expect(await stateOf(task.id)).toBeUndefined();
    expect(await tasks.acquire(task.id, holder(), lease)).toEqual({ outcome: 'notAcquired', reason: 'unknown' });
    expect(await tasks.abort('A1', 'pipeline', task.id)).toEqual({ state: 'UNKNOWN' });
  });

  it('an id that one account or service withdraws is free for every other, also when that one submits first', async () => {
    const [before, after] = [newId(), newId()];
    for (const [account, consumer] of [
      ['B9', 'pipeline'],
      ['A1', 'ng-manager'],
    ] as const)
      expect(await tasks.abort(account, consumer, before)).toEqual({ state: 'UNKNOWN' });
    for (const id of [before, after]) await insert({ ...step(), id });
    for (const [account, consumer] of [
      ['B9', 'pipeline'],
      ['A1', 'ng-manager'],
    ] as const)
      expect(await tasks.abort(account, consumer, after)).toEqual({ state: 'UNKNOWN' });
    for (const id of [before, after])
      expect(await tasks.acquire(id, holder(), lease)).toMatchObject({ outcome: 'acquired' });
    for (const id of [before, after])
      expect(await tasks.abort('A1', 'pipeline', id)).toMatchObject({ state: 'ASSIGNED' });
  });

  it('of a submission and an abort that come at the same moment, either the abort ends the task or the submission stores nothing', async () => {
    for (let round = 0; round < 20; round += 1) {
      const task = taskOf(step());
      const [inserted, { state }] = await Promise.all([
        tasks.insert(task, 1_000),
        tasks.abort('A1', 'pipeline', task.id),
      ]);
      expect([inserted, state]).toEqual(inserted === 'withdrawn' ? ['withdrawn', 'UNKNOWN'] : ['inserted', 'ENDED']);
      expect(await tasks.acquire(task.id, holder(), lease)).toMatchObject({ outcome: 'notAcquired' });
    }
  });

  it('a task that ran out of time may be at work until its lease and the fence are over, or its delegate has answered', async () => {
    const ids = [await insert(step()), await insert(step())];
    for (const id of ids) await tasks.acquire(id, holder(), lease);
    await pg.query(
      'delegate_service',
      `UPDATE tasks SET run_deadline = now() - interval '1 second' WHERE id = ANY ($1)`,
      [ids],
    );
    await expiry.endOverdueRuns();
    const [silent = '', answers = ''] = ids;
    const abort = (id: string) => tasks.abort('A1', 'pipeline', id, { leaseMs: 3_000_000, fenceMs: 600_000 });
    expect([await stateOf(silent), await abort(silent), await abort(answers)]).toEqual([
      { state: 'ENDED', epoch: 1, outcome: 'timedOut' },
      { state: 'ASSIGNED' },
      { state: 'ASSIGNED' },
    ]);
    expect(
      await tasks.recordResult({
        accountId: 'A1',
        delegateId: 'd1',
        taskId: answers,
        epoch: 1,
        kind: 'execute-step',
        resultJson: result,
      }),
    ).toMatchObject({ outcome: 'late' });
    await pg.query('delegate_service', `UPDATE tasks SET ended_at = now() - interval '2 hours' WHERE id = $1`, [
      silent,
    ]);
    // A heartbeat renewed the lease while the time limit ended the task.
    await pg.query('delegate_service', `UPDATE tasks SET lease_until = now() - interval '5 minutes' WHERE id = $1`, [
      silent,
    ]);
    expect(await abort(silent)).toEqual({ state: 'ASSIGNED' });
    await pg.query('delegate_service', `UPDATE tasks SET lease_until = now() - interval '1 hour' WHERE id = $1`, [
      silent,
    ]);
    expect([await abort(silent), await abort(answers)]).toEqual([{ state: 'ENDED' }, { state: 'ENDED' }]);
  });

  it('keeps withdrawn ids as long as ended tasks, counted from the last abort', async () => {
    const [old, again] = [taskOf(), taskOf()];
    for (const { id } of [old, again]) await tasks.abort('A1', 'pipeline', id);
    await pg.query(
      'delegate_service',
      `UPDATE withdrawn_tasks SET withdrawn_at = now() - interval '5 hours' WHERE task_id = ANY ($1)`,
      [[old.id, again.id]],
    );
    await tasks.abort('A1', 'pipeline', again.id);
    await expiry.prune(6);
    expect(await tasks.insert(old, 1_000)).toBe('withdrawn');
    await expiry.prune(1);
    expect([await tasks.insert(old, 1_000), await tasks.insert(again, 1_000)]).toEqual(['inserted', 'withdrawn']);
  });

  it('keeps ended tasks until their events are read and their time is over', async () => {
    const id = await insert();
    await tasks.abort('A1', 'pipeline', id);
    await pg.query('delegate_service', `UPDATE tasks SET ended_at = now() - interval '5 hours' WHERE id = $1`, [id]);
    await expiry.prune(1);
    expect(await stateOf(id)).toBeDefined();
    await events.acknowledge(
      'pipeline',
      (await events.backlog('pipeline', [], 1_000)).map(({ seq }) => seq),
    );
    await expiry.prune(6);
    expect(await stateOf(id)).toBeDefined();
    await expiry.prune(1);
    expect(await stateOf(id)).toBeUndefined();
  });
});
