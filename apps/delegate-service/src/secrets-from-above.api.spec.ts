import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TaskPayload } from '@sluice/delegate-protocol';
import { ScriptedDelegate, type ScriptedDelegateOptions } from './testing/scripted-delegate.js';
import { ServiceUnderTest } from './testing/service-under-test.js';

describe('tasks that open secrets', () => {
  let sut: ServiceUnderTest;
  const open: ScriptedDelegate[] = [];
  beforeAll(async () => {
    sut = await ServiceUnderTest.start();
  }, 300_000);
  afterAll(async () => {
    for (const delegate of open) delegate.kill();
    await sut.stop();
  });

  const connect = async (over: Pick<ScriptedDelegateOptions, 'token' | 'name'>): Promise<ScriptedDelegate> => {
    const delegate = await ScriptedDelegate.connect({ url: sut.service.url, ...over });
    open.push(delegate);
    return delegate;
  };
  const acquired = async (delegate: ScriptedDelegate, taskId: string): Promise<void> =>
    expect(await delegate.acquire(taskId, true)).toMatchObject({ type: 'acquired' });

  it('keeps secrets of a scope from delegates below it: no offer, no lease, a reason at once, and their scope is what their token says', async () => {
    const task = (ref: string): TaskPayload => ({
      kind: 'test-jdbc',
      url: 'jdbc:postgresql://h/d',
      secrets: [{ name: 'password', expression: `<+secrets.getValue("${ref}")>` }],
      passwordSlot: 'password',
    });
    const [ofProject, ofOrg] = [
      await sut.token('C1', 'of project', { orgId: 'default', projectId: 'shop' }),
      await sut.token('C1', 'of org', { orgId: 'default' }),
    ];
    const low = await connect({ token: ofProject, name: 'low' });
    const submit = (ref: string): Promise<string> => sut.submit(task(ref), { accountId: 'C1' });
    const own = await submit('db');
    await acquired(low, own);
    expect((await sut.event(own, 'secretsWanted')).delegateScope).toEqual({
      accountId: 'C1',
      orgId: 'default',
      projectId: 'shop',
    });
    await expect(submit('account.db')).rejects.toMatchObject({
      code: 'UNAVAILABLE_DELEGATES',
      message: expect.stringContaining(
        'low serves project C1/default/shop only, and the task opens secrets of account C1',
      ),
    });
    await expect(submit('org.db')).rejects.toMatchObject({
      message: expect.stringContaining('the task opens secrets of org C1/default'),
    });
    const high = await connect({ token: ofOrg, name: 'high' });
    const ofOrgTask = await submit('org.db');
    expect(await low.acquire(ofOrgTask)).toMatchObject({ type: 'notAcquired', reason: 'notEligible' });
    await acquired(high, ofOrgTask);
    expect((await sut.event(ofOrgTask, 'secretsWanted')).delegateScope).toEqual({
      accountId: 'C1',
      orgId: 'default',
      projectId: '',
    });
  });
});
