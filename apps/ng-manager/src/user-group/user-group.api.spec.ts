import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startNgManager, type HttpAnswer, type NgManagerUnderTest } from '../testing/ng-manager-under-test.js';

const A1 = 'accountIdentifier=A1';
const SHOP = `${A1}&orgIdentifier=o&projectIdentifier=shop`;
const inShop = { orgId: 'o', projectId: 'shop' };
const HOOK = 'https://hooks.example/services/T000/B000/very-private';
const TEAMS = 'https://teams.example/webhook/also-private';
const PAGER = 'pager-key-private';
const CONFIGS = [
  { type: 'SLACK', slackWebhookUrl: HOOK },
  { type: 'EMAIL', groupEmail: 'team@a1.example', sendEmailToAllUsers: true },
  { type: 'MSTEAMS', microsoftTeamsWebhookUrl: TEAMS },
  { type: 'PAGERDUTY', pagerDutyKey: PAGER },
  { type: 'EMAIL', sendEmailToAllUsers: true },
  { type: 'SLACK', slackWebhookUrl: `${HOOK}-2` },
] as const;
const WITHOUT_ADDRESSES = [
  { type: 'SLACK' },
  { type: 'EMAIL', groupEmail: 'team@a1.example', sendEmailToAllUsers: true },
  { type: 'MSTEAMS' },
  { type: 'PAGERDUTY' },
  { type: 'EMAIL', sendEmailToAllUsers: true },
  { type: 'SLACK' },
];

describe('user groups as existing clients write them', () => {
  let ng: NgManagerUnderTest;
  let admin: ReturnType<NgManagerUnderTest['as']>;
  const data = async (answer: Promise<HttpAnswer>) => {
    const { status, body } = await answer;
    expect([status, body.message]).toEqual([200, undefined]);
    return body.data;
  };
  const groupOf = (identifier: string, more: object = {}) => ({
    identifier,
    name: identifier,
    accountIdentifier: 'A1',
    orgIdentifier: 'o',
    projectIdentifier: 'shop',
    ...more,
  });
  const write = (method: 'POST' | 'PUT', group: object, path = '/ng/api/user-groups') =>
    admin(method, `${path}?${SHOP}`, group);
  const read = (identifier: string, as = admin) => data(as('GET', `/ng/api/user-groups/${identifier}?${SHOP}`));
  const newUser = async (name: string): Promise<string> =>
    (await data(admin('POST', `/ng/api/user?${A1}`, { email: `${name}@a1.example`, name }))).uuid;

  beforeAll(async () => {
    ng = await startNgManager();
    admin = ng.as('A1');
    await data(admin('POST', `/ng/api/organizations?${A1}`, { organization: { identifier: 'o', name: 'O' } }));
    await data(
      admin('POST', `/ng/api/projects?${A1}&orgIdentifier=o`, { project: { identifier: 'shop', name: 'shop' } }),
    );
  }, 300_000);
  afterAll(() => ng.stop());

  describe('notifications', () => {
    it('come back as they were sent, in that order, from every answer, which says that nothing is sent to them yet', async () => {
      const warnings = [
        { field: 'notificationConfigs', message: expect.stringContaining('nothing is sent to it yet') },
      ];
      const user = await newUser('told');
      const made = await data(write('POST', groupOf('told', { notificationConfigs: CONFIGS })));
      expect(made).toMatchObject({ notificationConfigs: CONFIGS, warnings });
      expect(await read('told')).toEqual(made);
      expect((await data(admin('GET', `/ng/api/user-groups?${SHOP}&searchTerm=told`))).content).toEqual([made]);
      expect(await data(admin('PUT', `/ng/api/user-groups/told/member/${user}?${SHOP}`))).toEqual({
        ...made,
        users: [user],
      });
      const turned = [...CONFIGS].reverse();
      expect(await data(write('PUT', groupOf('told', { notificationConfigs: turned })))).toMatchObject({
        notificationConfigs: turned,
        users: [],
        warnings,
      });
      const cleared = await data(write('PUT', groupOf('told')));
      expect([cleared.notificationConfigs, cleared.warnings]).toEqual([[], undefined]);
      expect(await read('told')).toEqual(cleared);
    });

    it('empty values of the other kinds, as typed clients send them, are left out', async () => {
      const empty = {
        groupEmail: '',
        sendEmailToAllUsers: false,
        slackWebhookUrl: '',
        microsoftTeamsWebhookUrl: '',
        pagerDutyKey: '',
      };
      const made = await data(
        write(
          'POST',
          groupOf('typed', {
            notificationConfigs: CONFIGS.map((config) => ({ ...empty, ...config })),
            linkedSsoId: '',
            ssoLinked: false,
          }),
        ),
      );
      expect(made.notificationConfigs).toEqual(CONFIGS);
    });

    it('addresses and keys are encrypted at rest, in no audit event, and shown only to who may change the group', async () => {
      await data(write('POST', groupOf('quiet', { notificationConfigs: CONFIGS })));
      const viewer = ng.as('A1', [{ role: 'viewer', ...inShop }]);
      const seen = await read('quiet', viewer);
      expect(seen.notificationConfigs).toEqual(WITHOUT_ADDRESSES);
      expect((await data(viewer('GET', `/ng/api/user-groups?${SHOP}&searchTerm=quiet`))).content).toEqual([seen]);
      expect((await read('quiet', ng.as('A1', [{ role: 'project_admin', ...inShop }]))).notificationConfigs).toEqual(
        CONFIGS,
      );
      await data(write('PUT', groupOf('quiet', { name: 'Renamed', notificationConfigs: CONFIGS })));
      const stored = await ng.pg.query<{ row: string }>(
        ng.database,
        `SELECT to_jsonb(t)::text || encode(coalesce(ciphertext, ''), 'escape') AS row FROM user_groups t UNION ALL SELECT to_jsonb(a)::text FROM audit_events a`,
      );
      const texts = stored.map(({ row }) => row).join('\n');
      expect(texts).toContain('team@a1.example');
      for (const secret of ['very-private', 'also-private', PAGER]) expect(texts).not.toContain(secret);
    });

    it.each<[string, object, string, string]>([
      [
        'of no known kind',
        { type: 'PIGEON' },
        'notificationConfigs.0.type',
        'type must be EMAIL, SLACK, MSTEAMS or PAGERDUTY',
      ],
      [
        'to nobody',
        { type: 'EMAIL', groupEmail: '', sendEmailToAllUsers: false },
        'notificationConfigs.0',
        'send groupEmail, or sendEmailToAllUsers true',
      ],
      ['to what is no e-mail address', { type: 'EMAIL', groupEmail: 'team' }, 'notificationConfigs.0.groupEmail', ''],
      [
        'to an address without TLS',
        { type: 'SLACK', slackWebhookUrl: 'http://hooks.example/x' },
        'notificationConfigs.0.slackWebhookUrl',
        'must be an https address',
      ],
      ['without an address', { type: 'MSTEAMS' }, 'notificationConfigs.0.microsoftTeamsWebhookUrl', ''],
      [
        'by a reference to a secret',
        { type: 'PAGERDUTY', pagerDutyKey: '<+secrets.getValue("account.pager")>' },
        'notificationConfigs.0.pagerDutyKey',
        'a reference to a secret is not resolved here',
      ],
      [
        'of two kinds at once',
        { type: 'SLACK', slackWebhookUrl: HOOK, pagerDutyKey: PAGER },
        'notificationConfigs.0.pagerDutyKey',
        '',
      ],
    ])('%s are refused by field', async (_, config, field, text) => {
      const { status, body } = await write('POST', groupOf('refused', { notificationConfigs: [config] }));
      expect([status, body.errors[0].fieldId]).toEqual([400, field]);
      expect(body.message).toContain(text);
      expect((await admin('GET', `/ng/api/user-groups/refused?${SHOP}`)).status).toBe(404);
    });
  });

  it.each([
    ['ssoLinked', true],
    ['linkedSsoId', 'okta'],
    ['ssoGroupName', 'staff'],
    ['externallyManaged', true],
  ])('a group that asks to be filled from outside by %s is refused with what to do instead', async (field, value) => {
    const { status, body } = await write('POST', groupOf('refused', { [field]: value }));
    expect([status, body.errors[0].fieldId, body.message]).toEqual([
      400,
      field,
      expect.stringContaining('list the members in users'),
    ]);
  });

  it('members are named by e-mail address in the second version, and come back with it in the order they were sent in', async () => {
    const [amy, bea, cleo] = [await newUser('amy'), await newUser('bea'), await newUser('cleo')];
    const path = '/ng/api/v2/user-groups';
    const byMail = (...names: string[]) => names.map((name) => `${name}@a1.example`);
    const person = (uuid: string | undefined, name: string) => ({ uuid, name, email: `${name}@a1.example` });
    const sent = groupOf('mailed', { description: 'd', tags: { a: 'b' }, notificationConfigs: CONFIGS });
    expect(await data(write('POST', { ...sent, users: byMail('cleo', 'amy') }, path))).toMatchObject({
      ...sent,
      users: [person(cleo, 'cleo'), person(amy, 'amy')],
      externallyManaged: false,
    });
    expect((await read('mailed')).users).toEqual([cleo, amy]);
    expect((await data(write('PUT', { ...sent, users: ['Bea@A1.example', ...byMail('cleo')] }, path))).users).toEqual([
      person(bea, 'bea'),
      person(cleo, 'cleo'),
    ]);
    expect((await data(write('PUT', sent, path))).users).toEqual([]);
    expect((await data(write('PUT', { ...sent, users: byMail('bea', 'cleo') }, path))).users).toEqual([
      person(bea, 'bea'),
      person(cleo, 'cleo'),
    ]);
    const refused = await write('PUT', { ...sent, users: byMail('amy', 'nobody') }, path);
    expect([refused.status, refused.body.errors[0].fieldId, refused.body.message]).toEqual([
      404,
      'users.1',
      expect.stringContaining('"nobody@a1.example" is no user of account A1; add the user first'),
    ]);
    expect((await read('mailed')).users).toEqual([bea, cleo]);
    expect((await write('POST', groupOf('other', { users: ['amy'] }), path)).body).toMatchObject({
      errors: [{ fieldId: 'users.0' }],
    });
    expect((await ng.as('A1', [{ role: 'viewer' }])('POST', `${path}?${SHOP}`, groupOf('other'))).status).toBe(403);
    expect(
      (await ng.as('B1')('POST', `${path}?accountIdentifier=B1`, { identifier: 'g', name: 'g', users: byMail('amy') }))
        .status,
    ).toBe(404);
  });

  describe('lists', () => {
    const names = (rows: readonly { readonly identifier: string; readonly projectIdentifier?: string | null }[]) =>
      rows
        .filter(({ identifier }) => identifier.startsWith('reach_'))
        .map(({ identifier }) => identifier)
        .sort();
    const list = async (scope: string, filterType: string, as = admin) =>
      names(
        (
          await data(
            as(
              'GET',
              `/ng/api/user-groups?${scope}&pageSize=100${filterType === '' ? '' : `&filterType=${filterType}`}`,
            ),
          )
        ).content,
      );
    const batch = async (body: object, as = admin, account = 'A1') =>
      as('POST', `/ng/api/user-groups/batch?accountIdentifier=${account}`, { accountIdentifier: account, ...body });
    const shop = { orgIdentifier: 'o', projectIdentifier: 'shop' };
    let member: string;
    beforeAll(async () => {
      member = await newUser('reached');
      const config = { notificationConfigs: [{ type: 'SLACK', slackWebhookUrl: HOOK }] };
      await data(admin('POST', `/ng/api/user-groups?${A1}`, { identifier: 'reach_account', name: 'a', ...config }));
      await data(
        admin('POST', `/ng/api/user-groups?${A1}&orgIdentifier=o`, {
          identifier: 'reach_org',
          name: 'o',
          orgIdentifier: 'o',
        }),
      );
      await data(write('POST', groupOf('reach_shop', { users: [member], ...config })));
      await data(
        admin('POST', `/ng/api/projects?${A1}&orgIdentifier=o`, { project: { identifier: 'other', name: 'other' } }),
      );
      await data(
        admin('POST', `/ng/api/user-groups?${A1}&orgIdentifier=o&projectIdentifier=other`, {
          identifier: 'reach_other',
          name: 'x',
          orgIdentifier: 'o',
          projectIdentifier: 'other',
        }),
      );
    });

    it.each([
      ['', SHOP, ['reach_shop']],
      ['EXCLUDE_INHERITED_GROUPS', SHOP, ['reach_shop']],
      ['INCLUDE_INHERITED_GROUPS', SHOP, ['reach_account', 'reach_org', 'reach_shop']],
      ['INCLUDE_PARENT_SCOPE_GROUPS', `${A1}&orgIdentifier=o`, ['reach_account', 'reach_org']],
      ['INCLUDE_CHILD_SCOPE_GROUPS', SHOP, ['reach_shop']],
      ['INCLUDE_CHILD_SCOPE_GROUPS', `${A1}&orgIdentifier=o`, ['reach_org', 'reach_other', 'reach_shop']],
      ['INCLUDE_CHILD_SCOPE_GROUPS', A1, ['reach_account', 'reach_org', 'reach_other', 'reach_shop']],
    ])('reach with filterType "%s" of %s what it says', async (filterType, scope, expected) => {
      expect(await list(scope, filterType)).toEqual(expected);
    });

    it('reach into other scopes only where the caller may see people, and show addresses only of groups they may change', async () => {
      const ofShop = ng.as('A1', [{ role: 'project_admin', ...inShop }]);
      expect(await list(SHOP, 'INCLUDE_INHERITED_GROUPS', ofShop)).toEqual(['reach_shop']);
      const viewing = ng.as('A1', [{ role: 'project_admin', ...inShop }, { role: 'viewer' }]);
      const rows: { readonly identifier: string; readonly notificationConfigs: readonly object[] }[] = (
        await data(
          viewing(
            'GET',
            `/ng/api/user-groups?${SHOP}&filterType=INCLUDE_INHERITED_GROUPS&pageSize=100&searchTerm=reach_`,
          ),
        )
      ).content;
      expect(
        Object.fromEntries(rows.map(({ identifier, notificationConfigs }) => [identifier, notificationConfigs])),
      ).toEqual({
        reach_account: [{ type: 'SLACK' }],
        reach_org: [],
        reach_shop: [{ type: 'SLACK', slackWebhookUrl: HOOK }],
      });
      expect((await admin('GET', `/ng/api/user-groups?${SHOP}&filterType=ALL`)).status).toBe(400);
    });

    it('are narrowed by identifier, member and text, together', async () => {
      const found = async (body: object) => names(await data(batch({ ...shop, ...body })));
      expect(await found({ identifierFilter: ['reach_shop', 'reach_org'] })).toEqual(['reach_shop']);
      expect(
        await found({ identifierFilter: ['reach_shop', 'reach_org'], filterType: 'INCLUDE_INHERITED_GROUPS' }),
      ).toEqual(['reach_org', 'reach_shop']);
      expect(await found({ userIdentifierFilter: [member] })).toEqual(['reach_shop']);
      expect(await found({ userIdentifierFilter: ['nobody'] })).toEqual([]);
      expect(await found({ userIdentifierFilter: [member], searchTerm: 'reach_org' })).toEqual([]);
      expect(await found({ databaseIdFilter: ['no-uuid'] })).toEqual([]);
      expect(await found({ searchTerm: 'reach_', identifierFilter: [] })).toEqual(['reach_shop']);
    });

    it('of another account are not reached by its names', async () => {
      expect(
        await data(batch({ filterType: 'INCLUDE_CHILD_SCOPE_GROUPS', searchTerm: 'reach_' }, ng.as('B1'), 'B1')),
      ).toEqual([]);
      expect(
        (await ng.as('B1')('POST', '/ng/api/user-groups/batch?accountIdentifier=B1', { accountIdentifier: 'A1' }))
          .status,
      ).toBe(403);
      expect(
        (
          await ng.as('A1', [{ role: 'viewer', orgId: 'o', projectId: 'other' }])(
            'POST',
            `/ng/api/user-groups/batch?${A1}`,
            { accountIdentifier: 'A1', ...shop },
          )
        ).status,
      ).toBe(403);
    });
  });
});
