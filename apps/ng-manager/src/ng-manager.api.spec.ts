import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { waitFor } from '@sluice/kernel';
import { aDbSchema } from './testing/dbdevops-double.js';
import { startNgManager, type NgManagerUnderTest } from './testing/ng-manager-under-test.js';

const PROJECT = 'accountIdentifier=A1&orgIdentifier=default&projectIdentifier=shop';
const inProject = { orgIdentifier: 'default', projectIdentifier: 'shop' };
const textSecret = (identifier: string, value: string | null, extra: object = inProject) => ({
  secret: {
    type: 'SecretText',
    identifier,
    name: identifier,
    ...extra,
    spec: { type: 'SecretTextSpec', secretManagerIdentifier: 'harnessSecretManager', valueType: 'Inline', value },
  },
});
const jdbc = (identifier: string, passwordRef: string, extra: object = inProject) => ({
  connector: {
    identifier,
    name: identifier,
    ...extra,
    type: 'JDBC',
    tags: { team: 'one' },
    spec: {
      url: 'jdbc:postgresql://db.example:5432/orders',
      auth: { type: 'UsernamePassword', spec: { username: 'app', passwordRef } },
      delegateSelectors: ['prod'],
      executeOnDelegate: true,
    },
  },
});
const git = (identifier: string, spec: object = {}, extra: object = inProject) => ({
  connector: {
    identifier,
    name: identifier,
    ...extra,
    type: 'Git',
    spec: { url: 'https://git.example.com/team/app.git', type: 'Http', connectionType: 'Repo', ...spec },
  },
});

describe('ng-manager', () => {
  let ng: NgManagerUnderTest;
  let call: ReturnType<NgManagerUnderTest['as']>;
  const post = (path: string, body?: unknown) => call('POST', path, body);
  const get = (path: string) => call('GET', path);

  beforeAll(async () => {
    ng = await startNgManager();
    call = ng.as('A1');
    await post('/ng/api/organizations?accountIdentifier=A1&routingId=A1', {
      organization: { identifier: 'default', name: 'Default' },
    });
    await post('/ng/api/projects?accountIdentifier=A1&orgIdentifier=default', {
      project: { orgIdentifier: 'default', identifier: 'shop', name: 'Shop', color: '#0063f7', modules: ['DBOPS'] },
    });
    await post(`/ng/api/v2/secrets?${PROJECT}`, textSecret('db_password', 's3cret-value'));
  }, 300_000);
  afterAll(() => ng.stop());

  describe('organizations and projects', () => {
    it('echoes what was created, in the envelope of the generation', async () => {
      const answer = await post('/ng/api/organizations?accountIdentifier=A1', {
        organization: { identifier: 'second', name: 'Second', description: 'd', tags: { a: 'b' } },
      });
      expect(answer.status).toBe(200);
      expect(answer.body).toMatchObject({
        status: 'SUCCESS',
        metaData: null,
        data: {
          organization: { identifier: 'second', name: 'Second', description: 'd', tags: { a: 'b' } },
          harnessManaged: false,
        },
      });
      expect(answer.body.correlationId).toBeTruthy();
    });

    it('lists with totals, search and order', async () => {
      const { body } = await get(
        '/ng/api/organizations?accountIdentifier=A1&searchTerm=DEF&sortOrders=name,ASC&pageIndex=0&pageSize=20',
      );
      expect(body.data).toMatchObject({
        totalItems: 1,
        totalPages: 1,
        pageIndex: 0,
        empty: false,
        content: [{ identifier: 'default', organization: { name: 'Default' } }],
      });
    });

    it('says clearly that a project needs an organization that exists', async () => {
      const answer = await post('/ng/api/projects?accountIdentifier=A1&orgIdentifier=nowhere', {
        project: { identifier: 'p', name: 'P' },
      });
      expect([answer.status, answer.body.code, answer.body.message]).toEqual([
        404,
        'RESOURCE_NOT_FOUND_EXCEPTION',
        'organization "nowhere" does not exist',
      ]);
    });

    it('refuses an identifier that is taken, naming it', async () => {
      const answer = await post('/ng/api/projects?accountIdentifier=A1&orgIdentifier=default', {
        project: { identifier: 'shop', name: 'Again' },
      });
      expect([answer.status, answer.body.code]).toEqual([409, 'DUPLICATE_FIELD']);
    });

    it('refuses an identifier of the wrong form, naming the field', async () => {
      const answer = await post('/ng/api/organizations?accountIdentifier=A1', {
        organization: { identifier: 'a-b', name: 'x' },
      });
      expect(answer.body).toMatchObject({
        status: 'FAILURE',
        code: 'INVALID_REQUEST',
        errors: [{ fieldId: 'organization.identifier' }],
      });
    });

    it('changes and deletes', async () => {
      await post('/ng/api/projects?accountIdentifier=A1&orgIdentifier=second', {
        project: { identifier: 'gone', name: 'Gone' },
      });
      const changed = await call('PUT', '/ng/api/projects/gone?accountIdentifier=A1&orgIdentifier=second', {
        project: { identifier: 'gone', name: 'Going', orgIdentifier: 'second' },
      });
      expect(changed.body.data.project.name).toBe('Going');
      const blocked = await call('DELETE', '/ng/api/organizations/second?accountIdentifier=A1');
      expect([blocked.status, blocked.body.code]).toEqual([400, 'ENTITY_REFERENCED']);
      expect(blocked.body.message).toContain('gone');
      expect((await call('DELETE', '/ng/api/projects/gone?accountIdentifier=A1&orgIdentifier=second')).body.data).toBe(
        true,
      );
      expect((await call('DELETE', '/ng/api/organizations/second?accountIdentifier=A1')).body.data).toBe(true);
      expect((await get('/ng/api/organizations/second?accountIdentifier=A1')).status).toBe(404);
    });

    it('keeps a project that has DB schemas unless told to force', async () => {
      await post('/ng/api/projects?accountIdentifier=A1&orgIdentifier=default', {
        project: { identifier: 'full', name: 'Full' },
      });
      ng.dbdevops.schemas.set('default/full/orders', aDbSchema('orders', { location: 'x' }));
      const blocked = await call('DELETE', '/ng/api/projects/full?accountIdentifier=A1&orgIdentifier=default');
      expect([blocked.body.code, blocked.body.message]).toEqual([
        'ENTITY_REFERENCED',
        expect.stringContaining('orders'),
      ]);
      expect(
        (await call('DELETE', '/ng/api/projects/full?accountIdentifier=A1&orgIdentifier=default&forceDelete=true')).body
          .data,
      ).toBe(true);
      expect(ng.dbdevops.schemas.size).toBe(0);
    });
  });

  describe('the /v1 twins', () => {
    it('speak bare bodies, 201, totals in headers and both names of the key', async () => {
      const made = await post('/v1/orgs', { org: { slug: 'twin', name: 'Twin', tags: { a: 'b' } } });
      expect([made.status, made.body]).toEqual([
        201,
        {
          org: { identifier: 'twin', slug: 'twin', name: 'Twin', description: '', tags: { a: 'b' } },
          created: expect.any(Number),
          updated: expect.any(Number),
          harness_managed: false,
        },
      ]);
      expect(
        (
          await post('/v1/orgs/twin/projects', {
            project: { identifier: 'p', name: 'P', org: 'twin', modules: ['DBOPS'] },
          })
        ).body.project,
      ).toMatchObject({ org: 'twin', modules: ['DBOPS'] });
      const listed = await get('/v1/orgs?search_term=twin&sort=name&order=ASC&accountIdentifier=A1&routingId=A1');
      expect([listed.headers.get('x-total-elements'), listed.headers.get('x-page-size'), listed.body.length]).toEqual([
        '1',
        '10',
        1,
      ]);
      expect(
        (await call('PUT', '/v1/orgs/twin/projects/p', { project: { identifier: 'p', name: 'Q' } })).body.project.name,
      ).toBe('Q');
      expect((await call('DELETE', '/v1/orgs/twin')).body.code).toBe('ENTITY_REFERENCED');
      expect((await call('DELETE', '/v1/orgs/twin/projects/p')).body.project.identifier).toBe('p');
      expect((await call('DELETE', '/v1/orgs/twin')).status).toBe(200);
      expect((await get('/v1/orgs/twin')).status).toBe(404);
      expect((await post('/v1/orgs', { org: { name: 'x' } })).body).toMatchObject({
        code: 'INVALID_REQUEST',
        message: expect.stringContaining('give identifier or slug'),
      });
    });
  });

  describe('secrets', () => {
    it('never returns an inline value', async () => {
      const { body } = await get(`/ng/api/v2/secrets/db_password?${PROJECT}`);
      expect(body.data.secret.spec).toEqual({
        secretManagerIdentifier: 'harnessSecretManager',
        valueType: 'Inline',
        value: null,
      });
      expect(JSON.stringify(body)).not.toContain('s3cret-value');
    });

    it('stores the value encrypted', async () => {
      const dump = JSON.stringify(await ng.pg.query(ng.database, 'SELECT * FROM secrets'));
      expect(dump).not.toContain('s3cret-value');
      expect(dump).not.toContain(Buffer.from('s3cret-value').toString('hex'));
    });

    it('keeps the stored value when an update leaves it out, and serves both list dialects', async () => {
      const before = await ng.pg.query<{ ciphertext: Buffer }>(
        ng.database,
        `SELECT ciphertext FROM secrets WHERE identifier = 'db_password'`,
      );
      const answer = await call('PUT', `/ng/api/v2/secrets/db_password?${PROJECT}`, textSecret('db_password', null));
      expect(answer.status).toBe(200);
      expect(await ng.pg.query(ng.database, `SELECT ciphertext FROM secrets WHERE identifier = 'db_password'`)).toEqual(
        before,
      );
      for (const path of ['/ng/api/v2/secrets/list', '/ng/api/v2/secrets/list/secrets']) {
        const { body } = await post(`${path}?${PROJECT}&pageIndex=0&pageSize=20`, {
          filterType: 'Secret',
          secretTypes: ['SecretText'],
          ...inProject,
        });
        expect(body.data.content.map((row: { identifier: string }) => row.identifier)).toEqual(['db_password']);
      }
    });

    it('needs a value, a known manager and a known type', async () => {
      expect((await post(`/ng/api/v2/secrets?${PROJECT}`, textSecret('x', null))).body.message).toContain(
        'needs a value',
      );
      const other = textSecret('x', 'v');
      other.secret.spec.secretManagerIdentifier = 'account.vault';
      expect((await post(`/ng/api/v2/secrets?${PROJECT}`, other)).body.code).toBe('INVALID_IDENTIFIER_REF');
      const file = await post(`/ng/api/v2/secrets?${PROJECT}`, {
        secret: { ...textSecret('x', 'v').secret, type: 'Floppy' },
      });
      expect([file.status, file.body.message]).toEqual([400, expect.stringContaining('secret type is not supported')]);
    });

    it('takes account-level secrets, with the scope in the query alone', async () => {
      const answer = await post('/ng/api/v2/secrets?accountIdentifier=A1', textSecret('shared', 'account-value', {}));
      expect(answer.body.data.secret).toMatchObject({
        identifier: 'shared',
        orgIdentifier: null,
        projectIdentifier: null,
      });
    });
  });

  describe('connectors', () => {
    it('echoes every field it was sent', async () => {
      const sent = jdbc('orders_db', 'db_password');
      const { body } = await post(`/ng/api/connectors?${PROJECT}`, sent);
      expect(body.data.connector).toEqual({ ...sent.connector, description: '' });
      expect(body.data).toMatchObject({ harnessManaged: false, status: null, entityValidityDetails: { valid: true } });
    });

    it('takes the scope from the body alone, as one client sends it', async () => {
      expect(
        (await post('/ng/api/connectors?accountIdentifier=A1', git('app_repo'))).body.data.connector,
      ).toMatchObject({ ...inProject, spec: { url: 'https://git.example.com/team/app.git' } });
      expect((await get(`/ng/api/connectors/app_repo?${PROJECT}`)).status).toBe(200);
    });

    it('refuses scopes that disagree, credentials in URLs, dangerous options, unknown secrets and unknown types', async () => {
      const [scope, url, option, secret, type] = await Promise.all([
        post('/ng/api/connectors?accountIdentifier=A1&orgIdentifier=other', git('x')),
        post(`/ng/api/connectors?${PROJECT}`, git('x', { url: 'https://user:pw@git.example.com/r.git' })),
        post(`/ng/api/connectors?${PROJECT}`, {
          connector: {
            ...jdbc('x', 'db_password').connector,
            spec: { url: 'jdbc:postgresql://h/d?socketFactory=x.Y' },
          },
        }),
        post(`/ng/api/connectors?${PROJECT}`, jdbc('x', 'account.nope')),
        post(`/ng/api/connectors?${PROJECT}`, { connector: { ...git('x').connector, type: 'Fax' } }),
      ]);
      expect(scope.body.message).toContain('orgIdentifier');
      expect(url.body.message).toContain('must not hold credentials');
      expect(option.body.message).toContain('socketFactory');
      expect([secret.body.code, secret.body.message]).toEqual([
        'INVALID_IDENTIFIER_REF',
        expect.stringContaining('connector.spec.auth.spec.passwordRef'),
      ]);
      expect([type.status, type.body.message]).toEqual([400, expect.stringContaining('use one of JDBC, Git')]);
    });

    it('has the built-in image connector and secret managers, which stay', async () => {
      expect((await get('/ng/api/connectors/harnessImage?accountIdentifier=A1')).body.data).toMatchObject({
        harnessManaged: true,
        connector: { type: 'DockerRegistry' },
      });
      expect((await get(`/ng/api/connectors/harnessSecretManager?${PROJECT}`)).body.data.connector.type).toBe('Local');
      expect((await call('DELETE', '/ng/api/connectors/harnessImage?accountIdentifier=A1')).status).toBe(400);
    });

    it('lists by both routes, with filters and with what is available from above', async () => {
      const own = await post(`/ng/api/connectors/listV2?${PROJECT}&pageIndex=0&pageSize=20`, {
        filterType: 'Connector',
        types: ['JDBC'],
        ...inProject,
      });
      expect(own.body.data.content).toMatchObject([
        { identifier: 'orders_db', type: 'JDBC', connector: { identifier: 'orders_db' } },
      ]);
      const all = await post(`/ng/api/connectors/listV2?${PROJECT}&includeAllConnectorsAvailableAtScope=true`, {
        filterType: 'Connector',
        categories: ['ARTIFACTORY'],
      });
      expect(all.body.data.content.map((row: { identifier: string }) => row.identifier)).toEqual(['harnessImage']);
      expect((await get(`/ng/api/connectors?${PROJECT}&category=CODE_REPO`)).body.data.totalItems).toBe(1);
    });

    it('is not deleted while a DB instance uses it, unless forced; and neither is a secret a connector uses', async () => {
      ng.dbdevops.uses = [{ kind: 'dbinstance', orgId: 'default', projectId: 'shop', identifier: 'prod' }];
      const blocked = await call('DELETE', `/ng/api/connectors/orders_db?${PROJECT}`);
      expect([blocked.body.code, blocked.body.message]).toEqual([
        'ENTITY_REFERENCED',
        expect.stringContaining('dbinstance default/shop/prod'),
      ]);
      ng.dbdevops.uses = [];
      const secret = await call('DELETE', `/ng/api/v2/secrets/db_password?${PROJECT}`);
      expect([secret.body.code, secret.body.message]).toEqual([
        'ENTITY_REFERENCED',
        expect.stringContaining('connector orders_db'),
      ]);
      await post(`/ng/api/v2/secrets?${PROJECT}`, textSecret('temporary', 'x'));
      await post(`/ng/api/connectors?${PROJECT}`, jdbc('temporary', 'temporary'));
      expect((await call('DELETE', `/ng/api/connectors/temporary?${PROJECT}`)).body.data).toBe(true);
      expect((await call('DELETE', `/ng/api/v2/secrets/temporary?${PROJECT}`)).body.data).toBe(true);
    });

    it('keeps its type when changed', async () => {
      const answer = await call('PUT', `/ng/api/connectors?${PROJECT}`, git('orders_db'));
      expect([answer.status, answer.body.message]).toEqual([400, expect.stringContaining('cannot be changed')]);
      const changed = jdbc('orders_db', 'account.shared');
      changed.connector.name = 'Orders';
      expect((await call('PUT', `/ng/api/connectors?${PROJECT}`, changed)).body.data.connector).toMatchObject({
        name: 'Orders',
        spec: { auth: { spec: { passwordRef: 'account.shared' } } },
      });
      await call('PUT', `/ng/api/connectors?${PROJECT}`, jdbc('orders_db', 'db_password'));
    });

    it('is tested by a delegate with the secret sealed to it', async () => {
      ng.delegateService.behaviour = (payload, secrets) => {
        expect(JSON.stringify(payload)).not.toContain('s3cret-value');
        const isRight = Object.values(secrets).includes('s3cret-value');
        return {
          kind: 'test-jdbc',
          outcome: isRight
            ? { status: 'succeeded', product: 'PostgreSQL' }
            : { status: 'failed', error: { message: 'wrong password', failureType: 'Authentication' } },
        };
      };
      const { body } = await post(`/ng/api/connectors/testConnection/orders_db?${PROJECT}`, inProject);
      expect(body.data).toMatchObject({ status: 'SUCCESS', errors: [], delegateId: 'd1' });
      expect(ng.delegateService.submitted.at(-1)).toMatchObject({
        selectors: ['prod'],
        scope: { accountId: 'A1', orgId: 'default', projectId: 'shop' },
      });
      expect((await get(`/ng/api/connectors/orders_db?${PROJECT}`)).body.data.status).toMatchObject({
        status: 'SUCCESS',
        lastConnectedAt: expect.any(Number),
      });
    });

    it('answers a failed test and a missing delegate as results, not as errors', async () => {
      ng.delegateService.behaviour = () => ({
        kind: 'test-git',
        outcome: { status: 'failed', error: { message: 'repository not found', failureType: 'Connectivity' } },
      });
      expect((await post(`/ng/api/connectors/testConnection/app_repo?${PROJECT}`)).body.data).toMatchObject({
        status: 'FAILURE',
        errorSummary: 'repository not found',
      });
      ng.delegateService.behaviour = () => 'nobody';
      expect((await post(`/ng/api/connectors/testConnection/app_repo?${PROJECT}`)).body.data).toMatchObject({
        status: 'FAILURE',
        errorSummary: 'no delegate is connected to this account',
      });
    });
  });

  describe('people, keys, settings, delegates', () => {
    it('knows the holder of a seeded key and refuses others alike', async () => {
      const gateway = async (apiKey: string) => {
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
        return { status: answer.status, body: JSON.parse(await answer.text()) as Record<string, unknown> };
      };
      expect((await gateway(ng.apiKeys.A1)).body).toMatchObject({
        accountId: 'A1',
        principal: { type: 'user', email: 'admin@a1.example' },
        grants: [{ role: 'account_admin' }],
        cacheMs: 5000,
      });
      const stolen = ng.apiKeys.A1.replace('pat.A1.', 'pat.B1.');
      for (const key of [`${ng.apiKeys.A1}x`, stolen, 'pat.A1.none.aaaaaaaaaaaaaaaaaaaaaa', 'nonsense'])
        expect(await gateway(key)).toMatchObject({ status: 401, body: { code: 'INVALID_TOKEN' } });

      const [user] = await ng.pg.query<{ id: string }>(ng.database, `SELECT id FROM users WHERE account_id = 'A1'`);
      const me = ng.as('A1', [{ role: 'account_admin' }], { id: user?.id ?? '' });
      const owner = { apiKeyType: 'USER', parentIdentifier: user?.id, accountIdentifier: 'A1' };
      expect((await me('GET', '/ng/api/user/currentUser?accountIdentifier=A1')).body.data).toMatchObject({
        email: 'admin@a1.example',
        admin: true,
      });
      await me('POST', '/ng/api/apikey?accountIdentifier=A1', { identifier: 'ci', name: 'CI', ...owner });
      const made = await me('POST', '/ng/api/token?accountIdentifier=A1', {
        identifier: 't',
        name: 'T',
        apiKeyIdentifier: 'ci',
        ...owner,
      });
      expect((await gateway(made.body.data)).status).toBe(200);
      const keys = `apiKeyType=USER&parentIdentifier=${user?.id}&apiKeyIdentifier=ci&accountIdentifier=A1`;
      const rotated = await me('POST', `/ng/api/token/rotate/t?${keys}&rotateTimestamp=${Date.now() + 60_000}`);
      expect([(await gateway(made.body.data)).status, (await gateway(rotated.body.data)).status]).toEqual([200, 200]);
      expect((await me('GET', `/ng/api/token/aggregate?${keys}`)).body.data.content).toMatchObject([
        { token: { identifier: 't', valid: true } },
      ]);
      const expiring = await me('POST', '/ng/api/token?accountIdentifier=A1', {
        identifier: 'old',
        name: 'Old',
        apiKeyIdentifier: 'ci',
        ...owner,
        validFrom: 1000,
        validTo: 2000,
      });
      expect((await gateway(expiring.body.data)).body).toMatchObject({ code: 'EXPIRED_TOKEN' });
      await me('DELETE', `/ng/api/apikey/ci?${keys}`);
      expect([(await gateway(made.body.data)).status, (await gateway(rotated.body.data)).status]).toEqual([401, 401]);
      expect(JSON.stringify(await ng.pg.query(ng.database, 'SELECT * FROM api_tokens'))).not.toContain(
        ng.apiKeys.A1.split('.')[3],
      );
    });

    it('lists users with their roles, and reads the account', async () => {
      expect(
        (await post('/ng/api/user/aggregate?accountIdentifier=A1', { searchTerm: 'ADMIN' })).body.data.content,
      ).toMatchObject([
        { user: { email: 'admin@a1.example' }, roleAssignmentMetadata: [{ roleIdentifier: '_account_admin' }] },
      ]);
      expect((await get('/ng/api/accounts/A1?accountIdentifier=A1')).body.data).toMatchObject({
        identifier: 'A1',
        name: 'A1',
      });
    });

    it('changes settings item by item', async () => {
      const { body } = await call('PUT', '/ng/api/settings?accountIdentifier=A1', [
        { identifier: 'upload_logs_via_harness', value: 'true', updateType: 'UPDATE' },
        { identifier: 'no_such_setting', value: 'x', updateType: 'UPDATE' },
      ]);
      expect(body.data).toMatchObject([
        { updateStatus: true, setting: { value: 'true', settingSource: 'ACCOUNT' } },
        { updateStatus: false, errorMessage: expect.stringContaining('no_such_setting') },
      ]);
      expect((await get(`/ng/api/settings/upload_logs_via_harness?${PROJECT}`)).body.data).toEqual({
        valueType: 'Boolean',
        value: 'true',
      });
      expect((await get('/ng/api/settings?accountIdentifier=A1')).body.data.length).toBeGreaterThan(1);
      expect(
        (
          await call('PUT', `/ng/api/settings?${PROJECT}`, [
            { identifier: 'upload_logs_via_harness', value: 'false', updateType: 'UPDATE' },
          ])
        ).body.data[0].updateStatus,
      ).toBe(false);
    });

    it.each([
      ['&tokenName=delegate-groups', undefined, 'tokenName'],
      ['', { name: '..' }, 'name'],
      ['', { name: 'a/b' }, 'name'],
      ['&tokenName=%20a%25', undefined, 'tokenName'],
      ['&tokenName=one', { name: 'other' }, 'name'],
      ['', {}, 'tokenName'],
    ])(
      'refuses a delegate token %s %j that could not be read at its own address, or has two names',
      async (query, body, field) => {
        const refused = await post(`/ng/api/delegate-token-ng?accountIdentifier=A1${query}`, body);
        expect([refused.status, refused.body.errors[0].fieldId]).toEqual([400, field]);
      },
    );

    it('serves delegate tokens in both dialects and hands seeded ones to the delegate service', async () => {
      await waitFor(() => ng.delegateService.tokens.some(({ name }) => name === 'default_token'), {
        timeoutMs: 120_000,
        what: 'seeded delegate token',
      });
      const first = await post('/ng/api/delegate-token-ng?accountIdentifier=A1&tokenName=one');
      expect(first.body).toMatchObject({
        metaData: {},
        responseMessages: [],
        resource: { name: 'one', status: 'ACTIVE', value: expect.stringMatching(/^[A-Za-z0-9+/]+={0,2}$/) },
      });
      expect((await post('/ng/api/delegate-token-ng?accountIdentifier=A1', { name: 'two' })).body.resource.name).toBe(
        'two',
      );
      expect((await post('/ng/api/delegate-token-ng?accountIdentifier=A1&tokenName=one')).body.code).toBe(
        'DUPLICATE_FIELD',
      );
      expect((await get('/ng/api/delegate-token-ng/two?accountIdentifier=A1')).body.resource).toMatchObject({
        name: 'two',
        value: expect.any(String),
      });
      expect(
        (await call('PUT', '/ng/api/delegate-token-ng?accountIdentifier=A1&tokenName=one')).body.resource.status,
      ).toBe('REVOKED');
      expect(
        (await call('PUT', '/ng/api/delegate-token-ng/two?accountIdentifier=A1&status=REVOKED')).body.resource.status,
      ).toBe('REVOKED');
      expect((await get('/ng/api/delegate-token-ng?accountIdentifier=A1&status=REVOKED')).body.resource).toHaveLength(
        2,
      );
      expect((await call('DELETE', '/ng/api/delegate-token-ng/two?accountIdentifier=A1')).status).toBe(200);
      expect((await get('/ng/api/delegate-token-ng/two?accountIdentifier=A1')).status).toBe(404);
    });

    it('lists delegates as groups of replicas', async () => {
      const replica = {
        scope: { accountId: 'A1', orgId: '', projectId: '' },
        name: 'local',
        hostName: 'h',
        version: '0.1.0',
        tags: ['local'],
        connected: true,
        tokenName: 'one',
        taskKinds: [],
        runningTasks: 0,
        instanceId: 'i',
      };
      ng.delegateService.delegates = [
        { ...replica, id: 'r1', lastHeartbeatMs: 10 },
        { ...replica, id: 'r2', lastHeartbeatMs: 20, connected: false },
      ];
      const { body } = await post('/ng/api/delegate-setup/listDelegates?accountIdentifier=A1&all=true', {
        filterType: 'Delegate',
        status: 'CONNECTED',
      });
      expect(body.resource).toMatchObject([
        {
          name: 'local',
          connected: true,
          lastHeartBeat: 20,
          delegateReplicas: [
            { uuid: 'r1', lastHeartbeat: 10 },
            { uuid: 'r2', connected: false },
          ],
        },
      ]);
      expect(
        (
          await post('/ng/api/delegate-setup/listDelegates?accountIdentifier=A1', {
            filterType: 'Delegate',
            status: 'DISCONNECTED',
          })
        ).body.resource,
      ).toEqual([]);
    });
  });

  describe('DB DevOps requests', () => {
    const base = '/v1/orgs/default/projects/shop/dbschema';
    it('are passed on with their status and bare body once project and connectors are checked', async () => {
      const sent = {
        identifier: 'orders',
        name: 'Orders',
        migrationType: 'Liquibase',
        changelog: { connector: 'app_repo', location: 'db/changelog.xml' },
      };
      const made = await post(`${base}?${PROJECT}`, sent);
      expect([made.status, made.body.identifier]).toEqual([201, 'orders']);
      const listed = await get(`${base}?${PROJECT}&page=0&limit=10`);
      expect([listed.headers.get('x-total-elements'), listed.body.length]).toEqual(['1', 1]);
      expect(
        (
          await post(`${base}/orders/instance`, {
            identifier: 'prod',
            name: 'Prod',
            connector: 'orders_db',
            branch: 'main',
          })
        ).status,
      ).toBe(201);
    });

    it('answer in the style of DB DevOps when something is wrong', async () => {
      const unknown = await get('/v1/orgs/default/projects/nope/dbschema');
      expect([unknown.status, unknown.body]).toEqual([404, { message: expect.stringContaining('nope') }]);
      const wrongType = await post(`${base}/orders/instance`, {
        identifier: 'x',
        name: 'X',
        connector: 'app_repo',
        branch: 'main',
      });
      expect([wrongType.status, wrongType.body]).toEqual([
        400,
        { message: expect.stringContaining('of type Git; this needs JDBC') },
      ]);
      const missing = await post(base, {
        identifier: 'x',
        name: 'X',
        changelog: { connector: 'account.none', location: 'x' },
      });
      expect(missing.body).toEqual({ message: expect.stringContaining('there is no connector "none"') });
      const noReference = await post(base, {
        identifier: 'x',
        name: 'X',
        changelog: { connector: 'project.app_repo', location: 'x' },
      });
      expect(noReference.body).toEqual({
        message: expect.stringMatching(
          /^changelog\.connector: reference "project\.app_repo" cannot be used .*; use "id", "org\.id" or "account\.id"$/,
        ),
      });
      expect((await get(`${base}/unknown`)).status).toBe(404);
    });
  });

  it('keeps an audit trail that cannot be changed and holds no values', async () => {
    const rows = await ng.pg.query<{ action: string; resource_type: string; actor: { name: string } }>(
      ng.database,
      `SELECT * FROM audit_events WHERE account_id = 'A1'`,
    );
    const kinds = new Set(rows.map(({ action, resource_type }) => `${action} ${resource_type}`));
    for (const kind of [
      'create organization',
      'delete project',
      'create secret',
      'secretAccess secret',
      'update connector',
      'rotate token',
      'create delegateToken',
    ])
      expect(kinds).toContain(kind);
    expect(JSON.stringify(rows)).not.toContain('s3cret-value');
    await expect(ng.pg.query(ng.database, 'DELETE FROM audit_events')).rejects.toThrow(/only ever added/);
  });
});
