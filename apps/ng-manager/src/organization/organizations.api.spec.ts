import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startNgManager, type NgManagerUnderTest } from '../testing/ng-manager-under-test.js';

const A1 = 'accountIdentifier=A1&routingId=A1';

describe('organizations and projects', () => {
  let ng: NgManagerUnderTest;
  let call: ReturnType<NgManagerUnderTest['as']>;
  beforeAll(async () => {
    ng = await startNgManager();
    call = ng.as('A1');
    for (const [identifier, name] of [
      ['one', 'First'],
      ['two', 'Second'],
      ['three', 'Third'],
    ])
      await call('POST', `/ng/api/organizations?${A1}`, { organization: { identifier, name } });
    for (const identifier of ['p1', 'p2'])
      await call('POST', `/ng/api/projects?${A1}&orgIdentifier=one`, {
        project: { identifier, name: `Name of ${identifier}`, modules: identifier === 'p1' ? ['DBOPS'] : [] },
      });
    await call('POST', `/ng/api/projects?${A1}&orgIdentifier=two`, {
      project: { identifier: 'p1', name: 'Elsewhere' },
    });
  }, 300_000);
  afterAll(() => ng.stop());

  describe.each([
    [
      'an organization',
      'PUT',
      `/ng/api/organizations/two?${A1}`,
      { organization: { identifier: 'two', name: 'Renamed' } },
    ],
    [
      'a project',
      'PUT',
      `/ng/api/projects/p2?${A1}&orgIdentifier=one`,
      { project: { identifier: 'p2', name: 'Renamed' } },
    ],
    ['an organization by /v1', 'PUT', '/v1/orgs/three', { org: { slug: 'three', name: 'Renamed' } }],
    ['a project by /v1', 'PUT', '/v1/orgs/two/projects/p1', { project: { identifier: 'p1', name: 'Renamed' } }],
  ])('%s', (_, method, path, body) => {
    it('is changed and deleted only at the version If-Match names', async () => {
      const read = await call('GET', path);
      expect(read.headers.get('etag')).toBe('"1"');
      const changed = await call(method, path, body, { 'if-match': '"1"' });
      expect([changed.status, changed.headers.get('etag')]).toEqual([200, '"2"']);
      for (const refused of [
        await call(method, path, body, { 'if-match': '"1"' }),
        await call('DELETE', path, undefined, { 'if-match': '1' }),
      ]) {
        expect([refused.status, refused.body.code]).toEqual([412, 'OPTIMISTIC_LOCK']);
      }
      expect((await call(method, path, body, { 'if-match': 'tomorrow' })).body).toMatchObject({
        code: 'INVALID_REQUEST',
        errors: [{ fieldId: 'If-Match' }],
      });
      expect((await call(method, path, body, { 'if-match': '*' })).headers.get('etag')).toBe('"3"');
    });
  });

  const rows = (answer: {
    body: {
      data: {
        content: { organization?: { identifier: string }; project?: { orgIdentifier: string; identifier: string } }[];
      };
    };
  }): string[] =>
    answer.body.data.content.map(
      ({ organization, project }) => organization?.identifier ?? `${project?.orgIdentifier}/${project?.identifier}`,
    );

  it('lists take every key of the contract and ignore those they do not know', async () => {
    expect(
      rows(
        await call(
          'GET',
          `/ng/api/organizations?${A1}&identifiers=one&identifiers=three&sortOrders=name,DESC&pageToken=x&onlyFavorites=false`,
        ),
      ),
    ).toEqual(['three', 'one']);
    expect(rows(await call('GET', `/ng/api/organizations?${A1}&searchTerm=FIRST`))).toEqual(['one']);
    expect(
      rows(await call('GET', `/ng/api/projects?${A1}&identifiers=p1&sortOrders=createdAt,ASC&searchTerm=p1`)),
    ).toEqual(['one/p1', 'two/p1']);
    expect(rows(await call('GET', `/ng/api/organizations?${A1}&identifiers=one,three&sortOrders=name,DESC`))).toEqual([
      'three',
      'one',
    ]);
    expect(rows(await call('GET', `/ng/api/projects?${A1}&identifiers=p1,nowhere&sortOrders=createdAt,ASC`))).toEqual([
      'one/p1',
      'two/p1',
    ]);
    expect(rows(await call('GET', `/ng/api/projects?${A1}&orgIdentifier=one&hasModule=true&moduleType=DBOPS`))).toEqual(
      ['one/p1'],
    );
    expect(
      rows(await call('GET', `/ng/api/projects?${A1}&orgIdentifier=one&hasModule=false&moduleType=DBOPS`)),
    ).toEqual(['one/p2']);
    expect(rows(await call('GET', `/ng/api/projects/list?${A1}&sortOrders=identifier,ASC`))).toHaveLength(3);
    expect(
      rows(
        await call(
          'GET',
          `/ng/api/organizations?${A1}&sortOrders=${encodeURIComponent('fieldName=identifier&orderType=DESC')}`,
        ),
      ),
    ).toEqual(['two', 'three', 'one']);
    expect(
      rows(await call('GET', `/ng/api/organizations?${A1}&identifiers=&searchTerm=&sortOrders=name,ASC`)),
    ).toHaveLength(3);
    const page = await call('GET', `/ng/api/projects?${A1}&pageIndex=1&pageSize=2`);
    expect(page.body.data).toMatchObject({
      totalItems: 3,
      totalPages: 2,
      pageIndex: 1,
      pageSize: 2,
      pageItemCount: 1,
      empty: false,
    });
  });

  it('pages hold every row once, also rows that are equal in what they are ordered by', async () => {
    const orgs = ['e1', 'e2', 'e3', 'e4', 'e5', 'e6', 'e7', 'e8', 'e9'];
    for (const identifier of orgs) {
      await call('POST', `/ng/api/organizations?${A1}`, { organization: { identifier, name: identifier } });
      await call('POST', `/ng/api/projects?${A1}&orgIdentifier=${identifier}`, {
        project: { identifier: 'equal', name: 'Equal' },
      });
    }
    const seen: string[] = [];
    for (let page = 0; page < orgs.length; page += 1)
      seen.push(
        ...rows(
          await call(
            'GET',
            `/ng/api/projects?${A1}&identifiers=equal&sortOrders=identifier,ASC&pageSize=1&pageIndex=${page}`,
          ),
        ),
      );
    expect(seen.sort()).toEqual(orgs.map((org) => `${org}/equal`));
    for (const org of orgs) await call('DELETE', `/ng/api/organizations/${org}?${A1}&forceDelete=true`);
  });

  it('lists of /v1 are narrowed as those of the other generation are', async () => {
    const named = async (path: string): Promise<string[]> =>
      (await call('GET', path)).body.map(
        (row: { org?: { slug: string }; project?: { slug: string } }) => row.org?.slug ?? row.project?.slug,
      );
    expect(await named('/v1/orgs?org=one&org=three&sort=identifier&order=ASC')).toEqual(['one', 'three']);
    expect(await named('/v1/orgs?sort=identifier&order=DESC')).toEqual(['two', 'three', 'one']);
    expect(await named('/v1/orgs/one/projects?project=p2')).toEqual(['p2']);
    expect(await named('/v1/orgs/one/projects?module_type=DBOPS')).toEqual(['p1']);
    expect(await named('/v1/orgs/one/projects?module_type=DBOPS&has_module=false&project=p1,p2')).toEqual(['p2']);
    expect((await call('GET', '/v1/orgs/one/projects?has_module=perhaps')).body.errors[0].fieldId).toBe('has_module');
  });

  it('are echoed field by field, and missing ones are told apart by name', async () => {
    const project = {
      orgIdentifier: 'one',
      identifier: 'full',
      name: 'Full',
      color: '#0063f7',
      modules: ['CD', 'DBOPS'],
      description: 'all of it',
      tags: { a: 'b' },
    };
    expect((await call('POST', `/ng/api/projects?${A1}&orgIdentifier=one`, { project })).body.data.project).toEqual(
      project,
    );
    expect((await call('POST', `/ng/api/projects?${A1}&orgIdentifier=one`, { project })).body).toMatchObject({
      status: 'FAILURE',
      code: 'DUPLICATE_FIELD',
    });
    expect((await call('GET', `/ng/api/projects/none?${A1}&orgIdentifier=one`)).status).toBe(404);
    expect((await call('GET', `/ng/api/projects/full?${A1}`)).body).toMatchObject({
      code: 'INVALID_REQUEST',
      errors: [{ fieldId: 'orgIdentifier' }],
    });
    expect(
      (await call('POST', `/ng/api/projects?${A1}`, { project: { identifier: 'x', name: 'X' } })).body,
    ).toMatchObject({ code: 'INVALID_REQUEST', errors: [{ fieldId: 'orgIdentifier' }] });
    expect((await call('GET', `/v1/orgs/one/projects/full`)).body.project).toMatchObject({
      identifier: 'full',
      slug: 'full',
      org: 'one',
      color: '#0063f7',
      modules: ['CD', 'DBOPS'],
    });
  });

  it('another account sees and changes nothing of it, under the same identifiers', async () => {
    const other = ng.as('B1');
    expect((await other('GET', '/ng/api/organizations/one?accountIdentifier=B1')).status).toBe(404);
    expect((await other('PUT', '/v1/orgs/one', { org: { identifier: 'one', name: 'taken' } })).status).toBe(404);
    expect((await other('DELETE', '/ng/api/projects/p1?accountIdentifier=B1&orgIdentifier=one')).status).toBe(404);
    expect((await other('GET', '/v1/orgs')).body).toEqual([]);
  });
});
