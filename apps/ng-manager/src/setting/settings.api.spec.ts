import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startNgManager, type NgManagerUnderTest } from '../testing/ng-manager-under-test.js';

const A1 = 'accountIdentifier=A1&routingId=A1';
const ORG = `${A1}&orgIdentifier=o`;
const PROJECT = `${ORG}&projectIdentifier=p`;
const PIPELINE = 'dbops_llm_authoring_pipeline';

describe('settings and delegates', () => {
  let ng: NgManagerUnderTest;
  let call: ReturnType<NgManagerUnderTest['as']>;
  const change = async (scope: string, item: object) =>
    (await call('PUT', `/ng/api/settings?${scope}`, [item])).body.data[0];
  const value = async (scope: string, identifier = PIPELINE) =>
    (await call('GET', `/ng/api/settings/${identifier}?${scope}`)).body.data.value;
  const names = async (query: string): Promise<string[]> =>
    (await call('GET', `/ng/api/settings?${query}`)).body.data.map(
      ({ setting }: { setting: { identifier: string } }) => setting.identifier,
    );

  beforeAll(async () => {
    ng = await startNgManager();
    call = ng.as('A1');
    await call('POST', `/ng/api/organizations?${A1}`, { organization: { identifier: 'o', name: 'O' } });
    await call('POST', `/ng/api/projects?${ORG}`, { project: { identifier: 'p', name: 'P' } });
  }, 300_000);
  afterAll(() => ng.stop());

  it('lists everything without a category, by category and group, and without what belongs to scopes above', async () => {
    const all = await names(PROJECT);
    expect(all).toEqual(
      expect.arrayContaining([
        'upload_logs_via_harness',
        PIPELINE,
        'dbops_drone_image_version_override',
        'dbops_inject_database_secrets_at_runtime',
        'dbops_inject_custom_shell_script_secrets',
        'provide_step_group_registry_credentials',
      ]),
    );
    expect(await names(`${PROJECT}&includeParentScopes=true`)).toEqual(all);
    expect(await names(`${PROJECT}&category=PMS`)).toEqual(['provide_step_group_registry_credentials']);
    expect(await names(`${PROJECT}&category=CI&includeParentScopes=false`)).toEqual([]);
    expect(await names(`${PROJECT}&category=STO`)).toEqual([]);
    expect(await names(`${PROJECT}&category=DBOPS&group=none`)).toEqual([]);
  });

  it('every field is there', async () => {
    const [{ setting, lastModifiedAt }] = (await call('GET', `/ng/api/settings?${ORG}&category=CI`)).body.data;
    expect(setting).toEqual({
      identifier: 'upload_logs_via_harness',
      name: 'Upload Logs Via Harness',
      orgIdentifier: 'o',
      projectIdentifier: null,
      category: 'CI',
      groupIdentifier: null,
      valueType: 'Boolean',
      allowedValues: ['true', 'false'],
      allowOverrides: false,
      value: 'false',
      defaultValue: 'false',
      settingSource: 'DEFAULT',
      isSettingEditable: false,
      allowedScopes: ['ACCOUNT'],
    });
    expect(lastModifiedAt).toBeNull();
  });

  it('values go down the scopes until a lower one says otherwise, or a higher one forbids it', async () => {
    await change(A1, { identifier: PIPELINE, value: 'of the account', allowOverrides: true, updateType: 'UPDATE' });
    expect(
      await change(PROJECT, { identifier: `${PIPELINE}_id`, value: 'of the project', updateType: 'UPDATE' }),
    ).toMatchObject({
      identifier: `${PIPELINE}_id`,
      updateStatus: true,
      errorMessage: null,
      setting: { settingSource: 'PROJECT', value: 'of the project' },
    });
    expect([await value(A1), await value(ORG), await value(PROJECT), await value(PROJECT, `${PIPELINE}_id`)]).toEqual([
      'of the account',
      'of the account',
      'of the project',
      'of the project',
    ]);
    await change(ORG, { identifier: PIPELINE, value: 'of the org', allowOverrides: false, updateType: 'UPDATE' });
    expect(await value(PROJECT)).toBe('of the org');
    const refused = await change(PROJECT, { identifier: PIPELINE, value: 'again', updateType: 'UPDATE' });
    expect(refused).toMatchObject({
      updateStatus: false,
      setting: null,
      errorMessage: expect.stringContaining('allows overrides'),
    });
    expect(await change(ORG, { identifier: PIPELINE, updateType: 'RESTORE' })).toMatchObject({
      updateStatus: true,
      setting: { settingSource: 'ACCOUNT', value: 'of the account' },
    });
    expect(await value(PROJECT)).toBe('of the project');
  });

  it('each item is refused by itself, naming what is wrong', async () => {
    const { body } = await call('PUT', `/ng/api/settings?${A1}`, [
      { identifier: 'upload_logs_via_harness', value: 'perhaps', updateType: 'UPDATE' },
      { identifier: 'nothing', value: 'x', updateType: 'UPDATE' },
      { identifier: 'upload_logs_via_harness', value: 'true', allowOverrides: true, updateType: 'UPDATE' },
    ]);
    expect(body.data).toMatchObject([
      { updateStatus: false, errorMessage: expect.stringContaining('true or false') },
      { updateStatus: false, errorMessage: expect.stringContaining('nothing') },
      { updateStatus: true, setting: { allowOverrides: false } },
    ]);
    expect((await call('PUT', `/ng/api/settings?${A1}`, [{ identifier: 'x', updateType: 'GUESS' }])).status).toBe(400);
    expect(
      (await ng.as('B1')('GET', '/ng/api/settings/upload_logs_via_harness?accountIdentifier=B1')).body.data.value,
    ).toBe('false');
  });

  it('delegates are filtered by every key', async () => {
    const replica = {
      scope: { accountId: 'A1', orgId: '', projectId: '' },
      version: '0.1.0',
      tokenName: 'one',
      taskKinds: [],
      runningTasks: 0,
      instanceId: 'i',
      lastHeartbeatMs: 10,
    };
    ng.delegateService.delegates = [
      { ...replica, id: 'r1', name: 'alpha', hostName: 'host-a', tags: ['prod', 'eu'], connected: true },
      { ...replica, id: 'r2', name: 'beta', hostName: 'host-b', tags: ['dev'], connected: false },
    ];
    const found = async (filter: object): Promise<string[]> =>
      (
        await call('POST', `/ng/api/delegate-setup/listDelegates?${A1}&all=true`, { filterType: 'Delegate', ...filter })
      ).body.resource.map(({ name }: { name: string }) => name);
    const cases: readonly (readonly [object, readonly string[]])[] = [
      [{}, ['alpha', 'beta']],
      [{ status: 'CONNECTED' }, ['alpha']],
      [{ status: 'disconnected' }, ['beta']],
      [{ status: 'ENABLED' }, ['alpha', 'beta']],
      [{ status: 'DELETED' }, []],
      [{ status: 'WAITING_FOR_APPROVAL' }, []],
      [{ delegateName: 'ALPH' }, ['alpha']],
      [{ hostName: 'host-b' }, ['beta']],
      [{ delegateTags: ['prod', 'eu'] }, ['alpha']],
      [{ delegateTags: ['prod', 'dev'] }, []],
      [{ delegateGroupIdentifier: 'beta' }, ['beta']],
      [{ delegateType: 'KUBERNETES' }, ['alpha', 'beta']],
      [{ delegateType: 'ECS' }, []],
      [{ autoUpgrade: 'OFF' }, ['alpha', 'beta']],
      [{ autoUpgrade: 'ON' }, []],
      [{ delegateInstanceFilter: 'EXPIRED' }, []],
      [{ delegateInstanceFilter: 'AVAILABLE', versionStatus: 'ACTIVE', description: null }, ['alpha', 'beta']],
      [{ description: 'x' }, []],
    ];
    for (const [filter, names] of cases) expect([filter, await found(filter)]).toEqual([filter, names]);
  });

  it('delegate tokens are echoed with their end; a delegate is installed with values that name the token', async () => {
    const revokeAfter = Date.now() + 3_600_000;
    const made = await call('POST', `/ng/api/delegate-token-ng?${PROJECT}&tokenName=ends&revokeAfter=${revokeAfter}`);
    expect(made.body.resource).toMatchObject({
      name: 'ends',
      accountId: 'A1',
      status: 'ACTIVE',
      revokeAfter,
      ownerIdentifier: 'o/p',
      createdByNgUser: { type: 'USER' },
      value: expect.any(String),
      parentUniqueId: null,
    });
    expect((await call('PUT', `/ng/api/delegate-token-ng/ends?${PROJECT}&status=ACTIVE`)).body).toMatchObject({
      code: 'INVALID_REQUEST',
    });
    for (const path of [
      '/ng/api/delegate-token-ng/delegate-groups?delegateTokenName=ends&',
      '/ng/api/delegate-token-ng/ends/delegates?',
    ])
      expect((await call('GET', `${path}${PROJECT}`)).body.resource).toEqual({ delegateGroupDetails: [] });
    expect((await call('GET', `/ng/api/delegate-setup/latest-supported-version?${A1}`)).body.resource).toMatchObject({
      latestSupportedVersion: expect.any(String),
      latestSupportedMinimalVersion: expect.any(String),
    });
    const user = {
      ...(await ng.identities.headers('ng-manager', {
        accountId: 'A1',
        principal: { type: 'user', id: 'u', name: 'U', email: 'u@a1.example' },
        grants: [{ role: 'account_admin' }],
      })),
      'content-type': 'application/json',
    };
    const values = await fetch(`${ng.app.url}/ng/api/delegate-setup/generate-helm-values?${PROJECT}`, {
      method: 'POST',
      headers: user,
      body: JSON.stringify({ name: 'shop-delegate', tokenName: 'ends', tags: ['prod'], size: 'MEDIUM' }),
    });
    expect([values.status, values.headers.get('content-type')]).toEqual([200, 'application/yaml; charset=utf-8']);
    expect(await values.text()).toMatch(
      /^delegateName: "shop-delegate"\n[^]*delegateTokenName: "ends"\n[^]*tags: "prod"\nreplicas: 2\n/,
    );
    expect(
      (await call('POST', `/ng/api/delegate-setup/generate-helm-values?${PROJECT}`, { name: 'x', tokenName: 'none' }))
        .status,
    ).toBe(404);
  });
});
