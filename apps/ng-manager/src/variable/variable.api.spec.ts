import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { testUser } from '@sluice/testing';
import { startNgManager, type NgManagerUnderTest } from '../testing/ng-manager-under-test.js';

const A1 = 'accountIdentifier=A1&routingId=A1';
const ORG = `${A1}&orgIdentifier=o`;
const PROJECT = `${ORG}&projectIdentifier=p`;
const ROOT = '/ng/api/variables';
const SCOPES = [
  ['account', A1, {}],
  ['org', ORG, { orgIdentifier: 'o' }],
  ['project', PROJECT, { orgIdentifier: 'o', projectIdentifier: 'p' }],
] as const;
const variable = (identifier: string, fixedValue = 'value', more: object = {}) => ({
  variable: {
    identifier,
    name: `Variable ${identifier}`,
    type: 'String',
    spec: { valueType: 'FIXED', fixedValue },
    ...more,
  },
});

describe('variables', () => {
  let ng: NgManagerUnderTest;
  let call: ReturnType<NgManagerUnderTest['as']>;
  beforeAll(async () => {
    ng = await startNgManager();
    call = ng.as('A1');
    await call('POST', `/ng/api/organizations?${A1}`, { organization: { identifier: 'o', name: 'O' } });
    for (const identifier of ['p', 'gone'])
      await call('POST', `/ng/api/projects?${ORG}`, { project: { identifier, name: identifier } });
  }, 300_000);
  afterAll(() => ng.stop());

  it.each(SCOPES)(
    'of the %s are created in the scope that the body names, and come back as they were sent',
    async (level, scope, place) => {
      const sent = variable(`own_${level}`, 'first', { ...place, description: 'why', tags: { a: 'b' } });
      const created = await call('POST', `${ROOT}?${A1}`, sent);
      expect(created).toMatchObject({
        status: 200,
        body: {
          status: 'SUCCESS',
          data: { ...sent, createdAt: expect.any(Number), lastModifiedAt: expect.any(Number) },
        },
      });
      expect((await call('GET', `${ROOT}/own_${level}?${scope}`)).body.data).toEqual(created.body.data);
      const changed = variable(`own_${level}`, 'second', place);
      expect((await call('PUT', `${ROOT}?${A1}`, changed)).body.data).toMatchObject(changed);
      expect((await call('GET', `${ROOT}?${scope}&searchTerm=own_${level}`)).body.data).toMatchObject({
        totalItems: 1,
        content: [{ identifier: `own_${level}`, type: 'String', variable: { spec: { fixedValue: 'second' } } }],
      });
      expect((await call('DELETE', `${ROOT}/own_${level}?${scope}`)).body.data).toBe(true);
      expect(await call('GET', `${ROOT}/own_${level}?${scope}`)).toMatchObject({
        status: 404,
        body: { code: 'RESOURCE_NOT_FOUND_EXCEPTION' },
      });
    },
  );

  it('have an identifier once in a scope, and again in another', async () => {
    const all = await Promise.all(
      SCOPES.map(([, , place]) => call('POST', `${ROOT}?${A1}`, variable('same', 'v', place))),
    );
    expect(all.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(await call('POST', `${ROOT}?${PROJECT}`, variable('same'))).toMatchObject({
      status: 409,
      body: { code: 'DUPLICATE_FIELD', errors: [{ fieldId: 'identifier' }] },
    });
    const named = async (query: string): Promise<number> =>
      (await call('GET', `${ROOT}?${query}&searchTerm=same`)).body.data.totalItems;
    expect([await named(PROJECT), await named(`${PROJECT}&includeVariablesFromEverySubScope=true`)]).toEqual([1, 3]);
  });

  it.each([
    ['another type', { type: 'Secret' }, /must be String/],
    ['a value that is not fixed', { spec: { valueType: 'REGEX', fixedValue: 'v' } }, /must be FIXED/],
    [
      'an expression',
      { spec: { valueType: 'FIXED', fixedValue: '<+secrets.getValue("account.root")>' } },
      /holds an expression/,
    ],
    ['allowed values', { spec: { valueType: 'FIXED', fixedValue: 'v', allowedValues: ['v'] } }, /one fixed value/],
    ['a long value', { spec: { valueType: 'FIXED', fixedValue: 'x'.repeat(4097) } }, /at most 4096/],
    ['an identifier that is none', { identifier: 'a.b' }, /must start with a letter/],
  ])('are refused with the field for %s', async (_what, more, message) => {
    const answer = await call('POST', `${ROOT}?${PROJECT}`, variable('bad', 'v', more));
    expect([answer.status, JSON.stringify(answer.body)]).toEqual([400, expect.stringMatching(message)]);
  });

  it('are changed by who administers their scope, and are read by its viewers', async () => {
    await call('POST', `${ROOT}?${PROJECT}`, variable('guarded'));
    await call('POST', `${ROOT}?${A1}`, variable('above'));
    const viewer = ng.as('A1', [{ role: 'viewer', orgId: 'o', projectId: 'p' }]);
    const admin = ng.as('A1', [{ role: 'project_admin', orgId: 'o', projectId: 'p' }]);
    expect((await viewer('GET', `${ROOT}/guarded?${PROJECT}`)).status).toBe(200);
    expect((await viewer('PUT', `${ROOT}?${PROJECT}`, variable('guarded'))).status).toBe(403);
    expect((await admin('PUT', `${ROOT}?${PROJECT}`, variable('guarded', 'theirs'))).status).toBe(200);
    expect((await admin('PUT', `${ROOT}?${A1}`, variable('above', 'theirs'))).status).toBe(403);
    expect((await admin('GET', `${ROOT}/above?${A1}`)).status).toBe(403);
    expect((await ng.as('B1')('GET', `${ROOT}/above?accountIdentifier=B1`)).status).toBe(404);
  });

  it('need a scope that exists, and go with their project, each with an audit event', async () => {
    expect((await call('POST', `${ROOT}?${ORG}&projectIdentifier=nowhere`, variable('lost'))).status).toBe(404);
    const gone = `${ORG}&projectIdentifier=gone`;
    await call('POST', `${ROOT}?${gone}`, variable('leaving'));
    expect((await call('DELETE', `/ng/api/projects/gone?${ORG}&forceDelete=true`)).status).toBe(200);
    expect(await ng.pg.query(ng.database, `SELECT 1 FROM variables WHERE project_id = 'gone'`)).toEqual([]);
    const events = await ng.pg.query<{ action: string }>(
      ng.database,
      `SELECT action FROM audit_events WHERE resource_type = 'variable' AND resource_identifier = 'leaving' ORDER BY seq`,
    );
    expect(events.map(({ action }) => action)).toEqual(['create', 'delete']);
  });

  it('answer a run what it names, from the very scope it names, and leave out what is not there', async () => {
    for (const [level, , place] of SCOPES)
      await call('POST', `${ROOT}?${A1}`, variable('shared', `of ${level}`, place));
    const headers = {
      ...(await ng.identities.headers(
        'ng-manager',
        testUser('A1', [{ role: 'pipeline_executor', orgId: 'o', projectId: 'p' }]),
        'pipeline',
      )),
      'content-type': 'application/json',
    };
    const answer = await fetch(`${ng.app.url}/ng-manager/internal/variables/values`, {
      method: 'POST',
      headers,
      body: JSON.stringify({
        orgId: 'o',
        projectId: 'p',
        account: ['shared', 'absent'],
        org: ['shared'],
        project: ['absent'],
      }),
    });
    expect(await answer.json()).toMatchObject({
      account: { shared: 'of account' },
      org: { shared: 'of org' },
      project: {},
    });
  });
});
