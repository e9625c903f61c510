import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startNgManager, type HttpAnswer, type NgManagerUnderTest } from '../testing/ng-manager-under-test.js';

const A1 = 'accountIdentifier=A1';
const ORG = `${A1}&orgIdentifier=o`;
const SHOP = `${ORG}&projectIdentifier=shop`;
const ALL = '_all_resources_including_child_scopes';
const BINDINGS = '/authz/api/roleassignments';

describe('roles by the names of existing clients', () => {
  let ng: NgManagerUnderTest;
  let admin: ReturnType<NgManagerUnderTest['as']>;
  const data = async (answer: Promise<HttpAnswer>) => {
    const { status, body } = await answer;
    expect([status, body.message]).toEqual([200, undefined]);
    return body.data;
  };
  const robot = async (identifier: string): Promise<object> => {
    await data(
      admin('POST', `/ng/api/serviceaccount?${SHOP}`, {
        identifier,
        name: identifier,
        email: `${identifier}@x.example`,
        accountIdentifier: 'A1',
        orgIdentifier: 'o',
        projectIdentifier: 'shop',
      }),
    );
    return { identifier, type: 'SERVICE_ACCOUNT', scopeLevel: 'project' };
  };
  const userNamed = async (name: string): Promise<object> => ({
    identifier: (await data(admin('POST', `/ng/api/user?${A1}`, { email: `${name}@a1.example`, name }))).uuid,
    type: 'USER',
    scopeLevel: '',
  });
  const idsOf = (page: { content: { roleAssignment: { identifier: string } }[] }): string[] =>
    page.content.map(({ roleAssignment }) => roleAssignment.identifier).sort();

  beforeAll(async () => {
    ng = await startNgManager();
    admin = ng.as('A1');
    await data(admin('POST', `/ng/api/organizations?${A1}`, { organization: { identifier: 'o', name: 'O' } }));
    await data(admin('POST', `/ng/api/projects?${ORG}`, { project: { identifier: 'shop', name: 'shop' } }));
  }, 300_000);
  afterAll(() => ng.stop());

  it('a binding comes back in the words it was sent in, from its create, read, list and delete, and is one of our roles', async () => {
    const sent = {
      identifier: 'as_sent',
      roleIdentifier: '_project_viewer',
      roleReference: { identifier: '_project_viewer', scopeLevel: 'account' },
      resourceGroupIdentifier: '_all_project_level_resources',
      principal: await robot('one'),
      disabled: false,
      managed: false,
    };
    const made = await data(
      admin('POST', `${BINDINGS}?${SHOP}`, { ...sent, orgIdentifier: 'o', projectIdentifier: 'shop' }),
    );
    expect(made).toMatchObject({
      roleAssignment: sent,
      harnessManaged: false,
      scope: { accountIdentifier: 'A1', orgIdentifier: 'o', projectIdentifier: 'shop' },
    });
    expect(await data(admin('GET', `${BINDINGS}/as_sent?${SHOP}`))).toEqual(made);
    expect((await data(admin('GET', `${BINDINGS}?${SHOP}`))).content).toContainEqual(made);
    expect(await data(admin('GET', `/ng/api/role-assignments/as_sent?${SHOP}`))).toMatchObject({
      roleAssignment: { roleIdentifier: '_viewer' },
    });
    expect(await data(admin('DELETE', `${BINDINGS}/as_sent?${SHOP}`))).toEqual(made);
    expect((await admin('GET', `${BINDINGS}/as_sent?${SHOP}`)).body).toMatchObject({
      code: 'RESOURCE_NOT_FOUND_EXCEPTION',
    });
  });

  it.each([
    [A1, '_account_viewer', '_viewer'],
    [ORG, '_organization_viewer', '_viewer'],
    [ORG, '_organization_admin', '_org_admin'],
    [SHOP, '_project_viewer', '_viewer'],
    [SHOP, '_project_admin', '_project_admin'],
    [SHOP, '_pipeline_executor', '_pipeline_executor'],
    [A1, '_account_admin', '_account_admin'],
    [A1, '_viewer', '_viewer'],
  ])('in %s, %s is %s', async (scope, written, ours) => {
    const identifier = `map_${written}_${scope.length}`;
    await data(
      admin('POST', `${BINDINGS}?${scope}`, {
        identifier,
        roleIdentifier: written,
        resourceGroupIdentifier: ALL,
        principal: await userNamed(identifier.replaceAll('_', '')),
      }),
    );
    expect(await data(admin('GET', `/ng/api/role-assignments/${identifier}?${scope}`))).toMatchObject({
      roleAssignment: { roleIdentifier: ours },
    });
    expect(await data(admin('GET', `${BINDINGS}/${identifier}?${scope}`))).toMatchObject({
      roleAssignment: { roleIdentifier: written, roleReference: { identifier: written } },
    });
  });

  it('a binding of our own address has the name of its level', async () => {
    const { roleAssignment } = await data(
      admin('POST', `/ng/api/role-assignments?${SHOP}`, {
        roleIdentifier: '_viewer',
        principal: await robot('named_by_level'),
      }),
    );
    expect(await data(admin('GET', `${BINDINGS}/${roleAssignment.identifier}?${SHOP}`))).toMatchObject({
      roleAssignment: {
        roleIdentifier: '_project_viewer',
        resourceGroupIdentifier: ALL,
        roleReference: { scopeLevel: 'project' },
      },
    });
  });

  it.each([
    [
      SHOP,
      { roleIdentifier: '_account_viewer' },
      'roleIdentifier',
      'is bound at account level, not in project A1/o/shop; write one of _project_admin, _pipeline_executor, _project_viewer',
    ],
    [
      SHOP,
      { roleIdentifier: 'my_own' },
      'roleIdentifier',
      'roles are built in and cannot be made; write one of _project_admin',
    ],
    [SHOP, { roleIdentifier: 'constructor' }, 'roleIdentifier', 'roles are built in'],
    [
      SHOP,
      { resourceGroupIdentifier: 'some_secrets' },
      'resourceGroupIdentifier',
      'write _all_project_level_resources or _all_resources_including_child_scopes',
    ],
    [
      A1,
      { roleIdentifier: '_account_viewer', resourceGroupIdentifier: '_all_account_level_resources' },
      'resourceGroupIdentifier',
      'counts for everything in its scope and inside, and parts of that cannot be named; write _all_resources_including_child_scopes',
    ],
    [
      ORG,
      { roleIdentifier: '_resource_user', resourceGroupIdentifier: ALL },
      'resourceGroupIdentifier',
      'counts for what its scope itself holds, and parts of that cannot be named; write _all_organization_level_resources',
    ],
    [SHOP, { roleReference: { identifier: '_project_admin' } }, 'roleReference.identifier', 'send the same'],
    [SHOP, { disabled: true }, 'disabled', 'deleted, not disabled'],
  ])('what cannot be expressed is refused with what to write instead: %s %j', async (scope, change, field, text) => {
    const { status, body } = await admin('POST', `${BINDINGS}?${scope}`, {
      roleIdentifier: '_project_viewer',
      resourceGroupIdentifier: '_all_project_level_resources',
      principal: { identifier: 'one', type: 'SERVICE_ACCOUNT' },
      ...change,
    });
    expect([status, body.errors[0].fieldId]).toEqual([400, field]);
    expect(body.message).toContain(text);
  });

  it('nobody gives rights they do not have, one by one or many at once', async () => {
    const executor = ng.as('A1', [{ role: 'project_admin', orgId: 'o', projectId: 'shop' }]);
    const principal = await robot('raised');
    const wish = { roleIdentifier: '_organization_admin', resourceGroupIdentifier: ALL, principal };
    expect((await executor('POST', `${BINDINGS}?${ORG}`, wish)).body).toMatchObject({ code: 'ACCESS_DENIED' });
    expect(
      (
        await ng.as('A1', [{ role: 'viewer' }])('POST', `${BINDINGS}/multi?${SHOP}`, {
          roleAssignments: [{ ...wish, roleIdentifier: '_project_viewer' }],
        })
      ).body,
    ).toMatchObject({ code: 'ACCESS_DENIED' });
  });

  it('many are bound at once or not at all, and what is bound already stays', async () => {
    const [first, second] = [await robot('many_1'), await robot('many_2')];
    const wish = (principal: object, roleIdentifier = '_project_viewer') => ({
      roleIdentifier,
      resourceGroupIdentifier: '_all_project_level_resources',
      principal,
    });
    const multi = (...roleAssignments: object[]) => admin('POST', `${BINDINGS}/multi?${SHOP}`, { roleAssignments });
    expect(await data(multi(wish(first)))).toHaveLength(1);
    expect(await data(multi(wish(first), wish(second), wish(second)))).toMatchObject([
      { roleAssignment: { principal: { identifier: 'many_2' } } },
    ]);
    const refused = await multi(wish(first, '_project_admin'), wish({ identifier: 'nobody', type: 'SERVICE_ACCOUNT' }));
    expect([refused.status, refused.body.message]).toEqual([404, expect.stringContaining('nobody')]);
    expect((await multi(wish(first, '_project_admin'), wish(second, 'my_own'))).body.errors[0].fieldId).toBe(
      'roleAssignments.1.roleIdentifier',
    );
    expect(
      (await data(admin('POST', `${BINDINGS}/filter?${SHOP}`, { principalFilter: [first] }))).content,
    ).toMatchObject([{ roleAssignment: { roleIdentifier: '_project_viewer' } }]);
  });

  it('a filter finds by role, kind of principal, principal and group', async () => {
    const person = await userNamed('filtered');
    const group = {
      identifier: 'filtered_group',
      name: 'G',
      accountIdentifier: 'A1',
      orgIdentifier: 'o',
      projectIdentifier: 'shop',
      users: [],
    };
    await data(admin('POST', `/ng/api/user-groups?${SHOP}`, group));
    const wishes = [
      ['f_user', '_project_viewer', person],
      ['f_group', '_project_admin', { identifier: 'filtered_group', type: 'USER_GROUP', scopeLevel: 'project' }],
    ] as const;
    for (const [identifier, roleIdentifier, principal] of wishes)
      await data(
        admin('POST', `${BINDINGS}?${SHOP}`, { identifier, roleIdentifier, resourceGroupIdentifier: ALL, principal }),
      );
    const found = async (filter: object) =>
      idsOf(await data(admin('POST', `${BINDINGS}/filter?${SHOP}`, filter))).filter((id) => !id.startsWith('map_'));
    expect(await found({ principalTypeFilter: ['USER', 'USER_GROUP'] })).toEqual(['f_group', 'f_user']);
    expect(await found({ principalTypeFilter: ['USER_GROUP'] })).toEqual(['f_group']);
    expect(await found({ roleFilter: ['_project_viewer'], principalTypeFilter: ['USER', 'USER_GROUP'] })).toEqual([
      'f_user',
    ]);
    expect(await found({ principalFilter: [person] })).toEqual(['f_user']);
    for (const nothing of [
      { roleFilter: ['my_own'] },
      { resourceGroupFilter: ['my_group'] },
      { disabledFilter: [true] },
      { harnessManagedFilter: [true] },
    ])
      expect(await found(nothing)).toEqual([]);
    expect(
      (await found({ resourceGroupFilter: [ALL], disabledFilter: [false], orgIdentifier: 'o' })).length,
    ).toBeGreaterThan(1);
  });

  it('a filter over several scopes finds what is bound in each, with its role and group, and none outside the scope of the query', async () => {
    const principal = await userNamed('across');
    const of = { principalFilter: principal };
    for (const [scope, roleIdentifier] of [
      [A1, '_account_viewer'],
      [ORG, '_organization_viewer'],
      [SHOP, '_project_viewer'],
    ] as const)
      await data(
        admin('POST', `${BINDINGS}?${scope}`, {
          identifier: `across${roleIdentifier}`,
          roleIdentifier,
          resourceGroupIdentifier: ALL,
          principal,
        }),
      );
    const found = async (scope: string, body: object, as = admin) =>
      (await data(as('POST', `${BINDINGS}/v2/filter?${scope}`, { ...of, ...body }))).content;
    const names = (rows: readonly { readonly identifier: string }[]): string[] =>
      rows.map(({ identifier }) => identifier).sort();
    expect(await found(ORG, {})).toMatchObject([
      {
        identifier: 'across_organization_viewer',
        principal: { identifier: (principal as { identifier: string }).identifier, type: 'USER' },
        disabled: false,
        role: { role: { identifier: '_organization_viewer' }, harnessManaged: true },
        resourceGroup: { identifier: ALL },
        scope: { orgIdentifier: 'o', projectIdentifier: null },
      },
    ]);
    expect(names(await found(A1, { scopeFilters: [{ filter: 'INCLUDING_CHILD_SCOPES' }] }))).toEqual([
      'across_account_viewer',
      'across_organization_viewer',
      'across_project_viewer',
    ]);
    expect(
      names(
        await found(A1, {
          scopeFilters: [
            { filter: 'EXCLUDING_CHILD_SCOPES', accountIdentifier: 'A1' },
            { filter: 'EXCLUDING_CHILD_SCOPES', orgIdentifier: 'o', projectIdentifier: 'shop' },
          ],
        }),
      ),
    ).toEqual(['across_account_viewer', 'across_project_viewer']);
    expect(
      names(
        await found(ORG, {
          scopeFilters: [{ filter: 'INCLUDING_CHILD_SCOPES', orgIdentifier: 'o' }],
          roleFilter: ['_project_viewer'],
        }),
      ),
    ).toEqual(['across_organization_viewer', 'across_project_viewer']);
    expect(await found(A1, { disabledFilter: true })).toEqual([]);
    expect(await found(A1, { harnessManagedFilter: true })).toEqual([]);
    const outside = await admin('POST', `${BINDINGS}/v2/filter?${SHOP}`, {
      scopeFilters: [{ filter: 'EXCLUDING_CHILD_SCOPES', orgIdentifier: 'o' }],
    });
    expect([outside.status, outside.body.message]).toEqual([
      400,
      expect.stringContaining('scopeFilters.0 names org A1/o, which is not inside project A1/o/shop of the query'),
    ]);
    expect(
      (
        await admin('POST', `${BINDINGS}/v2/filter?${A1}`, {
          scopeFilters: [{ filter: 'INCLUDING_CHILD_SCOPES', accountIdentifier: 'B1' }],
        })
      ).status,
    ).toBe(400);
    expect(
      (
        await ng.as('A1', [{ role: 'viewer', orgId: 'o', projectId: 'shop' }])(
          'POST',
          `${BINDINGS}/v2/filter?${A1}`,
          {},
        )
      ).status,
    ).toBe(403);
  });

  it('built-in roles, permissions and resource groups are listed, read, and cannot be changed or deleted', async () => {
    const roles = await data(admin('GET', `/authz/api/roles?${SHOP}`));
    expect(roles.content.map(({ role }: { role: { identifier: string } }) => role.identifier)).toEqual([
      '_project_admin',
      '_pipeline_executor',
      '_project_viewer',
    ]);
    expect(await data(admin('GET', `/authz/api/roles/_organization_viewer?${SHOP}`))).toMatchObject({
      role: {
        name: 'Organization Viewer',
        allowedScopeLevels: ['organization'],
        permissions: expect.arrayContaining(['connector.view']),
      },
      harnessManaged: true,
    });
    expect(await data(admin('GET', `/authz/api/permissions?${A1}`))).toContainEqual({
      permission: expect.objectContaining({
        identifier: 'secret.access',
        resourceType: 'secret',
        action: 'access',
        status: 'ACTIVE',
      }),
    });
    expect((await data(admin('GET', `/resourcegroup/api/v2/resourcegroup?${SHOP}`))).content).toHaveLength(2);
    expect(
      await data(admin('GET', `/resourcegroup/api/v2/resourcegroup/_all_project_level_resources?${SHOP}`)),
    ).toMatchObject({ resourceGroup: { projectIdentifier: 'shop', resourceFilter: { includeAllResources: true } } });
    for (const path of [
      '/authz/api/roles/_project_viewer',
      '/resourcegroup/api/v2/resourcegroup/_all_project_level_resources',
    ]) {
      expect((await admin('DELETE', `${path}?${SHOP}`)).body).toMatchObject({
        code: 'INVALID_REQUEST',
        message: expect.stringContaining('built in'),
      });
    }
  });

  it('a binding is sent again as it is, and is not changed into another', async () => {
    const [first, second] = [await robot('again_1'), await robot('again_2')];
    const sent = {
      identifier: 'again',
      roleIdentifier: '_project_viewer',
      roleReference: { identifier: '_project_viewer', scopeLevel: 'project' },
      resourceGroupIdentifier: '_all_project_level_resources',
      principal: first,
      disabled: false,
      managed: false,
    };
    const made = await data(admin('POST', `${BINDINGS}?${SHOP}`, sent));
    const put = (body: object, identifier = 'again') => admin('PUT', `${BINDINGS}/${identifier}?${SHOP}`, body);
    expect(await data(put(sent))).toEqual(made);
    for (const [field, change] of [
      ['roleIdentifier', { roleIdentifier: '_project_admin', roleReference: null }],
      ['principal.identifier', { principal: second }],
      ['identifier', { identifier: 'other' }],
      ['disabled', { disabled: true }],
    ] as const) {
      const { status, body } = await put({ ...sent, ...change });
      expect([field, status, body.errors[0].fieldId]).toEqual([field, 400, field]);
    }
    expect(await data(admin('GET', `${BINDINGS}/again?${SHOP}`))).toEqual(made);
    expect((await put({ ...sent, identifier: 'nowhere' }, 'nowhere')).status).toBe(404);
    expect((await ng.as('A1', [{ role: 'viewer' }])('PUT', `${BINDINGS}/again?${SHOP}`, sent)).status).toBe(403);
  });

  it('a binding is tried part by part without being made', async () => {
    const principal = await robot('tried');
    const roleAssignment = {
      roleIdentifier: '_project_viewer',
      resourceGroupIdentifier: '_all_project_level_resources',
      principal,
    };
    const tried = (
      change: object,
      asked: object = { validatePrincipal: true, validateRole: true, validateResourceGroup: true },
    ) =>
      data(
        admin('POST', `${BINDINGS}/validate?${SHOP}`, { roleAssignment: { ...roleAssignment, ...change }, ...asked }),
      );
    const valid = { valid: true, errorMessage: null };
    const not = (text: string) => ({ valid: false, errorMessage: expect.stringContaining(text) });
    expect(await tried({})).toEqual({
      principalValidationResult: valid,
      roleValidationResult: valid,
      resourceGroupValidationResult: valid,
    });
    expect(await tried({}, { validateRole: true })).toEqual({
      principalValidationResult: null,
      roleValidationResult: valid,
      resourceGroupValidationResult: null,
    });
    expect(await tried({ principal: { identifier: 'nobody', type: 'SERVICE_ACCOUNT' } })).toEqual({
      principalValidationResult: not('nobody'),
      roleValidationResult: valid,
      resourceGroupValidationResult: valid,
    });
    expect(await tried({ roleIdentifier: 'my_own' })).toEqual({
      principalValidationResult: valid,
      roleValidationResult: not('write one of _project_admin'),
      resourceGroupValidationResult: not('my_own'),
    });
    expect(await tried({ resourceGroupIdentifier: 'some_secrets' })).toMatchObject({
      roleValidationResult: valid,
      resourceGroupValidationResult: not('write _all_project_level_resources'),
    });
    expect((await data(admin('POST', `${BINDINGS}/filter?${SHOP}`, { principalFilter: [principal] }))).content).toEqual(
      [],
    );
  });

  it('what is bound is read at once, with the roles and groups it names', async () => {
    const principal = await robot('together');
    await data(
      admin('POST', `${BINDINGS}?${SHOP}`, {
        identifier: 'together',
        roleIdentifier: '_project_viewer',
        resourceGroupIdentifier: '_all_project_level_resources',
        principal,
      }),
    );
    const aggregate = (filter: object) => data(admin('POST', `${BINDINGS}/aggregate?${SHOP}`, filter));
    expect(await aggregate({ principalFilter: [principal] })).toMatchObject({
      roleAssignments: [{ identifier: 'together', roleIdentifier: '_project_viewer', principal }],
      scope: { accountIdentifier: 'A1', orgIdentifier: 'o', projectIdentifier: 'shop' },
      roles: [{ role: { identifier: '_project_viewer', allowedScopeLevels: ['project'] }, harnessManaged: true }],
      resourceGroups: [{ identifier: '_all_project_level_resources', resourceFilter: { includeAllResources: true } }],
    });
    expect(await aggregate({ disabledFilter: [true] })).toMatchObject({
      roleAssignments: [],
      roles: [],
      resourceGroups: [],
    });
  });

  describe('roles and resource groups of clients', () => {
    const GROUPS = '/resourcegroup/api/v2/resourcegroup';
    const ROLES = '/authz/api/roles';
    const role = {
      identifier: 'mine',
      name: 'Mine',
      description: 'd',
      tags: { a: 'b' },
      permissions: ['core_secret_view', 'core_pipeline_execute'],
      allowedScopeLevels: ['project'],
    };
    const group = {
      identifier: 'mine',
      name: 'Mine',
      description: 'd',
      tags: { a: 'b' },
      color: '#ff0000',
      accountIdentifier: 'A1',
      orgIdentifier: 'o',
      projectIdentifier: 'shop',
      allowedScopeLevels: ['project'],
      includedScopes: [
        { filter: 'EXCLUDING_CHILD_SCOPES', accountIdentifier: 'A1', orgIdentifier: 'o', projectIdentifier: 'shop' },
      ],
      resourceFilter: {
        includeAllResources: false,
        resources: [
          { resourceType: 'CONNECTOR', attributeFilter: { attributeName: 'category', attributeValues: ['CODE_REPO'] } },
          { resourceType: 'SECRET', identifiers: ['db_password'] },
        ],
      },
    };

    it('a role is kept, given back as it was sent with a word that it gives no right, changed and deleted', async () => {
      const made = await data(admin('POST', `${ROLES}?${SHOP}`, role));
      expect(made).toMatchObject({
        role,
        scope: { accountIdentifier: 'A1', orgIdentifier: 'o', projectIdentifier: 'shop' },
        harnessManaged: false,
        warnings: [{ field: 'role', message: expect.stringContaining('gives no right') }],
      });
      expect(await data(admin('GET', `${ROLES}/mine?${SHOP}`))).toEqual(made);
      expect((await data(admin('GET', `${ROLES}?${SHOP}&searchTerm=mine`))).content).toEqual([made]);
      expect((await admin('GET', `${ROLES}/mine?${ORG}`)).status).toBe(404);
      expect(await admin('POST', `${ROLES}?${SHOP}`, role)).toMatchObject({
        status: 409,
        body: { code: 'DUPLICATE_FIELD' },
      });
      const second = { identifier: 'mine', name: 'Second' };
      expect(await data(admin('PUT', `${ROLES}/mine?${SHOP}`, second))).toMatchObject({
        role: { ...second, description: '', tags: {}, permissions: [], allowedScopeLevels: ['project'] },
      });
      expect((await admin('PUT', `${ROLES}/mine?${SHOP}`, { ...second, identifier: 'other' })).body).toMatchObject({
        errors: [{ fieldId: 'identifier' }],
      });
      expect(await data(admin('DELETE', `${ROLES}/mine?${SHOP}`))).toMatchObject({ role: second });
      expect((await admin('GET', `${ROLES}/mine?${SHOP}`)).body).toMatchObject({
        code: 'RESOURCE_NOT_FOUND_EXCEPTION',
      });
      expect((await admin('DELETE', `${ROLES}/mine?${SHOP}`)).status).toBe(404);
      const events = (
        await data(admin('POST', `/ng/api/audits/list?${SHOP}&pageSize=100`, { filterType: 'Audit' }))
      ).content.map(
        ({ action, resource }: { action: string; resource: { type: string; identifier: string } }) =>
          `${action} ${resource.type} ${resource.identifier}`,
      );
      expect(events).toEqual(expect.arrayContaining(['CREATE ROLE mine', 'UPDATE ROLE mine', 'DELETE ROLE mine']));
    });

    it('a resource group is kept, given back as it was sent with a word that it limits nothing, changed and deleted', async () => {
      const made = await data(admin('POST', `${GROUPS}?${SHOP}`, { resourceGroup: group }));
      expect(made).toMatchObject({
        resourceGroup: group,
        harnessManaged: false,
        warnings: [{ field: 'resourceGroup', message: expect.stringContaining('limits no role') }],
      });
      expect(await data(admin('GET', `${GROUPS}/mine?${SHOP}`))).toEqual(made);
      expect((await data(admin('POST', `${GROUPS}/filter?${SHOP}`, { managedFilter: 'ONLY_CUSTOM' }))).content).toEqual(
        [made],
      );
      expect(
        (await data(admin('POST', `${GROUPS}/filter?${SHOP}`, { managedFilter: 'ONLY_MANAGED' }))).totalItems,
      ).toBe(2);
      const second = { identifier: 'mine', name: 'Second' };
      expect(
        (await data(admin('PUT', `${GROUPS}/mine?${SHOP}`, { resourceGroup: second }))).resourceGroup,
      ).toMatchObject({
        ...second,
        description: '',
        tags: {},
        includedScopes: [],
        resourceFilter: { includeAllResources: false, resources: [] },
      });
      expect((await data(admin('DELETE', `${GROUPS}/mine?${SHOP}`))).resourceGroup).toMatchObject(second);
      expect((await admin('GET', `${GROUPS}/mine?${SHOP}`)).status).toBe(404);
    });

    it('neither is bound to anybody, and the refusal says what to write', async () => {
      const principal = await robot('hopeful');
      await data(admin('POST', `${ROLES}?${SHOP}`, { ...role, identifier: 'own_role' }));
      await data(admin('POST', `${GROUPS}?${SHOP}`, { resourceGroup: { ...group, identifier: 'own_group' } }));
      const bind = async (roleIdentifier: string, resourceGroupIdentifier: string) =>
        (await admin('POST', `${BINDINGS}?${SHOP}`, { roleIdentifier, resourceGroupIdentifier, principal })).body;
      expect(await bind('own_role', ALL)).toMatchObject({
        errors: [{ fieldId: 'roleIdentifier' }],
        message: expect.stringContaining(
          'gives no right: roles are built in and cannot be made; write one of _project_admin',
        ),
      });
      expect(await bind('_project_viewer', 'own_group')).toMatchObject({
        errors: [{ fieldId: 'resourceGroupIdentifier' }],
        message: expect.stringContaining('write _all_project_level_resources or'),
      });
    });

    it('names of what is built in are not taken, and others may neither write nor see them', async () => {
      for (const [path, body] of [
        [ROLES, { ...role, identifier: '_project_viewer' }],
        [GROUPS, { resourceGroup: { ...group, identifier: '_mine' } }],
      ] as const) {
        expect((await admin('POST', `${path}?${SHOP}`, body)).body).toMatchObject({
          code: 'INVALID_REQUEST',
          message: expect.stringContaining('must not begin with an underscore'),
        });
        expect((await ng.as('A1', [{ role: 'viewer' }])('POST', `${path}?${SHOP}`, body)).status).toBe(403);
        expect(
          (await ng.as('B1')('GET', `${path}/own_${path === ROLES ? 'role' : 'group'}?accountIdentifier=B1`)).status,
        ).toBe(404);
      }
    });
  });
});
