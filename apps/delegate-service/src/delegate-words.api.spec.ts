import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { HELLO_LIMITS, PROTOCOL_VERSION } from '@sluice/delegate-protocol';
import { newId } from '@sluice/kernel';
import { CLOSE_CODES, ScriptedDelegate } from './testing/scripted-delegate.js';
import { ServiceUnderTest } from './testing/service-under-test.js';

const LARGE = 'x'.repeat(1_000_000);
const many = (count: number, of: unknown) => Array.from({ length: count }, () => of);

describe('what a delegate says of itself', () => {
  let sut: ServiceUnderTest;
  let token: string;
  beforeAll(async () => {
    sut = await ServiceUnderTest.start();
    token = await sut.token('A1');
  }, 300_000);
  afterAll(() => sut.stop());

  const hello = (over: Readonly<Record<string, unknown>>) => ({
    v: PROTOCOL_VERSION,
    id: newId(),
    type: 'hello',
    protocol: { min: PROTOCOL_VERSION, max: PROTOCOL_VERSION },
    instanceId: newId(),
    name: newId(),
    hostName: 'h',
    version: '1',
    tags: [],
    taskKinds: [],
    maxConcurrentTasks: 1,
    publicKey: 'k',
    held: [],
    ...over,
  });

  it.each<[string, Readonly<Record<string, unknown>>]>([
    ['id', { id: LARGE }],
    ['name', { name: LARGE }],
    ['hostName', { hostName: LARGE }],
    ['version', { version: LARGE }],
    ['publicKey', { publicKey: LARGE }],
    ['tags.0', { tags: [LARGE] }],
    ['tags', { tags: many(HELLO_LIMITS.tags + 1, 't') }],
    ['taskKinds.0', { taskKinds: [LARGE] }],
    ['taskKinds', { taskKinds: many(HELLO_LIMITS.taskKinds + 1, 'k') }],
    ['held', { held: many(HELLO_LIMITS.held + 1, { taskId: 't', epoch: 1 }) }],
    ['held.0.epoch', { held: [{ taskId: 't', epoch: 2 ** 40 }] }],
    ['held.0.taskId', { held: [{ taskId: LARGE, epoch: 1 }] }],
    ['maxConcurrentTasks', { maxConcurrentTasks: 2 ** 40 }],
    ['traceparent', { traceparent: LARGE }],
  ])(
    'is refused when %s is beyond what is stored, and leaves no row',
    async (_, over) => {
      const said = hello(over);
      const delegate = await ScriptedDelegate.open({
        url: sut.service.url,
        token,
        instanceId: String(said.instanceId),
      });
      delegate.sendText(JSON.stringify(said));
      expect(await delegate.closed()).toBe(CLOSE_CODES.BAD_MESSAGE);
      expect(
        await sut.postgres.query('delegate_service', 'SELECT 1 FROM delegates WHERE instance_id = $1', [
          said.instanceId,
        ]),
      ).toEqual([]);
    },
    300_000,
  );

  it('is taken up to its limits', async () => {
    const delegate = await ScriptedDelegate.open({ url: sut.service.url, token });
    delegate.sendText(
      JSON.stringify(
        hello({
          instanceId: delegate.instanceId,
          tags: many(HELLO_LIMITS.tags, 't'.repeat(HELLO_LIMITS.tag)),
          maxConcurrentTasks: HELLO_LIMITS.maxConcurrentTasks,
        }),
      ),
    );
    expect((await delegate.next('welcome')).delegateId).not.toBe('');
    delegate.kill();
  }, 300_000);
});
