import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RoleGrant } from '@sluice/kernel';
import type { SignedIn } from '@sluice/ng-manager-api';
import { startNgManager, type HttpAnswer, type NgManagerUnderTest } from '../testing/ng-manager-under-test.js';

const A1 = 'accountIdentifier=A1';
const SHOP = `${A1}&orgIdentifier=o&projectIdentifier=shop`;
const inShop = { orgId: 'o', projectId: 'shop' };

describe('people, service accounts, groups and their roles', () => {
  let ng: NgManagerUnderTest;
  let admin: ReturnType<NgManagerUnderTest['as']>;
  let adminId: string;
  const signIn = async (apiKey: string): Promise<{ status: number; body: SignedIn & { code: string } }> => {
    const headers = {
      ...(await ng.identities.headers('ng-manager', {
        accountId: '',
        principal: { type: 'service', id: 'gateway', name: 'gateway' },
        grants: [],
      })),
      'content-type': 'application/json',
    };
    const answer = await fetch(`${ng.app.url}/ng/api/internal/authenticate`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ apiKey, clientAddress: '10.0.0.1' }),
    });
    return { status: answer.status, body: (await answer.json()) as SignedIn & { code: string } };
  };
  const data = async (answer: Promise<HttpAnswer>) => {
    const { status, body } = await answer;
    expect([status, body.message]).toEqual([200, undefined]);
    return body.data;
  };
  const userNamed = async (name: string): Promise<string> =>
    (await data(admin('POST', `/ng/api/user?${A1}`, { email: `${name}@a1.example`, name }))).uuid;
  const keyOf = async (userId: string): Promise<string> => {
    const owner = { apiKeyType: 'USER', parentIdentifier: userId, accountIdentifier: 'A1' };
    await data(admin('POST', `/ng/api/apikey?${A1}`, { identifier: 'k', name: 'K', ...owner }));
    return data(admin('POST', `/ng/api/token?${A1}`, { identifier: 't', name: 'T', apiKeyIdentifier: 'k', ...owner }));
  };
  const bind = (as: typeof admin, scope: string, roleIdentifier: string, principal: object) =>
    as('POST', `/ng/api/role-assignments?${scope}`, { roleIdentifier, principal });

  beforeAll(async () => {
    ng = await startNgManager();
    admin = ng.as('A1');
    await data(admin('POST', `/ng/api/organizations?${A1}`, { organization: { identifier: 'o', name: 'O' } }));
    for (const identifier of ['shop', 'other'])
      await data(
        admin('POST', `/ng/api/projects?${A1}&orgIdentifier=o`, { project: { identifier, name: identifier } }),
      );
    adminId = (await data(admin('POST', `/ng/api/user/aggregate?${A1}`, {}))).content[0].user.uuid;
  }, 300_000);
  afterAll(() => ng.stop());

  it('a user has the roles bound to them and to their groups, told at sign-in as few as possible', async () => {
    const ann = await userNamed('ann');
    const key = await keyOf(ann);
    expect((await signIn(key)).body).toMatchObject({
      principal: { type: 'user', id: ann, email: 'ann@a1.example' },
      grants: [],
    });

    const made = await data(bind(admin, SHOP, '_viewer', { identifier: ann, type: 'USER' }));
    expect(made).toMatchObject({
      roleAssignment: { roleIdentifier: '_viewer', principal: { identifier: ann, type: 'USER' } },
      scope: { orgIdentifier: 'o', projectIdentifier: 'shop' },
    });
    const group = { identifier: 'deployers', name: 'Deployers', description: 'd', tags: { a: 'b' }, users: [ann] };
    expect(await data(admin('POST', `/ng/api/user-groups?${A1}`, group))).toMatchObject({
      ...group,
      accountIdentifier: 'A1',
      harnessManaged: false,
    });
    await data(
      bind(admin, SHOP, '_pipeline_executor', { identifier: 'deployers', type: 'USER_GROUP', scopeLevel: 'account' }),
    );
    expect((await signIn(key)).body.grants).toEqual([{ role: 'pipeline_executor', ...inShop }]);

    const [row] = (await data(admin('POST', `/ng/api/user/aggregate?${SHOP}`, { searchTerm: 'ann' }))).content;
    expect(row.roleAssignmentMetadata).toMatchObject([
      { roleIdentifier: '_viewer', roleScopeLevel: 'project', userGroupIdentifier: null },
      { roleIdentifier: '_pipeline_executor', userGroupIdentifier: 'deployers' },
    ]);
    expect(
      (
        await data(
          admin('POST', `/ng/api/user/aggregate?${A1}&orgIdentifier=o&projectIdentifier=other`, { searchTerm: 'ann' }),
        )
      ).content,
    ).toEqual([]);

    expect(await data(admin('GET', `/ng/api/user/aggregate/${ann}?${SHOP}`))).toEqual(row);
    expect(await data(admin('GET', `/ng/api/user/aggregate/${ann}?${A1}`))).toMatchObject({ user: { uuid: ann } });
    expect(
      await admin('GET', `/ng/api/user/aggregate/${ann}?${A1}&orgIdentifier=o&projectIdentifier=other`),
    ).toMatchObject({
      status: 404,
      body: { code: 'RESOURCE_NOT_FOUND_EXCEPTION', message: `there is no user "${ann}" in project A1/o/other` },
    });

    await data(admin('DELETE', `/ng/api/user-groups/deployers/member/${ann}?${A1}`));
    expect((await signIn(key)).body.grants).toEqual([{ role: 'viewer', ...inShop }]);
    expect(await data(admin('GET', `/ng/api/user-groups/deployers/member/${ann}?${A1}`))).toBe(false);
    await data(admin('PUT', `/ng/api/user-groups/deployers/member/${ann}?${A1}`));
    expect((await data(admin('POST', `/ng/api/user-groups/deployers/users?${A1}`))).content).toMatchObject([
      { uuid: ann },
    ]);
  });

  it('members of a group come back in the order they were sent in, whatever their ids', async () => {
    const ids = [await userNamed('order1'), await userNamed('order2'), await userNamed('order3')].sort().reverse();
    const [first = '', second = '', third = ''] = ids;
    const group = (users: readonly string[]) => ({ identifier: 'ordered', name: 'Ordered', users });
    const read = async () => (await data(admin('GET', `/ng/api/user-groups/ordered?${A1}`))).users;
    expect((await data(admin('POST', `/ng/api/user-groups?${A1}`, group([first, second])))).users).toEqual([
      first,
      second,
    ]);
    for (const users of [
      [second, first],
      [third, first, second],
      [second, third],
    ]) {
      expect((await data(admin('PUT', `/ng/api/user-groups?${A1}`, group(users)))).users).toEqual(users);
      expect(await read()).toEqual(users);
    }
    await data(admin('PUT', `/ng/api/user-groups/ordered/member/${first}?${A1}`));
    expect(await read()).toEqual([second, third, first]);
  });

  it('roles bound to _account_all_users count for every user of the account, and that group stays as it is', async () => {
    const bob = await userNamed('bob');
    const key = await keyOf(bob);
    const { roleAssignment } = await data(
      bind(admin, `${A1}&orgIdentifier=o`, '_viewer', {
        identifier: '_account_all_users',
        type: 'USER_GROUP',
        scopeLevel: 'account',
      }),
    );
    expect((await signIn(key)).body.grants).toEqual([{ role: 'viewer', orgId: 'o' }]);
    for (const refused of [
      await admin('DELETE', `/ng/api/user-groups/_account_all_users?${A1}`),
      await admin('PUT', `/ng/api/user-groups/_account_all_users/member/${bob}?${A1}`),
    ]) {
      expect(refused.body).toMatchObject({ code: 'INVALID_REQUEST', message: expect.stringContaining('built in') });
    }
    expect(await data(admin('GET', `/ng/api/user-groups/_account_all_users?${A1}`))).toMatchObject({
      harnessManaged: true,
    });
    await data(admin('DELETE', `/ng/api/role-assignments/${roleAssignment.identifier}?${A1}&orgIdentifier=o`));
    expect((await signIn(key)).body.grants).toEqual([]);
  });

  it('a disabled user is refused at sign-in, until enabled again', async () => {
    const carl = await userNamed('carl');
    const key = await keyOf(carl);
    expect(await data(admin('PUT', `/ng/api/user/${carl}?${A1}`, { disabled: true }))).toMatchObject({
      uuid: carl,
      disabled: true,
    });
    expect(await signIn(key)).toMatchObject({ status: 401, body: { code: 'REVOKED_TOKEN' } });
    await data(admin('PUT', `/ng/api/user/${carl}?${A1}`, { disabled: false, name: 'Carl' }));
    expect((await signIn(key)).body.principal).toMatchObject({ name: 'Carl' });
    await data(admin('DELETE', `/ng/api/user/${carl}?${A1}`));
    expect([(await signIn(key)).status, (await admin('GET', `/ng/api/user/${carl}?${A1}`)).status]).toEqual([401, 404]);
  });

  describe('a user who is removed from a project or organization', () => {
    const ORG = `${A1}&orgIdentifier=o`;
    const OTHER = `${ORG}&projectIdentifier=other`;
    const groupAt = async (scope: string, identifier: string, users: readonly string[]) =>
      data(admin('POST', `/ng/api/user-groups?${scope}`, { identifier, name: identifier, users }));
    const events = async (scope: string) => {
      const { content } = await data(
        admin('POST', `/ng/api/audits/list?${scope}`, {
          filterType: 'Audit',
          actions: ['DELETE', 'UPDATE'],
          resources: [{ type: 'ROLE_ASSIGNMENT' }, { type: 'USER_GROUP' }, { type: 'USER' }],
        }),
      );
      return content.map(
        ({ action, resource }: { action: string; resource: { type: string; identifier: string } }) =>
          `${action} ${resource.type} ${resource.identifier}`,
      );
    };

    it('stays in the account, with every role and group of other scopes, and the trail says what was taken away', async () => {
      const hal = await userNamed('hal');
      const key = await keyOf(hal);
      const person = { identifier: hal, type: 'USER' };
      const inShopOnly = await data(bind(admin, SHOP, '_project_admin', person));
      for (const [scope, role] of [
        [A1, '_viewer'],
        [ORG, '_pipeline_executor'],
        [OTHER, '_project_admin'],
      ] as const)
        await data(bind(admin, scope, role, person));
      await groupAt(SHOP, 'halsShop', [hal, adminId]);
      await groupAt(OTHER, 'halsOther', [hal]);
      await data(bind(admin, SHOP, '_pipeline_executor', { identifier: 'halsShop', type: 'USER_GROUP' }));
      const before = await events(SHOP);

      expect(await data(admin('DELETE', `/ng/api/user/${hal}?${SHOP}&routingId=A1`))).toBe(true);

      const { status, body } = await signIn(key);
      expect([status, new Set(body.grants)]).toEqual([
        200,
        new Set([
          { role: 'viewer' },
          { role: 'pipeline_executor', orgId: 'o' },
          { role: 'project_admin', orgId: 'o', projectId: 'other' },
        ]),
      ]);
      expect((await data(admin('GET', `/ng/api/user-groups/halsShop?${SHOP}`))).users).toEqual([adminId]);
      expect((await data(admin('GET', `/ng/api/user-groups/halsOther?${OTHER}`))).users).toEqual([hal]);
      expect((await events(SHOP)).slice(0, -before.length || undefined).sort()).toEqual([
        `DELETE ROLE_ASSIGNMENT ${inShopOnly.roleAssignment.identifier}`,
        'UPDATE USER_GROUP halsShop',
      ]);
      expect(await data(admin('DELETE', `/ng/api/user/${hal}?${SHOP}`))).toBe(false);

      expect(await data(admin('DELETE', `/ng/api/user/${hal}?${ORG}&projectIdentifier=`))).toBe(true);
      expect(new Set((await signIn(key)).body.grants)).toEqual(
        new Set([{ role: 'viewer' }, { role: 'project_admin', orgId: 'o', projectId: 'other' }]),
      );
      expect(await data(admin('DELETE', `/ng/api/user/${hal}?${A1}&orgIdentifier=&projectIdentifier=`))).toBe(true);
      expect((await admin('GET', `/ng/api/user/${hal}?${A1}`)).status).toBe(404);
    });

    it('is removed by those who may change people there, and by nobody else', async () => {
      const ida = await userNamed('ida');
      await data(bind(admin, SHOP, '_viewer', { identifier: ida, type: 'USER' }));
      const remove = async (grants: readonly RoleGrant[], scope: string, id = ida) =>
        (await ng.as('A1', grants)('DELETE', `/ng/api/user/${id}?${scope}`)).status;
      const shopAdmin: readonly RoleGrant[] = [{ role: 'project_admin', ...inShop }];
      expect(await remove([{ role: 'viewer' }], SHOP)).toBe(403);
      expect(await remove([{ role: 'project_admin', orgId: 'o', projectId: 'other' }], SHOP)).toBe(403);
      for (const above of [A1, ORG]) expect([above, await remove(shopAdmin, above)]).toEqual([above, 403]);
      expect(await remove(shopAdmin, SHOP, 'nobody')).toBe(404);
      expect(await remove([{ role: 'account_admin' }], `${ORG}&projectIdentifier=nowhere`)).toBe(404);
      for (const half of [`${A1}&projectIdentifier=shop`, `${A1}&orgIdentifier=&projectIdentifier=shop`])
        expect([half, await remove([{ role: 'account_admin' }], half)]).toEqual([half, 400]);
      expect(
        (await ng.as('B1')('DELETE', `/ng/api/user/${ida}?accountIdentifier=B1&orgIdentifier=o&projectIdentifier=shop`))
          .status,
      ).toBe(404);
      expect((await ng.as('B1')('DELETE', `/ng/api/user/${ida}?${SHOP}`)).status).toBe(403);
      expect(await data(admin('GET', `/ng/api/user/aggregate/${ida}?${SHOP}`))).toMatchObject({
        roleAssignmentMetadata: [{ roleIdentifier: '_viewer' }],
      });
      expect(await remove(shopAdmin, SHOP)).toBe(200);
      expect(await data(admin('GET', `/ng/api/user/${ida}?${A1}`))).toMatchObject({ uuid: ida });
    });

    it('keeps everything when one of the groups allows more than the caller may', async () => {
      const jon = await userNamed('jon');
      await data(bind(admin, SHOP, '_viewer', { identifier: jon, type: 'USER' }));
      await groupAt(SHOP, 'jons', [jon]);
      await ng.pg.query(
        ng.database,
        `INSERT INTO role_bindings (account_id, group_id, role) SELECT account_id, id, 'account_admin' FROM user_groups WHERE identifier = 'jons'`,
      );
      expect(
        (await ng.as('A1', [{ role: 'project_admin', ...inShop }])('DELETE', `/ng/api/user/${jon}?${SHOP}`)).body,
      ).toMatchObject({ code: 'ACCESS_DENIED', message: expect.stringContaining('every right of Account Admin') });
      expect(await data(admin('GET', `/ng/api/user/aggregate/${jon}?${SHOP}`))).toMatchObject({
        roleAssignmentMetadata: [{ roleIdentifier: '_viewer' }, { userGroupIdentifier: 'jons' }],
      });
      await data(admin('DELETE', `/ng/api/user-groups/jons?${SHOP}`));
    });
  });

  it('a service account signs in with sat keys and is echoed field by field', async () => {
    const sent = {
      identifier: 'robot',
      name: 'Robot',
      description: 'd',
      tags: { a: 'b' },
      email: 'robot@bots.example',
      accountIdentifier: 'A1',
      orgIdentifier: 'o',
      projectIdentifier: 'shop',
    };
    expect(await data(admin('POST', `/ng/api/serviceaccount?${A1}`, sent))).toEqual(sent);
    expect((await admin('POST', `/ng/api/serviceaccount?${SHOP}`, sent)).body).toMatchObject({
      code: 'DUPLICATE_FIELD',
    });
    await data(bind(admin, SHOP, '_project_admin', { identifier: 'robot', type: 'SERVICE_ACCOUNT' }));
    const owner = {
      apiKeyType: 'SERVICE_ACCOUNT',
      parentIdentifier: 'robot',
      accountIdentifier: 'A1',
      orgIdentifier: 'o',
      projectIdentifier: 'shop',
    };
    const key = {
      identifier: 'ci',
      name: 'CI',
      description: 'x',
      tags: { t: 'u' },
      defaultTimeToExpireToken: 60_000,
      ...owner,
    };
    expect(await data(admin('POST', `/ng/api/apikey?${A1}`, key))).toMatchObject(key);
    const value = await data(
      admin('POST', `/ng/api/token?${A1}`, { identifier: 't', name: 'T', apiKeyIdentifier: 'ci', ...owner }),
    );
    expect(value).toMatch(/^sat\.A1\./);
    expect((await signIn(value)).body).toMatchObject({
      principal: { type: 'serviceAccount', name: 'Robot', email: 'robot@bots.example' },
      grants: [{ role: 'project_admin', ...inShop }],
    });
    expect((await signIn(value.replace(/^sat/, 'pat'))).body).toMatchObject({ code: 'INVALID_TOKEN' });
    const keys = `${SHOP}&apiKeyType=SERVICE_ACCOUNT&parentIdentifier=robot`;
    expect(await data(admin('GET', `/ng/api/apikey/aggregate/ci?${keys}`))).toMatchObject({
      apiKey: key,
      tokensCount: 1,
      createdBy: { email: 'robot@bots.example' },
    });
    expect((await data(admin('GET', `/ng/api/token/aggregate?${keys}&apiKeyIdentifier=ci`))).content).toMatchObject([
      { token: { ...owner, identifier: 't', valid: true } },
    ]);
    expect((await data(admin('GET', `/ng/api/serviceaccount/aggregate?${SHOP}`))).content).toMatchObject([
      { serviceAccount: sent, tokensCount: 1, roleAssignmentsMetadataDTO: [{ roleIdentifier: '_project_admin' }] },
    ]);
    expect(
      await data(admin('PUT', `/ng/api/serviceaccount/robot?${SHOP}`, { ...sent, name: 'Machine' })),
    ).toMatchObject({ name: 'Machine' });
    await data(admin('DELETE', `/ng/api/serviceaccount/robot?${SHOP}`));
    expect((await signIn(value)).status).toBe(401);
  });

  it('a token says whether it expired or was revoked, and a rotated one works on until its grace ends', async () => {
    const dora = await userNamed('dora');
    const first = await keyOf(dora);
    const owner = { apiKeyType: 'USER', parentIdentifier: dora, accountIdentifier: 'A1' };
    const keys = `${A1}&apiKeyType=USER&parentIdentifier=${dora}&apiKeyIdentifier=k`;
    const ends = {
      identifier: 'e',
      name: 'E',
      apiKeyIdentifier: 'k',
      ...owner,
      validFrom: 1_000,
      validTo: 9_000_000_000_000,
      scheduledExpireTime: 2_000,
      description: 'd',
      tags: { a: 'b' },
    };
    const expired = await data(admin('POST', `/ng/api/token?${A1}`, ends));
    expect((await signIn(expired)).body).toMatchObject({ code: 'EXPIRED_TOKEN' });
    expect(
      await data(admin('PUT', `/ng/api/token/e?${A1}`, { ...ends, scheduledExpireTime: 8_000_000_000_000 })),
    ).toMatchObject({ ...ends, scheduledExpireTime: 8_000_000_000_000, valid: true });
    expect((await signIn(expired)).status).toBe(200);
    expect((await admin('PUT', `/ng/api/token/e?${A1}`, { ...ends, validTo: 500 })).body).toMatchObject({
      errors: [{ fieldId: 'validTo' }],
    });

    const second = await data(admin('POST', `/ng/api/token/rotate/t?${keys}&rotateTimestamp=${Date.now() + 60_000}`));
    expect([(await signIn(first)).status, (await signIn(second)).status]).toEqual([200, 200]);
    const third = await data(admin('POST', `/ng/api/token/rotate/t?${keys}`));
    expect([(await signIn(second)).body.code, (await signIn(third)).status]).toEqual(['EXPIRED_TOKEN', 200]);
    await data(admin('DELETE', `/ng/api/token/t?${keys}`));
    expect((await signIn(third)).body).toMatchObject({ code: 'REVOKED_TOKEN' });
    await data(admin('DELETE', `/ng/api/apikey/k?${keys}`));
    expect((await signIn(expired)).body).toMatchObject({ code: 'REVOKED_TOKEN' });
    expect((await data(admin('GET', `/ng/api/token/aggregate?${keys}`))).content).toEqual([]);
  });

  it('keys and tokens are kept by Terraform: an update without a query, one token of several, and no value nobody sent', async () => {
    const edda = await userNamed('edda');
    await keyOf(edda);
    const owner = { apiKeyType: 'USER', parentIdentifier: edda, accountIdentifier: 'A1' };
    const changed = {
      identifier: 'k',
      name: 'Changed',
      description: 'd',
      tags: { a: 'b' },
      defaultTimeToExpireToken: 60_000,
      ...owner,
    };
    expect(await data(admin('PUT', '/ng/api/apikey/A1', changed))).toMatchObject(changed);
    expect((await admin('PUT', '/ng/api/apikey/other', changed)).body).toMatchObject({
      code: 'INVALID_REQUEST',
      errors: [{ fieldId: 'identifier' }],
    });
    expect((await admin('PUT', '/ng/api/apikey/B1', { ...changed, accountIdentifier: 'B1' })).status).toBe(403);
    for (const identifier of ['one', 'two'])
      await data(
        admin('POST', `/ng/api/token?${A1}`, { identifier, name: identifier, apiKeyIdentifier: 'k', ...owner }),
      );
    const tokens = (identifiers: string): Promise<unknown> =>
      data(
        admin(
          'GET',
          `/ng/api/token/aggregate?${A1}&apiKeyType=USER&parentIdentifier=${edda}&apiKeyIdentifier=k&identifiers=${identifiers}`,
        ),
      );
    expect(await tokens('one')).toMatchObject({
      totalItems: 1,
      content: [{ token: { identifier: 'one', email: null, username: null, encodedPassword: null } }],
    });
    expect(await tokens('one&identifiers=two')).toMatchObject({ totalItems: 2 });
    expect(await tokens('nobody')).toMatchObject({ totalItems: 0, content: [] });
  });

  describe('nobody raises themselves', () => {
    const projectAdmin = () => ng.as('A1', [{ role: 'project_admin', ...inShop }]);
    it.each<[string, readonly RoleGrant[], string, string, number]>([
      ['a project admin gives viewer in the own project', [{ role: 'project_admin', ...inShop }], SHOP, '_viewer', 200],
      [
        'a project admin gives organization admin',
        [{ role: 'project_admin', ...inShop }],
        `${A1}&orgIdentifier=o`,
        '_org_admin',
        403,
      ],
      [
        'a project admin gives rights in another project',
        [{ role: 'project_admin', ...inShop }],
        `${A1}&orgIdentifier=o&projectIdentifier=other`,
        '_viewer',
        403,
      ],
      ['an organization admin gives account admin', [{ role: 'org_admin' }], A1, '_account_admin', 403],
      [
        'an organization admin gives project admin below',
        [{ role: 'org_admin', orgId: 'o' }],
        SHOP,
        '_project_admin',
        200,
      ],
      ['a viewer gives viewer', [{ role: 'viewer' }], A1, '_viewer', 403],
      ['an account admin is bound to a project', [{ role: 'account_admin' }], SHOP, '_account_admin', 400],
    ])('%s', async (_, grants, scope, role, status) => {
      const someone = await userNamed(`u${crypto.randomUUID()}`);
      expect((await bind(ng.as('A1', grants), scope, role, { identifier: someone, type: 'USER' })).status).toBe(status);
    });

    it('by way of a group that may more', async () => {
      await data(admin('POST', `/ng/api/user-groups?${SHOP}`, { identifier: 'mighty', name: 'Mighty' }));
      const eve = await userNamed('eve');
      expect((await projectAdmin()('PUT', `/ng/api/user-groups/mighty/member/${eve}?${SHOP}`)).status).toBe(200);
      await data(bind(admin, `${A1}&orgIdentifier=o`, '_viewer', { identifier: eve, type: 'USER' }));
      await ng.pg.query(
        ng.database,
        `INSERT INTO role_bindings (account_id, group_id, role) SELECT account_id, id, 'account_admin' FROM user_groups WHERE identifier = 'mighty'`,
      );
      const frank = await userNamed('frank');
      expect((await projectAdmin()('PUT', `/ng/api/user-groups/mighty/member/${frank}?${SHOP}`)).body).toMatchObject({
        code: 'ACCESS_DENIED',
        message: expect.stringContaining('every right of Account Admin'),
      });
      expect(
        (
          await projectAdmin()('PUT', `/ng/api/user-groups?${SHOP}`, {
            identifier: 'mighty',
            name: 'M',
            users: [frank],
          })
        ).body,
      ).toMatchObject({ code: 'ACCESS_DENIED' });
      await data(admin('DELETE', `/ng/api/user-groups/mighty?${SHOP}`));
    });

    it('by way of keys of somebody who may more', async () => {
      const orgAdmin = ng.as('A1', [{ role: 'org_admin' }], { id: 'somebody-else' });
      const owner = { apiKeyType: 'USER', parentIdentifier: adminId, accountIdentifier: 'A1' };
      expect((await orgAdmin('POST', `/ng/api/apikey?${A1}`, { identifier: 'mine', name: 'M', ...owner })).status).toBe(
        200,
      );
      expect(
        (
          await orgAdmin('POST', `/ng/api/token?${A1}`, {
            identifier: 'mine',
            name: 'M',
            apiKeyIdentifier: 'mine',
            ...owner,
          })
        ).body,
      ).toMatchObject({ code: 'ACCESS_DENIED' });
      expect(
        (
          await orgAdmin(
            'POST',
            `/ng/api/token/rotate/x?${A1}&apiKeyType=USER&parentIdentifier=${adminId}&apiKeyIdentifier=bootstrap`,
          )
        ).body,
      ).toMatchObject({ code: 'ACCESS_DENIED' });
      expect((await orgAdmin('PUT', `/ng/api/user/${adminId}?${A1}`, { disabled: true })).body).toMatchObject({
        code: 'ACCESS_DENIED',
      });
    });
  });

  it('the last administrator of an account stays one', async () => {
    const [assignment] = (
      await data(admin('GET', `/ng/api/role-assignments?${A1}&principalIdentifier=${adminId}&principalType=USER`))
    ).content;
    const refusals = [
      await admin('DELETE', `/ng/api/role-assignments/${assignment.roleAssignment.identifier}?${A1}`),
      await admin('PUT', `/ng/api/user/${adminId}?${A1}`, { disabled: true }),
      await admin('DELETE', `/ng/api/user/${adminId}?${A1}`),
    ];
    for (const { status, body } of refusals)
      expect([status, body.message]).toEqual([400, expect.stringContaining('without an administrator')]);
    const grace = await userNamed('grace');
    await data(bind(admin, A1, '_account_admin', { identifier: grace, type: 'USER' }));
    const both = await Promise.all(
      [adminId, grace].map((id) => admin('PUT', `/ng/api/user/${id}?${A1}`, { disabled: true })),
    );
    expect(both.map(({ status }) => status).sort()).toEqual([200, 400]);
    for (const id of [adminId, grace]) await data(admin('PUT', `/ng/api/user/${id}?${A1}`, { disabled: false }));
  });

  it('another account sees and reaches none of them', async () => {
    const other = ng.as('B1');
    const requests: readonly (readonly [string, string, unknown?])[] = [
      ['GET', `/ng/api/user/${adminId}?accountIdentifier=B1`],
      ['PUT', `/ng/api/user/${adminId}?accountIdentifier=B1`, { disabled: true }],
      ['DELETE', `/ng/api/user/${adminId}?accountIdentifier=B1`],
      ['GET', '/ng/api/user-groups/deployers?accountIdentifier=B1'],
      [
        'POST',
        '/ng/api/role-assignments?accountIdentifier=B1',
        { roleIdentifier: '_viewer', principal: { identifier: adminId, type: 'USER' } },
      ],
      ['GET', `/ng/api/apikey?accountIdentifier=B1&parentIdentifier=${adminId}`],
      ['POST', '/ng/api/serviceaccount?accountIdentifier=B1&orgIdentifier=o', { identifier: 'x', name: 'X' }],
    ];
    for (const [method, path, body] of requests)
      expect([path, (await other(method, path, body)).status]).toEqual([path, 404]);
    expect(
      (
        await other('POST', '/ng/api/serviceaccount?accountIdentifier=B1', {
          identifier: 'x',
          name: 'X',
          accountIdentifier: 'A1',
        })
      ).status,
    ).toBe(403);
    expect((await data(other('GET', '/ng/api/user-groups?accountIdentifier=B1'))).content).toMatchObject([
      { identifier: '_account_all_users', accountIdentifier: 'B1' },
    ]);
    expect((await data(other('GET', '/ng/api/role-assignments?accountIdentifier=B1'))).totalItems).toBe(1);
  });

  it('says what a caller may do at a scope, which is what the roles held there and above allow', async () => {
    const may = async (as: typeof admin, scope: string): Promise<string[]> =>
      (await data(as('GET', `/ng/api/permissions?${scope}`))).permissions;
    const executor = ng.as('A1', [{ role: 'pipeline_executor', ...inShop }]);
    expect(await may(executor, SHOP)).toEqual(expect.arrayContaining(['pipeline.view', 'pipeline.execute']));
    expect(await may(executor, SHOP)).not.toContain('pipeline.edit');
    expect(await may(ng.as('A1', [{ role: 'viewer', ...inShop }]), SHOP)).not.toContain('pipeline.execute');
    for (const elsewhere of [A1, `${A1}&orgIdentifier=o`, `${A1}&orgIdentifier=o&projectIdentifier=other`])
      expect([elsewhere, await may(executor, elsewhere)]).toEqual([elsewhere, []]);
    expect(await may(admin, SHOP)).toEqual(
      expect.arrayContaining(['pipeline.execute', 'project.edit', 'account.edit']),
    );
    expect((await executor('GET', '/ng/api/permissions?accountIdentifier=B1')).status).toBe(403);
  });

  it('unknown keys in bodies of our own routes are refused by name', async () => {
    expect(
      (await admin('POST', `/ng/api/user?${A1}`, { email: 'x@a1.example', name: 'x', admin: true })).body,
    ).toMatchObject({ code: 'INVALID_REQUEST', message: expect.stringContaining('admin') });
    expect(
      (await data(admin('GET', `/ng/api/roles?${SHOP}`))).content.map(
        ({ role }: { role: { identifier: string } }) => role.identifier,
      ),
    ).toEqual(['_project_admin', '_pipeline_executor', '_viewer']);
  });
});
