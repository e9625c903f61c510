import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RouteClient, type CallContext, type RunningApp } from '@sluice/http';
import { newId, waitFor } from '@sluice/kernel';
import {
  confirmRemovedProject,
  listRemovedProjects,
  projectExistence,
  type AuditEvent,
  type RemovedProject,
} from '@sluice/ng-manager-api';
import { testUser } from '@sluice/testing';
import { bootstrap } from '../bootstrap.js';
import { startNgManager, type HttpAnswer, type NgManagerUnderTest } from '../testing/ng-manager-under-test.js';

const A1 = 'accountIdentifier=A1';
const TOKENS = '/ng/api/delegate-token-ng';
type Caller = ReturnType<NgManagerUnderTest['as']>;

const made = async (answer: Promise<HttpAnswer>): Promise<HttpAnswer['body']> => {
  const { status, body } = await answer;
  expect([status, body]).toEqual([200, expect.anything()]);
  return body;
};

describe('removing projects and organizations', () => {
  let ng: NgManagerUnderTest;
  let call: Caller;
  let pipeline: RouteClient;
  const own: CallContext = {
    accountId: '',
    principal: { type: 'service', id: 'pipeline', name: 'pipeline' },
    grants: [],
    correlationId: 'c',
    traceparent: undefined,
  };

  beforeAll(async () => {
    ng = await startNgManager();
    call = ng.as('A1');
    pipeline = new RouteClient({
      target: 'ng-manager',
      baseUrl: ng.app.url,
      identity: await ng.identities.of('pipeline'),
    });
  }, 300_000);
  afterAll(async () => {
    await pipeline.close();
    await ng.stop();
  });

  const makeOrg = (identifier: string, as = call, account = 'A1') =>
    made(
      as('POST', `/ng/api/organizations?accountIdentifier=${account}`, {
        organization: { identifier, name: identifier },
      }),
    );
  const makeProject = (orgId: string, identifier: string, as = call, account = 'A1') =>
    as('POST', `/ng/api/projects?accountIdentifier=${account}&orgIdentifier=${orgId}`, {
      project: { identifier, name: identifier },
    });
  const removeProject = (orgId: string, identifier: string, as = call) =>
    as('DELETE', `/ng/api/projects/${identifier}?${A1}&orgIdentifier=${orgId}`);
  /** An org of its own with projects. */
  const orgWith = async (...projects: readonly string[]): Promise<string> => {
    const orgId = `o_${newId()}`;
    await makeOrg(orgId);
    for (const project of projects) await made(makeProject(orgId, project));
    return orgId;
  };
  const removedIn = async (orgId: string): Promise<RemovedProject[]> =>
    (await pipeline.call(own, listRemovedProjects, { query: {} })).projects.filter((one) => one.orgId === orgId);
  const confirm = ({ position }: RemovedProject) => pipeline.call(own, confirmRemovedProject, { body: { position } });
  const uniqueIdOf = async (orgId: string, projectId: string): Promise<string | null> =>
    (
      await pipeline.call({ ...testUser('A1'), correlationId: 'c', traceparent: undefined }, projectExistence, {
        query: { orgId, projectId },
      })
    ).uniqueId;
  const scopeQuery = (orgId: string, projectId?: string): string =>
    `${A1}&orgIdentifier=${orgId}${projectId ? `&projectIdentifier=${projectId}` : ''}`;
  const makeToken = async (query: string, name: string): Promise<string> =>
    (await made(call('POST', `${TOKENS}?${query}&tokenName=${name}`))).resource.uuid;
  /** Ids of tokens there still are: in the delegate service, and those whose value is kept. */
  const tokensLeft = async (ids: readonly string[]): Promise<readonly [string[], string[]]> => {
    const kept = await ng.pg.query<{ token_id: string }>(
      ng.database,
      'SELECT token_id FROM delegate_token_values WHERE token_id = ANY($1)',
      [ids],
    );
    return [
      ng.delegateService.tokens
        .map(({ id }) => id)
        .filter((id) => ids.includes(id))
        .sort(),
      kept.map(({ token_id }) => token_id).sort(),
    ];
  };

  it('pipeline is told of a removed project until it confirms that nothing is left of it', async () => {
    const orgId = await orgWith('shop', 'stays');
    const uniqueId = await uniqueIdOf(orgId, 'shop');
    await made(removeProject(orgId, 'shop'));
    const [removed] = await removedIn(orgId);
    expect(removed).toEqual({
      position: expect.any(Number),
      accountId: 'A1',
      orgId,
      projectId: 'shop',
      uniqueId,
      removedBy: {
        type: 'user',
        id: expect.any(String),
        name: expect.any(String),
        email: expect.stringContaining('@'),
      },
      correlationId: expect.any(String),
    });
    if (!removed) return;
    expect(
      (await pipeline.call(own, listRemovedProjects, { query: { after: removed.position } })).projects.filter(
        (one) => one.orgId === orgId,
      ),
    ).toEqual([]);
    await confirm(removed);
    await confirm(removed);
    expect(await removedIn(orgId)).toEqual([]);
  });

  it('the name is held that long: who makes the project again waits, and another account does not', async () => {
    const orgId = await orgWith('shop');
    const before = await uniqueIdOf(orgId, 'shop');
    await made(removeProject(orgId, 'shop'));
    let isAnswered = false;
    const again = makeProject(orgId, 'shop').finally(() => (isAnswered = true));
    const theirs = ng.as('B1');
    await makeOrg(orgId, theirs, 'B1');
    await made(makeProject(orgId, 'shop', theirs, 'B1'));
    await made(makeProject(orgId, 'other'));
    expect([isAnswered, await uniqueIdOf(orgId, 'shop')]).toEqual([false, null]);
    for (const removed of await removedIn(orgId)) await confirm(removed);
    await made(again);
    expect(await uniqueIdOf(orgId, 'shop')).not.toBe(before);
  });

  it('with pipeline away the name stays held, and the refusal says so', async () => {
    const orgId = await orgWith('shop');
    await made(removeProject(orgId, 'shop'));
    expect(await makeProject(orgId, 'shop')).toMatchObject({
      status: 409,
      body: {
        status: 'FAILURE',
        code: 'CONFLICT',
        message: expect.stringContaining('are still being removed; try again in a moment'),
      },
    });
    expect(await uniqueIdOf(orgId, 'shop')).toBeNull();
  });

  it('a project made while it is being removed is the old one or comes after everything of it is gone', async () => {
    for (let round = 0; round < 5; round += 1) {
      const orgId = await orgWith('shop');
      const making = makeProject(orgId, 'shop');
      await made(removeProject(orgId, 'shop'));
      expect(await uniqueIdOf(orgId, 'shop')).toBeNull();
      for (const removed of await removedIn(orgId)) await confirm(removed);
      expect([200, 409]).toContain((await making).status);
    }
  }, 300_000);

  it('an organization that goes by force hands over each of its projects, and may be made again at once', async () => {
    const orgId = await orgWith('one', 'two');
    expect((await call('DELETE', `/ng/api/organizations/${orgId}?${A1}`)).status).toBe(400);
    expect(await removedIn(orgId)).toEqual([]);
    await made(call('DELETE', `/ng/api/organizations/${orgId}?${A1}&forceDelete=true`));
    const removed = await removedIn(orgId);
    expect(removed.map(({ projectId }) => projectId)).toEqual(['one', 'two']);
    await makeOrg(orgId);
    await made(makeProject(orgId, 'three'));
    let isAnswered = false;
    const again = makeProject(orgId, 'two').finally(() => (isAnswered = true));
    for (const one of removed.filter(({ projectId }) => projectId === 'one')) await confirm(one);
    await made(makeProject(orgId, 'one'));
    expect(isAnswered).toBe(false);
    for (const one of await removedIn(orgId)) await confirm(one);
    await made(again);
  });

  it('a removal that is refused leaves nothing behind', async () => {
    const orgId = await orgWith('shop');
    const token = await makeToken(scopeQuery(orgId, 'shop'), 'kept');
    const orgToken = await makeToken(scopeQuery(orgId), 'kept');
    expect(
      (await call('DELETE', `/ng/api/projects/shop?${scopeQuery(orgId)}`, undefined, { 'if-match': '"9"' })).status,
    ).toBe(412);
    expect((await call('DELETE', `/ng/api/organizations/${orgId}?${A1}`)).status).toBe(400);
    expect((await call('DELETE', `/ng/api/projects/none?${scopeQuery(orgId)}`)).status).toBe(404);
    expect(await removedIn(orgId)).toEqual([]);
    expect(await tokensLeft([token, orgToken])).toEqual([[token, orgToken].sort(), [token, orgToken].sort()]);
  });

  it('delegate tokens of a project go with it, with their values; those above and beside it stay', async () => {
    const orgId = await orgWith('shop', 'beside');
    const gone = [await makeToken(scopeQuery(orgId, 'shop'), 'one'), await makeToken(scopeQuery(orgId, 'shop'), 'two')];
    const kept = [
      await makeToken(scopeQuery(orgId, 'beside'), 'one'),
      await makeToken(scopeQuery(orgId), 'one'),
      await makeToken(A1, `one_${newId()}`),
    ].sort();
    await made(removeProject(orgId, 'shop'));
    expect(await tokensLeft([...gone, ...kept])).toEqual([kept, kept]);
    const query = {
      filterType: 'Audit',
      actions: ['DELETE'],
      resources: [{ type: 'DELEGATE_TOKEN' }],
      scopes: [{ accountIdentifier: 'A1', orgIdentifier: orgId, projectIdentifier: 'shop' }],
    };
    const events: AuditEvent[] = (await made(call('POST', `/ng/api/audits/list?${A1}`, query))).data.content;
    expect(events.map(({ resource, details }) => [resource.identifier, details])).toEqual([
      ['two', { isRemovedWith: 'project shop' }],
      ['one', { isRemovedWith: 'project shop' }],
    ]);
  });

  it('delegate tokens of an organization and of its projects go with it', async () => {
    const orgId = await orgWith('shop');
    const gone = [await makeToken(scopeQuery(orgId, 'shop'), 'one'), await makeToken(scopeQuery(orgId), 'one')];
    await made(call('DELETE', `/ng/api/organizations/${orgId}?${A1}&forceDelete=true`));
    expect(await tokensLeft(gone)).toEqual([[], []]);
    const empty = await orgWith();
    const alone = await makeToken(scopeQuery(empty), 'one');
    await made(call('DELETE', `/ng/api/organizations/${empty}?${A1}`));
    expect(await tokensLeft([alone])).toEqual([[], []]);
  });

  it('a delegate token is not made where there is no project or organization', async () => {
    const orgId = await orgWith();
    expect(await call('POST', `${TOKENS}?${scopeQuery(orgId, 'none')}&tokenName=t`)).toMatchObject({
      status: 404,
      body: { code: 'RESOURCE_NOT_FOUND_EXCEPTION' },
    });
    expect(await call('POST', `${TOKENS}?${scopeQuery('none')}&tokenName=t`)).toMatchObject({
      status: 404,
      body: { code: 'RESOURCE_NOT_FOUND_EXCEPTION' },
    });
  });

  describe('while the delegate service is away', () => {
    let cutOff: RunningApp;
    beforeAll(async () => {
      cutOff = await bootstrap({ ...ng.environment, NG_MANAGER_DELEGATE_SERVICE_ADDRESS: '127.0.0.1:1' });
    }, 300_000);
    afterAll(() => cutOff.close());

    it.each<[string, (orgId: string) => string]>([
      ['a project', (orgId) => `/ng/api/projects/shop?${scopeQuery(orgId)}`],
      ['an organization', (orgId) => `/ng/api/organizations/${orgId}?${A1}&forceDelete=true`],
    ])('%s is not removed, and the same request does it later', async (_, path) => {
      const orgId = await orgWith('shop');
      const token = await makeToken(scopeQuery(orgId, 'shop'), 'one');
      const refused = await fetch(`${cutOff.url}${path(orgId)}`, {
        method: 'DELETE',
        headers: await ng.identities.headers('ng-manager', testUser('A1')),
      });
      expect([refused.status, await refused.json()]).toEqual([
        503,
        expect.objectContaining({
          code: 'UPSTREAM_UNAVAILABLE',
          message: expect.stringMatching(
            /^the delegate tokens of .* could not be deleted, so .* was not deleted either: .*; try again in a moment$/,
          ),
        }),
      ]);
      expect([await uniqueIdOf(orgId, 'shop'), await removedIn(orgId)]).toEqual([expect.any(String), []]);
      await made(call('DELETE', path(orgId)));
      expect(await tokensLeft([token])).toEqual([[], []]);
    });
  });

  it('only pipeline hears of removed projects', async () => {
    const gateway = new RouteClient({
      target: 'ng-manager',
      baseUrl: ng.app.url,
      identity: await ng.identities.of('gateway'),
    });
    await expect(gateway.call(own, listRemovedProjects, { query: {} })).rejects.toMatchObject({
      code: 'ACCESS_DENIED',
    });
    await expect(gateway.call(own, confirmRemovedProject, { body: { position: 1 } })).rejects.toMatchObject({
      code: 'ACCESS_DENIED',
    });
    await gateway.close();
  });

  it('two removals at once, of a project and of its organization, both end', async () => {
    for (let round = 0; round < 5; round += 1) {
      const orgId = await orgWith('a', 'b', 'c');
      const [one, all] = await Promise.all([
        removeProject(orgId, 'b'),
        call('DELETE', `/ng/api/organizations/${orgId}?${A1}&forceDelete=true`),
      ]);
      expect([[200, 404].includes(one.status), all.status]).toEqual([true, 200]);
      const removed = await waitFor(
        async () => {
          const projects = await removedIn(orgId);
          return projects.length === 3 && projects;
        },
        { timeoutMs: 120_000, what: 'three removed projects' },
      );
      expect(removed.map(({ projectId }) => projectId).sort()).toEqual(['a', 'b', 'c']);
      for (const project of removed) await confirm(project);
    }
  }, 300_000);
});
