import { describe, expect, it } from '@jest/globals';
import { projectScope, type RequestContext, type RoleGrant } from '@sluice/kernel';
import { hear, type Approval, type Approvers, type Say } from './approval.js';
import type { ApproverInput } from './approver-input.js';
import { BuiltInGroups, requireApprover } from './approver.js';

const ANYBODY: Approvers = {
  userGroups: ['_account_all_users'],
  serviceAccounts: [],
  disallowedUserEmails: [],
  minimumCount: 1,
  disallowPipelineExecutor: false,
};
const input = (over: Partial<ApproverInput>): ApproverInput => ({
  name: 'ticket',
  value: null,
  defaultValue: null,
  required: false,
  description: null,
  regex: null,
  allowedValues: [],
  selectOneFrom: [],
  selectManyFrom: [],
  ...over,
});
const approval = (over: Partial<Approval> = {}): Approval => ({
  scope: projectScope('acc', 'org', 'proj'),
  id: 'a1',
  planExecutionId: 'e1',
  nodeExecutionId: 'n1',
  type: 'HarnessApproval',
  status: 'WAITING',
  message: 'Please',
  errorMessage: null,
  deadline: 1_000,
  showsHistory: true,
  approvers: ANYBODY,
  inputs: [],
  activities: [],
  version: 1,
  createdAt: 1,
  updatedAt: 1,
  ...over,
});
const say = (name: string, over: Partial<Say> = {}): Say => ({
  user: { uuid: name, name, email: `${name}@x` },
  action: 'APPROVE',
  comments: '',
  inputs: [],
  at: 500,
  ...over,
});

describe('what becomes of an approval', () => {
  it('needs as many users as its minimum count, each counted once', () => {
    const two = approval({ approvers: { ...ANYBODY, minimumCount: 2 } });
    const first = hear(two, say('ann'));
    expect(first).toMatchObject({
      status: 'WAITING',
      activities: [{ user: { uuid: 'ann' }, action: 'APPROVE', approvedAt: 500 }],
    });
    const between = { ...two, ...first };
    expect(hear(between, say('ann', { comments: 'again' }))).toBeUndefined();
    expect(hear(between, say('bob'))).toMatchObject({ status: 'APPROVED' });
  });

  it('ends with one rejection, whoever approved before, the same user included', () => {
    const between = {
      ...approval({ approvers: { ...ANYBODY, minimumCount: 3 } }),
      ...hear(approval({ approvers: { ...ANYBODY, minimumCount: 3 } }), say('ann')),
    };
    expect(hear(between, say('bob', { action: 'REJECT', comments: 'no' }))).toMatchObject({
      status: 'REJECTED',
      activities: [{}, { action: 'REJECT', comments: 'no' }],
    });
    expect(hear(between, say('ann', { action: 'REJECT' }))).toMatchObject({ status: 'REJECTED' });
  });

  it.each(['APPROVED', 'REJECTED', 'FAILED', 'ABORTED', 'EXPIRED'] as const)(
    'takes nothing more once it is %s, but bears a repetition',
    (status) => {
      const ended = approval({
        status,
        activities: [
          { user: { uuid: 'ann', name: 'ann', email: null }, action: 'APPROVE', comments: '', approvedAt: 1 },
        ],
      });
      expect(() => hear(ended, say('bob'))).toThrow(`has ended already with status ${status}`);
      expect(() => hear(ended, say('ann', { action: 'REJECT' }))).toThrow('has ended already');
      expect(hear(ended, say('ann'))).toBeUndefined();
    },
  );

  it('takes nothing after its deadline, and is not decided here when another system is asked', () => {
    expect(() => hear(approval(), say('ann', { at: 1_001 }))).toThrow(/by 1970-01-01T00:00:01.000Z/);
    expect(() => hear(approval({ type: 'JiraApproval' }), say('ann'))).toThrow(/is a JiraApproval/);
  });

  it.each<[string, Partial<ApproverInput>, string | undefined, string | RegExp]>([
    ['a required one that is missing', { required: true }, undefined, /approverInputs\.ticket: is required/],
    ['a required one that is empty', { required: true }, '', /is required/],
    ['a required one with a default', { required: true, defaultValue: 'D-1' }, undefined, 'D-1'],
    ['one that matches its pattern', { regex: '[A-Z]+-\\d+' }, 'AB-12', 'AB-12'],
    ['one that matches it only in part', { regex: '[A-Z]+-\\d+' }, 'AB-12 or so', /does not match/],
    ['a pattern that never ends', { regex: '(a+)+' }, `${'a'.repeat(64)}!`, /takes too long/],
    ['a pattern that is none', { regex: '(' }, 'x', /not a regular expression/],
    ['an allowed value', { allowedValues: ['yes', 'no'] }, 'no', 'no'],
    [
      'a value that is not allowed',
      { allowedValues: ['yes', 'no'] },
      'perhaps',
      /"perhaps" is not allowed; use one of yes, no/,
    ],
    ['a value out of those to select from', { selectOneFrom: ['a', 'b'] }, 'c', /use one of a, b/],
    ['several out of those to select from', { selectManyFrom: ['a', 'b', 'c'] }, 'a, c', 'a, c'],
    ['several with an odd one', { selectManyFrom: ['a', 'b'] }, 'a, d', /"d" is not allowed; use some of a, b/],
    ['none, of one that is not required', { regex: 'x' }, undefined, ''],
  ])('looks at inputs: %s', (_what, asked, value, expected) => {
    const decide = () =>
      hear(
        approval({ inputs: [input(asked)] }),
        say('ann', { inputs: value === undefined ? [] : [{ name: 'ticket', value }] }),
      );
    if (expected instanceof RegExp) expect(decide).toThrow(expected);
    else expect(decide()?.inputs[0]?.value ?? '').toBe(expected);
  });

  it('refuses inputs nobody asked for, and does not ask for any with a rejection', () => {
    expect(() =>
      hear(approval({ inputs: [input({})] }), say('ann', { inputs: [{ name: 'other', value: 'x' }] })),
    ).toThrow(/approverInputs\[0\]\.name: "other" is not asked for; use ticket/);
    expect(hear(approval({ inputs: [input({ required: true })] }), say('ann', { action: 'REJECT' }))).toMatchObject({
      status: 'REJECTED',
    });
  });
});

describe('who may approve', () => {
  const context = (
    id: string,
    grants: readonly RoleGrant[],
    type: 'user' | 'serviceAccount' = 'user',
  ): RequestContext => ({
    accountId: 'acc',
    principal: { type, id, name: id, email: `${id}@x.io` },
    grants,
    correlationId: 'c',
    traceparent: undefined,
    signal: AbortSignal.abort(),
  });
  const admin = context('root', [{ role: 'account_admin' }]);
  const user = context('ann', [{ role: 'pipeline_executor', orgId: 'org', projectId: 'proj' }]);
  const check = async (
    ctx: RequestContext,
    approvers: Partial<Approvers>,
    executor?: RequestContext,
  ): Promise<string> => {
    const asked = approval({ approvers: { ...ANYBODY, ...approvers } });
    try {
      requireApprover(ctx, asked, executor?.principal, await new BuiltInGroups().membershipsOf(ctx, asked));
      return 'yes';
    } catch (cause) {
      return (cause as Error).message;
    }
  };

  it.each([['_account_all_users'], ['account._account_all_users'], ['_project_all_users']])(
    '%s is everybody',
    async (group) => expect(await check(user, { userGroups: [group] })).toBe('yes'),
  );
  it('a group nobody knows yet has the administrators of the account, and nobody else', async () => {
    expect(await check(user, { userGroups: ['account.dba'] })).toMatch(/ann is in none of the groups account\.dba/);
    expect(await check(admin, { userGroups: ['account.dba'] })).toBe('yes');
    expect(
      await check(context('boss', [{ role: 'account_admin', orgId: 'org' }]), { userGroups: ['account.dba'] }),
    ).toMatch(/in none of the groups/);
    expect(await check(admin, { userGroups: [] })).toMatch(/\(none named\)/);
  });
  it('whoever started the pipeline may be kept out, administrators too', async () => {
    expect(await check(user, { disallowPipelineExecutor: true }, user)).toMatch(
      /whoever started it may not approve it/,
    );
    expect(await check(admin, { disallowPipelineExecutor: true }, admin)).toMatch(/whoever started it/);
    expect(await check(user, { disallowPipelineExecutor: true }, admin)).toBe('yes');
    expect(await check(user, { disallowPipelineExecutor: false }, user)).toBe('yes');
  });
  it('addresses can be excluded, in any spelling', async () =>
    expect(await check(user, { disallowedUserEmails: ['ANN@x.io'] })).toMatch(/is excluded/));
  it('service accounts only by name', async () => {
    const robot = context('robot', [{ role: 'account_admin' }], 'serviceAccount');
    expect(await check(robot, {})).toMatch(/is not among its approvers/);
    expect(await check(robot, { serviceAccounts: ['robot'] })).toBe('yes');
  });
});
