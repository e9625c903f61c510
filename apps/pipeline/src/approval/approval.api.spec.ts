import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { newId, projectScope, type RoleGrant } from '@sluice/kernel';
import type { ApprovalInstance, ApprovalRow } from '@sluice/pipeline-api';
import { testUser } from '@sluice/testing';
import type { DataSource } from 'typeorm';
import { createPipelineDataSource } from '../database/data-source.js';
import {
  World,
  pipelineYaml,
  simplePipeline,
  type Answer,
  type ProjectClient,
} from '../testing/pipeline-under-test.js';
import { ApprovalRepository, type NewApproval } from './approval.repository.js';

const EVERYBODY = {
  userGroups: ['account._account_all_users'],
  serviceAccounts: [],
  disallowedUserEmails: [],
  minimumCount: 1,
  disallowPipelineExecutor: false,
};

describe('approvals over HTTP', () => {
  let world: World;
  let db: DataSource;
  let approvals: ApprovalRepository;
  beforeAll(async () => {
    world = await World.create();
    await world.startInProcess();
    db = await createPipelineDataSource(
      readFileSync(world.env['PIPELINE_DATABASE_URL_FILE'] ?? '', 'utf8'),
      5,
    ).initialize();
    approvals = new ApprovalRepository(db);
  }, 300_000);
  afterAll(async () => {
    await db.destroy();
    await world.stop();
  });

  const execution = async (client: ProjectClient): Promise<string> => {
    await client.create(simplePipeline('deploy'));
    const id = await client.execute('deploy');
    await client.ended(id);
    return id;
  };
  const ask = async (
    client: ProjectClient,
    planExecutionId: string,
    over: Partial<NewApproval> = {},
  ): Promise<string> => {
    const id = newId();
    await approvals.insert(
      projectScope(client.accountId, client.org, client.project),
      {
        id,
        planExecutionId,
        nodeExecutionId: 'node',
        type: 'HarnessApproval',
        message: 'Please look',
        deadline: Date.now() + 3_600_000,
        showsHistory: true,
        approvers: EVERYBODY,
        inputs: [],
        ...over,
      },
      Date.now(),
    );
    return id;
  };
  const list = (client: ProjectClient, planExecutionId: string, query = ''): Promise<Answer<unknown>> =>
    client.send(
      'GET',
      `/pipeline/api/v1/orgs/${client.org}/projects/${client.project}/approvals/execution/${planExecutionId}${query}`,
    );
  const rows = async (client: ProjectClient, planExecutionId: string, query = ''): Promise<ApprovalRow[]> =>
    (await list(client, planExecutionId, query)).body as unknown as ApprovalRow[];
  const decide = (client: ProjectClient, id: string, body: object): Promise<Answer<ApprovalInstance>> =>
    client.send('POST', `/pipeline/api/approvals/${id}/harness/activity`, body);

  it('lists a bare array in both spellings, with filters', async () => {
    const client = world.project();
    const run = await execution(client);
    const first = await ask(client, run);
    const second = await ask(client, run, { type: 'JiraApproval', nodeExecutionId: 'other' });
    const [row] = await rows(client, run);
    expect(row).toMatchObject({
      id: first,
      type: 'HarnessApproval',
      status: 'WAITING',
      approval_message: 'Please look',
      approvalMessage: 'Please look',
      node_execution_id: 'node',
      execution_id: run,
      error_message: null,
    });
    expect([row?.created_at, row?.updated_at]).toEqual([row?.createdAt, row?.lastModifiedAt]);
    const ids = async (query: string): Promise<string[]> => (await rows(client, run, query)).map(({ id }) => id);
    expect(await ids('')).toEqual([first, second]);
    expect(await ids('?approval_type=JiraApproval')).toEqual([second]);
    expect(await ids('?node_execution_id=node')).toEqual([first]);
    expect(await ids('?approval_status=WAITING&approval_type=HarnessApproval')).toEqual([first]);
    expect(await ids('?approval_status=APPROVED')).toEqual([]);
  });

  it('refuses filters it does not know, naming what there is', async () => {
    const client = world.project();
    const run = await execution(client);
    expect(await list(client, run, '?approval_status=MAYBE')).toMatchObject({
      status: 400,
      body: { code: 'INVALID_REQUEST', message: expect.stringMatching(/approval_status.*WAITING/) },
    });
    expect(await list(client, run, '?approval_type=Telepathy')).toMatchObject({
      status: 400,
      body: { message: expect.stringMatching(/approval_type.*ServiceNowApproval/) },
    });
  });

  it('records an approval with comments and inputs, and shows it by id', async () => {
    const client = world.project();
    const id = await ask(client, await execution(client), {
      inputs: [
        {
          name: 'ticket',
          value: null,
          defaultValue: null,
          required: true,
          description: null,
          regex: 'T-\\d+',
          allowedValues: [],
          selectOneFrom: [],
          selectManyFrom: [],
        },
      ],
    });
    expect(await decide(client, id, { action: 'APPROVE', comments: '' })).toMatchObject({
      status: 400,
      body: { code: 'INVALID_REQUEST', errors: [{ fieldId: 'approverInputs.ticket' }] },
    });
    const approved = await decide(client, id, {
      action: 'APPROVE',
      comments: 'fine',
      approverInputs: [{ name: 'ticket', value: 'T-7' }],
      orgIdentifier: client.org,
      projectIdentifier: client.project,
    });
    expect(approved.body.data).toMatchObject({
      id,
      status: 'APPROVED',
      version: 2,
      details: {
        approvalMessage: 'Please look',
        includePipelineExecutionHistory: true,
        approverInputs: [{ name: 'ticket', value: 'T-7' }],
        approvalActivities: [{ action: 'APPROVE', comments: 'fine', user: { email: expect.any(String) } }],
      },
    });
    expect((await client.send('GET', `/pipeline/api/approvals/${id}`)).body.data).toEqual(approved.body.data);
    expect((await decide(client, id, { action: 'APPROVE' })).body.data.version).toBe(2);
    expect(await decide(client, id, { action: 'REJECT' })).toMatchObject({
      status: 400,
      body: { code: 'INVALID_REQUEST', message: expect.stringMatching(/has ended already/) },
    });
  });

  it('counts many users at once, each once, and ends exactly when there are enough', async () => {
    const client = world.project();
    const id = await ask(client, await execution(client), { approvers: { ...EVERYBODY, minimumCount: 4 } });
    const url = `${world.url}/pipeline/api/approvals/${id}/harness/activity?accountIdentifier=acc`;
    const post = async (user: string): Promise<number> => {
      const caller = testUser('acc');
      const own = await world.identities.headers('pipeline', {
        ...caller,
        principal: { type: 'user', id: user, name: user, email: `${user}@x.io` },
      });
      return (
        await fetch(url, {
          method: 'POST',
          headers: { ...own, 'content-type': 'application/json' },
          body: '{"action":"APPROVE"}',
        })
      ).status;
    };
    expect(await Promise.all(['a', 'b', 'a', 'c', 'a', 'b'].map(post))).toEqual([200, 200, 200, 200, 200, 200]);
    expect((await client.send<ApprovalInstance>('GET', `/pipeline/api/approvals/${id}`)).body.data).toMatchObject({
      status: 'WAITING',
      version: 4,
    });
    expect((await Promise.all(['d', 'e', 'f'].map(post))).filter((status) => status === 200)).toHaveLength(1);
    const ended = (await client.send<ApprovalInstance>('GET', `/pipeline/api/approvals/${id}`)).body.data;
    expect([ended.status, ended.details.approvalActivities.length]).toEqual(['APPROVED', 4]);
  });

  it('asks again without losing what was said', async () => {
    const client = world.project();
    const run = await execution(client);
    const id = await ask(client, run);
    await decide(client, id, { action: 'REJECT', comments: 'no' });
    await ask(client, run, { id });
    expect((await rows(client, run)).map(({ status }) => status)).toEqual(['REJECTED']);
  });

  it('belongs to its project: elsewhere there is none, viewers cannot decide, executors need not name the project', async () => {
    const client = world.project();
    const run = await execution(client);
    const id = await ask(client, run);
    const executor: RoleGrant = { role: 'pipeline_executor', orgId: client.org, projectId: client.project };
    const elsewhere = world.project();
    expect((await list(elsewhere, run)).status).toBe(404);
    expect((await list(client.as('other'), run)).status).toBe(404);
    expect(await decide(elsewhere, id, { action: 'APPROVE' })).toMatchObject({
      status: 404,
      body: { code: 'ENTITY_NOT_FOUND' },
    });
    expect((await decide(client.as('other'), id, { action: 'APPROVE' })).status).toBe(404);
    expect((await decide(client.as('acc', [{ role: 'viewer' }]), id, { action: 'APPROVE' })).status).toBe(403);
    const own = await world.identities.headers('pipeline', testUser('acc', [executor]));
    const bare = (grantsOf: Record<string, string>): Promise<Response> =>
      fetch(`${world.url}/pipeline/api/approvals/${id}?accountIdentifier=acc`, { headers: grantsOf });
    expect((await bare(own)).status).toBe(200);
    expect(
      (
        await bare(
          await world.identities.headers('pipeline', testUser('acc', [{ ...executor, projectId: 'elsewhere' }])),
        )
      ).status,
    ).toBe(404);
    expect((await decide(client.as('acc', [executor]), id, { action: 'APPROVE' })).body.data.status).toBe('APPROVED');
  });

  it('keeps out whoever is no approver, and whoever started the pipeline', async () => {
    const client = world.project();
    const run = await execution(client);
    const executor = client.as('acc', [{ role: 'pipeline_executor' }]);
    const group = await ask(client, run, { approvers: { ...EVERYBODY, userGroups: ['account.dba'] } });
    expect(await decide(executor, group, { action: 'APPROVE' })).toMatchObject({
      status: 403,
      body: { code: 'ACCESS_DENIED', message: expect.stringMatching(/none of the groups account\.dba/) },
    });
    const others = await ask(client, run, { approvers: { ...EVERYBODY, disallowPipelineExecutor: true } });
    expect(await decide(client, others, { action: 'APPROVE' })).toMatchObject({
      status: 403,
      body: { message: expect.stringMatching(/whoever started it/) },
    });
    expect((await rows(client, run)).map(({ status }) => status)).toEqual(['WAITING', 'WAITING']);
  });

  it.each([
    ['no action', {}],
    ['another action', { action: 'SHRUG' }],
    ['inputs that are none', { action: 'APPROVE', approverInputs: 'x' }],
    ['no object', []],
  ])('refuses a body with %s', async (_what, body) => {
    const client = world.project();
    const id = await ask(client, await execution(client));
    expect(await decide(client, id, body)).toMatchObject({ status: 400, body: { code: 'INVALID_REQUEST' } });
    expect((await decide(client, 'none', { action: 'APPROVE' })).status).toBe(404);
  });

  it('still refuses a pipeline that would ask for one: the step is not there yet', async () => {
    const stage = `    - stage:\n        identifier: ok\n        name: ok\n        type: Approval\n        spec: { execution: { steps: [{ step: { identifier: a, name: a, type: HarnessApproval, timeout: 1d, spec: { approvalMessage: x, includePipelineExecutionHistory: true, approvers: { minimumCount: 1, disallowPipelineExecutor: false, userGroups: [account.x] } } } }] } }\n`;
    expect(await world.project().send('POST', '/pipeline/api/pipelines/v2', pipelineYaml('a', stage))).toMatchObject({
      status: 400,
      body: {
        code: 'SCHEMA_VALIDATION_FAILED',
        message: expect.stringMatching(/step type "HarnessApproval" is not known/),
      },
    });
  });

  it('hostile patterns of its inputs hold up no other request, and the value is refused', async () => {
    const client = world.project();
    const run = await execution(client);
    const none = {
      value: null,
      defaultValue: null,
      required: true,
      description: null,
      allowedValues: [],
      selectOneFrom: [],
      selectManyFrom: [],
    };
    const names = Array.from({ length: 60 }, (_, index) => `v${index}`);
    const id = await ask(client, run, { inputs: names.map((name) => ({ ...none, name, regex: '(a+)+' })) });
    let isOver = false;
    const answer = decide(client, id, {
      action: 'APPROVE',
      approverInputs: names.map((name) => ({ name, value: `${'a'.repeat(40)}!` })),
    }).finally(() => {
      isOver = true;
    });
    let answeredMeanwhile = 0;
    while (!isOver) {
      expect((await fetch(`${world.url}/health/live`)).status).toBe(200);
      if (!isOver) answeredMeanwhile += 1;
    }
    expect(await answer).toMatchObject({
      status: 400,
      body: { code: 'INVALID_REQUEST', message: expect.stringMatching(/takes too long|could not be read within/) },
    });
    expect(answeredMeanwhile).toBeGreaterThan(10);
    expect((await decide(client, id, { action: 'REJECT' })).body.data.status).toBe('REJECTED');
  }, 300_000);
});
