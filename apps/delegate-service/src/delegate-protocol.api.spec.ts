import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { TaskPayload, TaskResult } from '@sluice/delegate-protocol';
import { AppError, newId, waitFor } from '@sluice/kernel';
import { generateSealingKeyPair, open, seal, sealingContext } from '@sluice/sealed-secrets';
import { testUser } from '@sluice/testing';
import { CLOSE_CODES, ScriptedDelegate, type ScriptedDelegateOptions } from './testing/scripted-delegate.js';
import { ServiceUnderTest } from './testing/service-under-test.js';

/** A delegate here beats only where a test says so: what a test does with a lease takes less, also where the machine stands still for a moment. */
const LEASE_MS = 25_000;

const cleanup = (podId = newId()): TaskPayload => ({ kind: 'cleanup-pod', podId });
const done: TaskResult = { kind: 'cleanup-pod', outcome: { status: 'succeeded' } };
const execute = (): TaskPayload => ({
  kind: 'execute-step',
  podId: 'p1',
  stepExecutionId: newId(),
  logKey: 'k',
  timeoutMs: 60_000,
  work: {
    kind: 'liquibase.update',
    target: { url: 'jdbc:postgresql://h/d' },
    changelog: { source: 's', path: 'c.yaml' },
    contexts: '',
    labels: '',
    substituteProperties: {},
  },
});
const executed: TaskResult = {
  kind: 'execute-step',
  outcome: { status: 'succeeded', changesets: [], history: [], pending: [], outputs: {}, startedAt: 1, endedAt: 2 },
};

describe('the delegate protocol', () => {
  let sut: ServiceUnderTest;
  let token: string;
  const open_: ScriptedDelegate[] = [];

  beforeAll(async () => {
    sut = await ServiceUnderTest.start({
      DELEGATE_SERVICE_LEASE_MS: String(LEASE_MS),
      DELEGATE_SERVICE_HEARTBEAT_MS: '300',
      DELEGATE_SERVICE_SCAN_MS: '50',
      DELEGATE_SERVICE_REOFFER_MS: '200',
    });
    token = await sut.token('A1', 'main');
  }, 300_000);
  afterAll(() => sut.stop());
  afterEach(async () => {
    for (const delegate of open_.splice(0)) delegate.kill();
    await waitFor(
      async () =>
        (await sut.postgres.query('delegate_service', 'SELECT 1 FROM delegates WHERE connection_id IS NOT NULL'))
          .length === 0,
      { timeoutMs: 120_000, what: 'all delegates to be gone' },
    );
    await sut.postgres.query('delegate_service', 'DELETE FROM delegates');
  });

  const connect = async (over: Partial<ScriptedDelegateOptions> = {}): Promise<ScriptedDelegate> => {
    const delegate = await ScriptedDelegate.connect({ url: sut.service.url, token, ...over });
    open_.push(delegate);
    return delegate;
  };
  const acquired = async (delegate: ScriptedDelegate, taskId: string, wantsSecrets = false) => {
    const answer = await delegate.acquire(taskId, wantsSecrets);
    if (answer.type !== 'acquired') throw new Error(`not acquired: ${answer.reason}`);
    return answer;
  };

  it('brings a task to a delegate and its result back, acknowledged after it was stored', async () => {
    const delegate = await connect();
    const taskId = await sut.submit(cleanup('pod-7'));
    await delegate.next('offer', (offer) => offer.taskId === taskId);
    const lease = await acquired(delegate, taskId);
    expect(lease).toMatchObject({ epoch: 1, leaseMs: LEASE_MS, payload: { kind: 'cleanup-pod', podId: 'pod-7' } });
    expect((await sut.event(taskId, 'acquired')).acquired).toEqual({
      delegateId: delegate.delegateId,
      delegateName: 'scripted',
      epoch: 1,
    });
    delegate.send({ type: 'result', taskId, epoch: 1, result: done });
    expect(await delegate.next('resultAck')).toMatchObject({ taskId, outcome: 'accepted' });
    const ended = await sut.event(taskId, 'ended');
    expect(ended.ended).toMatchObject({ outcome: 'completed', delegateName: 'scripted' });
    expect(JSON.parse(ended.ended?.resultJson ?? '')).toEqual(done);
  });

  it('answers the same process asking twice with the same lease, and refuses another process', async () => {
    const [one, other] = [await connect({ name: 'one' }), await connect({ name: 'other' })];
    const taskId = await sut.submit(execute());
    const first = await acquired(one, taskId);
    const again = await acquired(one, taskId);
    expect([again.epoch, again.payload]).toEqual([first.epoch, first.payload]);
    expect(await other.acquire(taskId)).toMatchObject({ type: 'notAcquired', reason: 'taken' });
  });

  it('gives a contested task to exactly one of many delegates', async () => {
    const delegates = await Promise.all(Array.from({ length: 6 }, (_, n) => connect({ name: `racer-${n}` })));
    for (let round = 0; round < 5; round += 1) {
      const taskId = await sut.submit(cleanup());
      const answers = await Promise.all(delegates.map((delegate) => delegate.acquire(taskId)));
      expect(answers.filter(({ type }) => type === 'acquired')).toHaveLength(1);
    }
  });

  it('tells the two least loaded delegates first; others find the task by polling', async () => {
    const delegates = await Promise.all(['a', 'b', 'c'].map((name) => connect({ name })));
    const busy = delegates[2] as ScriptedDelegate;
    await acquired(busy, await sut.submit(execute()));
    const taskId = await sut.submit(cleanup());
    await Promise.all(
      [delegates[0], delegates[1]].map((delegate) => delegate?.next('offer', (offer) => offer.taskId === taskId)),
    );
    expect(busy.received.some((message) => message.type === 'offer' && message.taskId === taskId)).toBe(false);
    busy.send({ type: 'poll', limit: 10 });
    expect((await busy.next('polled')).offers).toContainEqual({ taskId, kind: 'cleanup-pod' });
  });

  it('offers a task to a delegate that connects only later', async () => {
    const taskId = await sut.submit(cleanup());
    const delegate = await connect();
    await delegate.next('offer', (offer) => offer.taskId === taskId);
  });

  it('refuses a task no delegate could ever run, naming each delegate and its reason', async () => {
    await connect({ name: 'east', tags: ['eu'] });
    const refused = sut.submit(cleanup(), { selectors: ['gpu'] });
    await expect(refused).rejects.toThrow('no delegate can take the task: east lacks the selector "gpu"');
    await expect(refused).rejects.toMatchObject({ code: 'UNAVAILABLE_DELEGATES' } satisfies Partial<AppError>);
  });

  it('lets a task wait for a delegate, and then says why nobody took it', async () => {
    const taskId = await sut.submit(cleanup(), { queueTimeoutMs: 300 });
    expect((await sut.event(taskId, 'ended')).ended).toMatchObject({
      outcome: 'notAcquired',
      reason: 'no delegate is registered for this account; start one with a token of this account (waited 0.3 s)',
    });
  });

  it('keeps one account’s tasks, tokens and delegates from another', async () => {
    const stranger = await connect({ token: await sut.token('B9'), name: 'stranger' });
    const taskId = await sut.submit(cleanup());
    expect(await stranger.acquire(taskId)).toMatchObject({ type: 'notAcquired', reason: 'unknown' });
    stranger.send({ type: 'poll', limit: 100 });
    expect((await stranger.next('polled')).offers).toEqual([]);
    const holder = await connect();
    const { epoch } = await acquired(holder, taskId);
    stranger.send({ type: 'result', taskId, epoch, result: done });
    expect(await stranger.next('resultAck')).toMatchObject({ outcome: 'unknown' });
    const { delegates } = await sut.admin.unary(testUser('B9'), 'ListDelegates', {
      scope: { accountId: 'B9', orgId: '', projectId: '' },
      all: true,
    });
    expect(delegates.map(({ name }) => name)).toEqual(['stranger']);
    await expect(
      sut.admin.unary(testUser('B9'), 'ListTokens', {
        scope: { accountId: 'A1', orgId: '', projectId: '' },
        name: '',
        status: '',
      }),
    ).rejects.toMatchObject({ code: 'ACCESS_DENIED' });
  });

  it('gives a bound task only to its delegate', async () => {
    const [mine, other] = [await connect({ name: 'mine' }), await connect({ name: 'other' })];
    const taskId = await sut.submit(cleanup(), { boundDelegateId: mine.delegateId });
    expect(await other.acquire(taskId)).toMatchObject({ type: 'notAcquired', reason: 'notEligible' });
    await acquired(mine, taskId);
  });

  it('brings sealed secrets to the delegate that holds the lease, and to nobody else', async () => {
    const pair = await generateSealingKeyPair();
    const delegate = await connect({ publicKey: pair.publicKey });
    const expression = '<+secrets.getValue("account.db")>';
    const taskId = await sut.submit({
      kind: 'test-jdbc',
      url: 'jdbc:postgresql://h/d',
      secrets: [{ name: 'password', expression }],
      passwordSlot: 'password',
    });
    const { epoch } = await acquired(delegate, taskId, true);
    const wanted = (await sut.event(taskId, 'secretsWanted')).secretsWanted;
    expect(wanted).toEqual({
      delegateId: delegate.delegateId,
      epoch,
      publicKey: pair.publicKey,
      expressions: [expression],
    });
    const context = sealingContext(taskId, epoch, expression);
    const sealed = { [expression]: await seal(pair.publicKey, 'pass-word', context) };
    expect(
      await sut.tasks.unary(testUser('A1'), 'ProvideSecrets', { taskId, epoch: epoch + 1, sealed, error: '' }),
    ).toEqual({ delivered: false });
    expect(await sut.tasks.unary(testUser('A1'), 'ProvideSecrets', { taskId, epoch, sealed, error: '' })).toEqual({
      delivered: true,
    });
    const message = await delegate.next('sealedSecrets');
    expect(await open(pair, message.sealed[expression] ?? '', context)).toBe('pass-word');
    delegate.send({ type: 'secrets', taskId, epoch });
    await sut.event(
      taskId,
      'secretsWanted',
      undefined,
      ({ seq }) =>
        seq > 0 &&
        sut.events.filter((event) => event.taskId === taskId && event.event === 'secretsWanted').length === 2,
    );
    await sut.tasks.unary(testUser('A1'), 'ProvideSecrets', {
      taskId,
      epoch,
      sealed: {},
      error: 'secret db does not exist',
    });
    expect(await delegate.next('secretsFailed')).toMatchObject({ taskId, epoch, message: 'secret db does not exist' });
  });

  it('takes a result once, however often it is sent', async () => {
    const delegate = await connect();
    const taskId = await sut.submit(cleanup());
    const { epoch } = await acquired(delegate, taskId);
    for (const outcome of ['accepted', 'duplicate', 'duplicate'] as const) {
      delegate.send({ type: 'result', taskId, epoch, result: done });
      expect(await delegate.next('resultAck')).toMatchObject({ outcome });
    }
    await sut.event(taskId, 'ended');
    await sut.event(await sut.submit(cleanup(), { queueTimeoutMs: 100 }), 'ended'); // comes after all that came before it
    expect(sut.events.filter((event) => event.taskId === taskId && event.event === 'ended')).toHaveLength(1);
  });

  it('stores a result and a registration whose texts hold characters that cannot be stored, with those replaced', async () => {
    const delegate = await connect({ name: 'scr\u0000pted', hostName: 'host\ud83d', tags: ['t\u0000'] });
    const taskId = await sut.submit(execute());
    const { epoch } = await acquired(delegate, taskId);
    const named = { id: 'a\u0000b', author: 'dev', file: 'f\ud83d' };
    const result: TaskResult = {
      kind: 'execute-step',
      outcome: {
        ...executed.outcome,
        status: 'failed',
        error: { message: 'a\u0000b failed', failureType: 'Unknown', changeset: named },
        outputs: { 'k\u0000': 'v' },
      },
    };
    delegate.send({ type: 'result', taskId, epoch, result });
    expect(await delegate.next('resultAck')).toMatchObject({ outcome: 'accepted' });
    const { ended } = await sut.event(taskId, 'ended');
    expect(ended?.delegateName).toBe('scr\ufffdpted');
    expect(JSON.parse(ended?.resultJson ?? '')).toMatchObject({
      outcome: {
        error: { message: 'a\ufffdb failed', changeset: { id: 'a\ufffdb', author: 'dev', file: 'f\ufffd' } },
        outputs: { 'k\ufffd': 'v' },
      },
    });
    expect(
      await sut.postgres.query(
        'delegate_service',
        `SELECT name, host_name, tags FROM delegates WHERE id = '${delegate.delegateId}'`,
      ),
    ).toEqual([{ name: 'scr\ufffdpted', host_name: 'host\ufffd', tags: ['t\ufffd'] }]);
  });

  it('refuses a result of another kind than the task', async () => {
    const delegate = await connect();
    const taskId = await sut.submit(execute());
    const { epoch } = await acquired(delegate, taskId);
    delegate.send({ type: 'result', taskId, epoch, result: done });
    expect(await delegate.next('resultAck')).toMatchObject({ outcome: 'unknown' });
  });

  it('ends a step as leaseLost when its delegate falls silent, never runs it again, and shows a result that comes after all as late', async () => {
    const delegate = await connect({ hostName: 'h-late' });
    const taskId = await sut.submit(execute());
    const { epoch } = await acquired(delegate, taskId);
    delegate.kill();
    const lost = await sut.event(taskId, 'ended');
    expect(lost.ended).toMatchObject({ outcome: 'leaseLost', resultJson: '' });
    expect(lost.ended?.reason).toMatch(
      /^delegate scripted was not heard of any more \(its lease ended at .* UTC\); the step may have changed the database/,
    );
    const back = await connect({ instanceId: delegate.instanceId, hostName: 'h-late', held: [{ taskId, epoch }] });
    expect(await back.acquire(taskId)).toMatchObject({ type: 'notAcquired', reason: 'ended' });
    expect(back.received.find((message) => message.type === 'welcome')).toMatchObject({ lost: [{ taskId, epoch }] });
    back.send({ type: 'result', taskId, epoch, result: executed });
    expect(await back.next('resultAck')).toMatchObject({ outcome: 'late' });
    const late = await sut.event(taskId, 'ended', undefined, (event) => event.ended?.outcome === 'late');
    expect(JSON.parse(late.ended?.resultJson ?? '')).toEqual(executed);
  });

  it('offers work that changed nothing to another delegate, with the next epoch; the first one’s result is late', async () => {
    const first = await connect({ name: 'first' });
    const taskId = await sut.submit({ kind: 'test-git', source: { name: 's', url: 'http://h/r.git' } });
    await acquired(first, taskId);
    const second = await connect({ name: 'second' });
    const beat = setInterval(() => second.send({ type: 'heartbeat', held: [], runningTasks: 0, sentAt: 0 }), 300);
    await second.next('offer', (offer) => offer.taskId === taskId).finally(() => clearInterval(beat));
    expect((await acquired(second, taskId)).epoch).toBe(2);
    first.send({ type: 'result', taskId, epoch: 1, result: { kind: 'test-git', outcome: { status: 'succeeded' } } });
    expect(await first.next('resultAck')).toMatchObject({ outcome: 'late' });
    second.send({ type: 'result', taskId, epoch: 2, result: { kind: 'test-git', outcome: { status: 'succeeded' } } });
    expect(await second.next('resultAck')).toMatchObject({ outcome: 'accepted' });
  });

  it('keeps leases alive by heartbeats, across a reconnect of the same process', async () => {
    const delegate = await connect();
    const taskId = await sut.submit(execute());
    const { epoch } = await acquired(delegate, taskId);
    const held = [{ taskId, epoch }];
    const beat = setInterval(
      () => delegate.send({ type: 'heartbeat', held, runningTasks: 1, sentAt: Date.now() }),
      300,
    );
    const until = Date.now() + LEASE_MS + 1_000;
    await waitFor(() => Date.now() > until, { timeoutMs: 120_000, what: 'more than a lease to pass' });
    clearInterval(beat);
    expect((await delegate.next('heartbeatAck')).lost).toEqual([]);
    delegate.kill();
    const back = await connect({ instanceId: delegate.instanceId, held });
    expect(back.delegateId).toBe(delegate.delegateId);
    back.send({ type: 'result', taskId, epoch, result: executed });
    expect(await back.next('resultAck')).toMatchObject({ outcome: 'accepted' });
  });

  it('ends a task whose result does not come in time, and tells the delegate to stop', async () => {
    const delegate = await connect();
    const taskId = await sut.submit(execute(), { runTimeoutMs: 400 });
    const { epoch } = await acquired(delegate, taskId);
    expect((await sut.event(taskId, 'ended')).ended).toMatchObject({
      outcome: 'timedOut',
      reason: 'delegate scripted did not finish within 0.4 s',
    });
    expect(await delegate.next('abort')).toMatchObject({ taskId, epoch });
  });

  it('aborts a waiting task at once, and a running one by its delegate, which is reminded until it answers', async () => {
    const waiting = await sut.submit(cleanup());
    expect(await sut.tasks.unary(testUser('A1'), 'Abort', { taskId: waiting, accountId: 'A1' })).toEqual({
      state: 'ENDED',
    });
    expect((await sut.event(waiting, 'ended')).ended).toMatchObject({ outcome: 'aborted' });
    const delegate = await connect();
    const taskId = await sut.submit(execute());
    const { epoch } = await acquired(delegate, taskId);
    expect(await sut.tasks.unary(testUser('A1'), 'Abort', { taskId, accountId: 'A1' })).toEqual({ state: 'ASSIGNED' });
    await delegate.next('abort', (message) => message.taskId === taskId);
    delegate.send({ type: 'heartbeat', held: [{ taskId, epoch }], runningTasks: 1, sentAt: 0 });
    await delegate.next('abort', (message) => message.taskId === taskId);
    expect(await sut.tasks.unary(testUser('B9'), 'Abort', { taskId, accountId: 'B9' })).toEqual({
      state: 'UNKNOWN',
      isWithdrawn: true,
      _isWithdrawn: 'isWithdrawn',
    });
  });

  it('says how long a delegate that cannot be told works on', async () => {
    expect(await sut.tasks.unary(testUser('A1'), 'LeaseTimes', {})).toEqual({
      leaseMs: LEASE_MS,
      fenceMs: LEASE_MS / 2,
    });
  });

  it('closes the older of two connections of one process, whose late close does not mark the newer one as gone', async () => {
    const older = await connect();
    const newer = await connect({ instanceId: older.instanceId });
    expect(await older.closed()).toBe(CLOSE_CODES.REPLACED);
    expect(newer.delegateId).toBe(older.delegateId);
    const taskId = await sut.submit(cleanup());
    await newer.next('offer', (offer) => offer.taskId === taskId);
    const { delegates } = await sut.admin.unary(testUser('A1'), 'ListDelegates', {
      scope: { accountId: 'A1', orgId: '', projectId: '' },
      all: true,
    });
    expect(delegates.filter(({ connected }) => connected).map(({ id }) => id)).toEqual([newer.delegateId]);
  });

  it('keeps a second process of the same name and host apart', async () => {
    const [one, two] = [await connect(), await connect()];
    expect(one.delegateId).not.toBe(two.delegateId);
    one.kill();
    await waitFor(
      async () =>
        (
          await sut.postgres.query(
            'delegate_service',
            'SELECT 1 FROM delegates WHERE id = $1 AND connection_id IS NULL',
            [one.delegateId],
          )
        ).length > 0,
      { timeoutMs: 120_000, what: 'the close to be noticed' },
    );
    expect((await connect()).delegateId).toBe(one.delegateId);
  });

  it('cuts a connection as soon as its token is revoked, and lets nobody in with it again', async () => {
    const value = await sut.token('A1', 'leaked');
    const delegate = await connect({ token: value });
    const scope = { accountId: 'A1', orgId: '', projectId: '' };
    expect(await sut.admin.unary(testUser('A1'), 'RevokeToken', { scope, name: 'leaked' })).toMatchObject({
      status: 'REVOKED',
      value: '',
    });
    expect(await delegate.closed()).toBe(CLOSE_CODES.TOKEN_REVOKED);
    const again = await ScriptedDelegate.open({ url: sut.service.url, token: value });
    expect(await again.closed()).toBe(CLOSE_CODES.TOKEN_REVOKED);
  });

  it('refuses unknown tokens, wrong secrets and frames that are no messages', async () => {
    for (const bad of ['nonsense', `${newId()}.${'x'.repeat(43)}`, `${token.split('.')[0] ?? ''}.${'x'.repeat(43)}`]) {
      expect(await (await ScriptedDelegate.open({ url: sut.service.url, token: bad })).closed()).toBe(
        CLOSE_CODES.UNAUTHORISED,
      );
    }
    for (const frame of ['{', '{"v":1,"id":"1","type":"dance"}', '{"v":1,"id":"1","type":"draining"}']) {
      const delegate = await ScriptedDelegate.open({ url: sut.service.url, token });
      delegate.sendText(frame);
      expect(await delegate.closed()).toBe(CLOSE_CODES.BAD_MESSAGE);
    }
    const old = await ScriptedDelegate.open({ url: sut.service.url, token, instanceId: 'i-1' });
    old.send({
      type: 'hello',
      protocol: { min: 7, max: 9 },
      instanceId: 'i-1',
      name: 'n',
      hostName: 'h',
      version: '9',
      tags: [],
      taskKinds: [],
      maxConcurrentTasks: 1,
      publicKey: 'k',
      held: [],
    });
    expect(await old.closed()).toBe(CLOSE_CODES.PROTOCOL_VERSION);
  });

  it('offers nothing new to a draining delegate, but still the tasks of its pods', async () => {
    const delegate = await connect();
    delegate.send({ type: 'draining' });
    await waitFor(
      async () =>
        (await sut.postgres.query('delegate_service', 'SELECT 1 FROM delegates WHERE is_draining')).length > 0,
      { timeoutMs: 120_000, what: 'draining to be known' },
    );
    const taskId = await sut.submit(cleanup());
    expect(await delegate.acquire(taskId)).toMatchObject({ type: 'notAcquired', reason: 'draining' });
    await acquired(delegate, await sut.submit(cleanup(), { boundDelegateId: delegate.delegateId }));
  });

  it('takes the same submission twice as one task, and another payload under its id as an error', async () => {
    const taskId = newId();
    const payload = cleanup('p');
    await sut.submit(payload, { taskId });
    await sut.submit(payload, { taskId });
    await expect(sut.submit(cleanup('q'), { taskId })).rejects.toMatchObject({ code: 'DUPLICATE_FIELD' });
    await expect(sut.submit({ kind: 'dance' } as never)).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
    await expect(sut.submit(payload, { queueTimeoutMs: 0 })).rejects.toThrow('queue_timeout_ms: 0 is not within');
  });

  it('repeats events until they are acknowledged', async () => {
    const end = async (): Promise<number> =>
      (await sut.event(await sut.submit(cleanup(), { queueTimeoutMs: 100 }), 'ended')).seq;
    sut.acknowledges = false;
    try {
      const seq = await end();
      expect(await sut.readUpTo(seq)).toContain(seq);
      await sut.tasks.unary(testUser('A1'), 'Acknowledge', { seqs: [seq] });
      const later = await end();
      const seen = await sut.readUpTo(later);
      expect([seen.includes(later), seen.includes(seq)]).toEqual([true, false]);
    } finally {
      sut.acknowledges = true;
    }
  });

  it('lets only pipeline and NG manager submit, and only NG manager administer', async () => {
    const { ServiceClient } = await import('@sluice/grpc');
    const { DELEGATE_TASKS_SERVICE, DELEGATE_ADMIN_SERVICE } = await import('@sluice/delegate-rpc');
    const scope = { accountId: 'A1', orgId: '', projectId: '' };
    const attempt = async (
      caller: 'gateway' | 'pipeline',
      service: typeof DELEGATE_TASKS_SERVICE | typeof DELEGATE_ADMIN_SERVICE,
      method: string,
      request: object,
    ): Promise<unknown> => {
      const client = new ServiceClient<Record<string, { request: object; reply: object }>>({
        service,
        address: sut.service.grpcAddress,
        target: 'delegate-service',
        identity: await sut.identities.of(caller),
      });
      return client.unary(testUser('A1'), method, request).finally(() => client.close());
    };
    await expect(
      attempt('gateway', DELEGATE_TASKS_SERVICE, 'Abort', { taskId: 'x', accountId: 'A1' }),
    ).rejects.toMatchObject({ code: 'ACCESS_DENIED' });
    await expect(
      attempt('pipeline', DELEGATE_ADMIN_SERVICE, 'ListTokens', { scope, name: '', status: '' }),
    ).rejects.toMatchObject({ code: 'ACCESS_DENIED' });
  });

  it('stores a seeded token once, and keeps it revoked', async () => {
    const scope = { accountId: 'A1', orgId: '', projectId: '' };
    const seed = { scope, name: 'seeded', value: `${newId()}.${'s'.repeat(43)}`, revokeAfterMs: 0, createdBy: 'seed' };
    const put = () => sut.admin.unary(testUser('A1'), 'PutToken', seed);
    expect(await put()).toMatchObject({ status: 'ACTIVE' });
    expect(await put()).toMatchObject({ status: 'ACTIVE', value: '' });
    await sut.admin.unary(testUser('A1'), 'RevokeToken', { scope, name: 'seeded' });
    expect(await put()).toMatchObject({ status: 'REVOKED' });
    await expect(
      sut.admin.unary(testUser('A1'), 'PutToken', { ...seed, value: `${newId()}.${'t'.repeat(43)}` }),
    ).rejects.toMatchObject({ code: 'DUPLICATE_FIELD' });
    const [stored] = await sut.postgres.query<{ row: string }>(
      'delegate_service',
      `SELECT row_to_json(t)::text AS row FROM delegate_tokens t WHERE name = 'seeded'`,
    );
    expect(stored?.row).not.toContain('s'.repeat(43));
  });

  it('reaches delegates of another replica: offers, aborts, secrets, revocation and replacement', async () => {
    const replica = await sut.replica();
    try {
      const value = await sut.token('A1', `far-${newId()}`);
      const far = await connect({ url: replica.url, name: 'far', token: value });
      const taskId = await sut.submit({
        kind: 'test-jdbc',
        url: 'jdbc:x',
        secrets: [{ name: 'p', expression: '<+secrets.getValue("p")>' }],
      });
      await far.next('offer', (offer) => offer.taskId === taskId);
      const { epoch } = await acquired(far, taskId, true);
      await sut.event(taskId, 'secretsWanted');
      expect(
        await sut.tasks.unary(testUser('A1'), 'ProvideSecrets', { taskId, epoch, sealed: { x: 'y' }, error: '' }),
      ).toEqual({ delivered: true });
      await far.next('sealedSecrets');
      await sut.tasks.unary(testUser('A1'), 'Abort', { taskId, accountId: 'A1' });
      await far.next('abort');
      const near = await connect({ name: 'far', token: value, instanceId: far.instanceId });
      expect(await far.closed()).toBe(CLOSE_CODES.REPLACED);
      expect(near.delegateId).toBe(far.delegateId);
    } finally {
      await replica.close();
    }
  });

  it('takes no task from anybody because the service itself was away for more than a lease', async () => {
    const delegate = await connect({ name: 'steady', hostName: 'h-steady' });
    const taskId = await sut.submit(execute());
    const { epoch } = await acquired(delegate, taskId);
    await sut.down();
    expect(await delegate.closed()).toBe(CLOSE_CODES.SHUTTING_DOWN);
    await sut.postgres.query(
      'delegate_service',
      `UPDATE tasks SET lease_until = now() - interval '1 minute' WHERE id = $1`,
      [taskId],
    );
    await sut.up();
    const back = await connect({
      name: 'steady',
      hostName: 'h-steady',
      instanceId: delegate.instanceId,
      held: [{ taskId, epoch }],
    });
    expect(back.received.find(({ type }) => type === 'welcome')).toMatchObject({ lost: [] });
    back.send({ type: 'result', taskId, epoch, result: executed });
    expect(await back.next('resultAck')).toMatchObject({ outcome: 'accepted' });
  });
});
