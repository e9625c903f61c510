import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RoleGrant } from '@sluice/kernel';
import { startNgManager, type HttpAnswer, type NgManagerUnderTest } from '../testing/ng-manager-under-test.js';

const A1 = 'accountIdentifier=A1';
const ORG = `${A1}&orgIdentifier=o`;
const SHOP = `${ORG}&projectIdentifier=shop`;
const inShop = { orgId: 'o', projectId: 'shop' };
const ADDED = 'USER_ADDED_SUCCESSFULLY';
const THERE = 'USER_ALREADY_ADDED';
const viewerOfShop = {
  roleIdentifier: '_project_viewer',
  roleName: 'Project Viewer',
  resourceGroupIdentifier: '_all_project_level_resources',
  resourceGroupName: 'All Project Level Resources',
  managedRole: true,
};

describe('users are added to a scope by e-mail address', () => {
  let ng: NgManagerUnderTest;
  let admin: ReturnType<NgManagerUnderTest['as']>;
  const data = async (answer: Promise<HttpAnswer>) => {
    const { status, body } = await answer;
    expect([status, body.message]).toEqual([200, undefined]);
    return body.data;
  };
  const add = (as: typeof admin, scope: string, body: object) => as('POST', `/ng/api/user/users?${scope}`, body);
  const added = async (scope: string, body: object): Promise<unknown> =>
    (await data(add(admin, scope, body))).addUserResponseMap;
  const rolesOf = async (scope: string, email: string) =>
    (await data(admin('POST', `/ng/api/user/aggregate?${scope}`, { searchTerm: email }))).content[0];
  const idOf = async (email: string): Promise<string> =>
    (await data(admin('POST', `/ng/api/user/batch?${A1}`, { emails: [email] }))).content[0].uuid;
  const groupAt = (scope: string, identifier: string) =>
    data(admin('POST', `/ng/api/user-groups?${scope}`, { identifier, name: identifier }));
  const membersOf = async (scope: string, identifier: string): Promise<string[]> =>
    (await data(admin('GET', `/ng/api/user-groups/${identifier}?${scope}`))).users;

  beforeAll(async () => {
    ng = await startNgManager();
    admin = ng.as('A1');
    await data(admin('POST', `/ng/api/organizations?${A1}`, { organization: { identifier: 'o', name: 'O' } }));
    for (const identifier of ['shop', 'other'])
      await data(admin('POST', `/ng/api/projects?${ORG}`, { project: { identifier, name: identifier } }));
    for (const scope of [A1, ORG, SHOP]) await groupAt(scope, 'team');
  }, 300_000);
  afterAll(() => ng.stop());

  it('with groups and roles, each told whether anything was added; the roles come back in the words they were sent in', async () => {
    const body = {
      emails: ['ann@a1.example', 'Ben@A1.example'],
      userGroups: ['team', '_project_all_users'],
      roleBindings: [viewerOfShop],
    };
    expect(await added(SHOP, body)).toEqual({ 'ann@a1.example': ADDED, 'Ben@A1.example': ADDED });
    expect(await added(SHOP, body)).toEqual({ 'ann@a1.example': THERE, 'Ben@A1.example': THERE });
    expect(
      await added(SHOP, {
        ...body,
        emails: ['ann@a1.example', 'cid@a1.example'],
        roleBindings: [viewerOfShop, { roleIdentifier: '_pipeline_executor' }],
      }),
    ).toEqual({ 'ann@a1.example': ADDED, 'cid@a1.example': ADDED });
    const ann = await rolesOf(SHOP, 'ann@a1.example');
    expect(ann).toMatchObject({
      user: { email: 'ann@a1.example', name: 'ann@a1.example', disabled: false, externallyManaged: false },
      roleAssignmentMetadata: [
        {
          roleIdentifier: '_project_viewer',
          roleName: 'Project Viewer',
          resourceGroupIdentifier: '_all_project_level_resources',
          resourceGroupName: 'All Project Level Resources',
          managedRole: true,
          roleScopeLevel: 'project',
        },
        { roleIdentifier: '_pipeline_executor', resourceGroupIdentifier: '_all_resources_including_child_scopes' },
      ],
    });
    expect(await membersOf(SHOP, 'team')).toEqual([
      ann.user.uuid,
      await idOf('ben@a1.example'),
      await idOf('cid@a1.example'),
    ]);
    expect([await membersOf(ORG, 'team'), await membersOf(A1, 'team')]).toEqual([[], []]);
    const actions = (
      await data(admin('POST', `/ng/api/audits/list?${A1}&pageSize=100`, { filterType: 'Audit' }))
    ).content.map(
      ({ action, resource }: { action: string; resource: { type: string } }) => `${action} ${resource.type}`,
    );
    expect(
      actions.filter((one: string) => one.startsWith('CREATE USER') || one.startsWith('CREATE ROLE_ASSIGNMENT')).length,
    ).toBeGreaterThanOrEqual(3 + 4);
  });

  it('to groups above by org.id and account.id, which takes the right to change users there', async () => {
    expect(
      await added(SHOP, {
        emails: ['above@a1.example'],
        userGroups: ['org.team', 'account.team', 'account._account_all_users'],
      }),
    ).toEqual({ 'above@a1.example': ADDED });
    const id = await idOf('above@a1.example');
    expect([await membersOf(ORG, 'team'), await membersOf(A1, 'team')]).toEqual([[id], [id]]);
    expect((await membersOf(SHOP, 'team')).includes(id)).toBe(false);
    const shopAdmin = ng.as('A1', [{ role: 'project_admin', ...inShop }]);
    for (const group of ['org.team', 'account.team', 'account.nowhere']) {
      expect((await add(shopAdmin, SHOP, { emails: ['above@a1.example'], userGroups: [group] })).body).toMatchObject({
        code: 'ACCESS_DENIED',
        message: expect.stringContaining(`userGroups.0: group "${group}" is of`),
      });
    }
  });

  it.each<[string, readonly RoleGrant[], string, object, string]>([
    [
      'a role that allows more than the caller may',
      [{ role: 'org_admin' }],
      A1,
      { roleBindings: [{ roleIdentifier: '_account_admin' }] },
      'every right of Account Admin',
    ],
    [
      'a role of a wider scope',
      [{ role: 'project_admin', ...inShop }],
      ORG,
      { roleBindings: [{ roleIdentifier: '_organization_viewer' }] },
      'lacks user.edit',
    ],
    [
      'rights in another project',
      [{ role: 'project_admin', ...inShop }],
      `${ORG}&projectIdentifier=other`,
      { roleBindings: [viewerOfShop] },
      'lacks user.edit',
    ],
    [
      'without the right to change users',
      [{ role: 'viewer' }],
      SHOP,
      { roleBindings: [viewerOfShop] },
      'lacks user.edit',
    ],
    [
      'an address nobody has, by who may not add users to the account',
      [{ role: 'project_admin', ...inShop }],
      SHOP,
      { roleBindings: [viewerOfShop] },
      'emails: "new@a1.example" is no user of account A1',
    ],
  ])('nobody gives %s', async (_, grants, scope, body, text) => {
    const { status, body: answer } = await add(ng.as('A1', grants), scope, { emails: ['new@a1.example'], ...body });
    expect([status, answer.code, answer.message]).toEqual([403, 'ACCESS_DENIED', expect.stringContaining(text)]);
    expect((await data(admin('POST', `/ng/api/user/batch?${A1}`, { emails: ['new@a1.example'] }))).content).toEqual([]);
  });

  it('who administers a project adds users of the account to it, but to no group that allows more', async () => {
    const shopAdmin = ng.as('A1', [{ role: 'project_admin', ...inShop }]);
    await added(A1, { emails: ['known@a1.example'] });
    expect(
      (
        await data(
          add(shopAdmin, SHOP, { emails: ['known@a1.example'], userGroups: ['team'], roleBindings: [viewerOfShop] }),
        )
      ).addUserResponseMap,
    ).toEqual({ 'known@a1.example': ADDED });
    await groupAt(SHOP, 'mighty');
    await ng.pg.query(
      ng.database,
      `INSERT INTO role_bindings (account_id, group_id, role) SELECT account_id, id, 'account_admin' FROM user_groups WHERE identifier = 'mighty'`,
    );
    expect((await add(shopAdmin, SHOP, { emails: ['known@a1.example'], userGroups: ['mighty'] })).body).toMatchObject({
      code: 'ACCESS_DENIED',
      message: expect.stringContaining('every right of Account Admin'),
    });
    await data(admin('DELETE', `/ng/api/user-groups/mighty?${SHOP}`));
  });

  it.each([
    [
      'a group there is not',
      { userGroups: ['team', 'nowhere'], roleBindings: [viewerOfShop] },
      404,
      'userGroups.1',
      'there is no user group "nowhere" in project A1/o/shop; create it first',
    ],
    ['a group below', { userGroups: ['project.team'] }, 400, 'userGroups.0', 'cannot be used from'],
    [
      'a role of another level',
      { roleBindings: [viewerOfShop, { roleIdentifier: '_account_viewer' }] },
      400,
      'roleBindings.1.roleIdentifier',
      'is bound at account level',
    ],
    [
      'a role there is not',
      { roleBindings: [{ roleIdentifier: 'my_own' }] },
      400,
      'roleBindings.0.roleIdentifier',
      'write one of _project_admin',
    ],
    [
      'a part of the scope',
      { roleBindings: [{ ...viewerOfShop, resourceGroupIdentifier: 'some_secrets' }] },
      400,
      'roleBindings.0.resourceGroupIdentifier',
      'write _all_project_level_resources or',
    ],
    ['what is no address', { emails: ['new@a1.example', 'nobody'] }, 400, 'emails.1', 'must be an e-mail address'],
    ['no address', { emails: [] }, 400, 'emails', 'names no e-mail address'],
  ])('%s is refused by field, and nobody is added', async (_, change, status, field, text) => {
    const answer = await add(admin, SHOP, { emails: ['new@a1.example'], ...change });
    expect([answer.status, answer.body.errors[0].fieldId]).toEqual([status, field]);
    expect(answer.body.message).toContain(text);
    expect((await data(admin('POST', `/ng/api/user/batch?${A1}`, { emails: ['new@a1.example'] }))).content).toEqual([]);
  });

  it('of another account are strangers: the same address is another user there', async () => {
    await added(SHOP, { emails: ['twin@x.example'], roleBindings: [viewerOfShop] });
    const other = ng.as('B1');
    expect((await add(other, SHOP, { emails: ['twin@x.example'] })).status).toBe(403);
    expect((await data(add(other, 'accountIdentifier=B1', { emails: ['twin@x.example'] }))).addUserResponseMap).toEqual(
      { 'twin@x.example': ADDED },
    );
    expect(
      (await data(other('POST', '/ng/api/user/batch?accountIdentifier=B1', { emails: ['twin@x.example'] }))).content[0]
        .uuid,
    ).not.toBe(await idOf('twin@x.example'));
  });

  it('a list of users is narrowed by role at its level, by what the role counts for, by uuid, address and where the role is bound', async () => {
    const people = {
      ina: [SHOP, '_project_viewer'],
      ole: [ORG, '_organization_viewer'],
      ada: [A1, '_account_viewer'],
    } as const;
    for (const [name, [scope, roleIdentifier]] of Object.entries(people))
      await added(scope, { emails: [`${name}@narrow.example`], roleBindings: [{ roleIdentifier }] });
    await added(SHOP, {
      emails: ['gus@narrow.example'],
      roleBindings: [{ ...viewerOfShop, roleIdentifier: '_project_admin' }],
    });
    const emails = (page: { content: { user?: { email: string }; email?: string }[] }): string[] =>
      page.content
        .map(({ user, email }) => String(user?.email ?? email))
        .filter((one) => one.endsWith('@narrow.example'))
        .map((one) => one.slice(0, 3))
        .sort();
    const found = async (scope: string, body: object): Promise<string[]> =>
      emails(await data(admin('POST', `/ng/api/user/aggregate?${scope}&pageSize=100`, body)));
    expect(await found(SHOP, { roleIdentifiers: ['_viewer'] })).toEqual(['ada', 'ina', 'ole']);
    expect(await found(SHOP, { roleIdentifiers: ['_project_viewer'] })).toEqual(['ina']);
    expect(await found(SHOP, { roleIdentifiers: ['_project_viewer', '_account_viewer', '_project_admin'] })).toEqual([
      'ada',
      'gus',
      'ina',
    ]);
    expect(await found(ORG, { roleIdentifiers: ['_organization_viewer'] })).toEqual(['ole']);
    expect(await found(A1, { roleIdentifiers: ['_account_viewer'] })).toEqual(['ada']);
    expect(await found(SHOP, { resourceGroupIdentifiers: ['_all_project_level_resources'] })).toEqual(['gus']);
    expect(
      await found(SHOP, {
        resourceGroupIdentifiers: ['_all_resources_including_child_scopes'],
        roleIdentifiers: ['_project_viewer'],
      }),
    ).toEqual(['ina']);
    expect((await admin('POST', `/ng/api/user/aggregate?${SHOP}`, { roleIdentifiers: ['my_own'] })).body).toMatchObject(
      { code: 'RESOURCE_NOT_FOUND_EXCEPTION', message: expect.stringContaining('_project_viewer') },
    );

    const batch = async (scope: string, body?: object): Promise<string[]> =>
      emails(await data(admin('POST', `/ng/api/user/batch?${scope}&pageSize=100`, body)));
    expect(await batch(SHOP, { parentFilter: 'NO_PARENT_SCOPES' })).toEqual(['gus', 'ina']);
    expect(await batch(SHOP, { parentFilter: 'STRICTLY_PARENT_SCOPES' })).toEqual(['ada', 'ole']);
    expect(await batch(SHOP)).toEqual(['ada', 'gus', 'ina', 'ole']);
    expect(await batch(A1, { parentFilter: 'STRICTLY_PARENT_SCOPES' })).toEqual([]);
    expect(await batch(A1, { emails: ['INA@narrow.example', 'nobody@narrow.example'] })).toEqual(['ina']);
    expect(await batch(SHOP, { identifiers: [await idOf('gus@narrow.example'), 'nobody'] })).toEqual(['gus']);
    expect(
      await batch(A1, { emails: ['ina@narrow.example'], identifiers: [await idOf('gus@narrow.example')] }),
    ).toEqual([]);
  });

  it('the first of a search is who has that very address, not who was added later with a longer one', async () => {
    for (const email of ['eva@first.example', 'neva@first.example', 'geneva@first.example'])
      await added(SHOP, { emails: [email], roleBindings: [viewerOfShop] });
    const page = await data(admin('POST', `/ng/api/user/aggregate?${SHOP}&searchTerm=Eva@first.example`));
    expect([page.totalItems, page.content[0].user.email, page.empty]).toEqual([3, 'eva@first.example', false]);
  });

  it('a user is renamed by the body: themselves by everybody, others by who may; what else is sent must be as it is', async () => {
    await added(SHOP, { emails: ['zoe@a1.example'], roleBindings: [viewerOfShop] });
    const zoe = await idOf('zoe@a1.example');
    const rename = (as: typeof admin, body: object) => as('PUT', `/ng/api/user?${A1}`, body);
    expect(await data(rename(admin, { uuid: zoe, name: 'Zoe' }))).toMatchObject({
      uuid: zoe,
      name: 'Zoe',
      email: 'zoe@a1.example',
      defaultAccountId: 'A1',
      admin: false,
      locked: false,
      disabled: false,
    });
    expect(
      await data(
        rename(ng.as('A1', [{ role: 'viewer', ...inShop }], { id: zoe }), {
          uuid: zoe,
          name: 'Zoe Z',
          email: 'Zoe@a1.example',
          disabled: false,
        }),
      ),
    ).toMatchObject({ name: 'Zoe Z' });
    expect((await rename(ng.as('A1', [{ role: 'viewer', ...inShop }]), { uuid: zoe, name: 'X' })).body).toMatchObject({
      code: 'ACCESS_DENIED',
    });
    for (const [field, change] of [
      ['email', { email: 'other@a1.example' }],
      ['disabled', { disabled: true }],
      ['name', { name: '' }],
    ] as const) {
      expect((await rename(admin, { uuid: zoe, name: 'Zoe', ...change })).body).toMatchObject({
        code: 'INVALID_REQUEST',
        errors: [{ fieldId: field }],
      });
    }
    expect((await rename(admin, { uuid: 'nobody', name: 'X' })).status).toBe(404);
    expect((await rename(admin, { name: 'X' })).body).toMatchObject({ errors: [{ fieldId: 'uuid' }] });
    expect((await ng.as('B1')('PUT', '/ng/api/user?accountIdentifier=B1', { uuid: zoe, name: 'X' })).status).toBe(404);
    expect(await rolesOf(SHOP, 'zoe@a1.example')).toMatchObject({ user: { name: 'Zoe Z' } });
  });
});
