import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pause } from '@sluice/kernel';
import { CONNECTOR_SAMPLES, SECRET } from '../testing/connector-samples.js';
import { startNgManager, type HttpAnswer, type NgManagerUnderTest } from '../testing/ng-manager-under-test.js';

const PROJECT = 'accountIdentifier=A1&orgIdentifier=default&projectIdentifier=shop';
const ORG = 'accountIdentifier=A1&orgIdentifier=default';
const ACCOUNT = 'accountIdentifier=A1';
const inProject = { orgIdentifier: 'default', projectIdentifier: 'shop' };
const secret = (identifier: string, scope: object) => ({
  secret: {
    type: 'SecretText',
    identifier,
    name: identifier,
    ...scope,
    spec: { secretManagerIdentifier: 'harnessSecretManager', valueType: 'Inline', value: 'top-secret-value' },
  },
});
const gitSpec = { url: 'https://git.example.com/team/app.git', type: 'Http', connectionType: 'Repo' };

describe('connectors', () => {
  let ng: NgManagerUnderTest;
  let call: ReturnType<NgManagerUnderTest['as']>;
  const post = (path: string, body?: unknown) => call('POST', path, body);
  const get = (path: string) => call('GET', path);
  const made = async (identifier: string, type: string, spec: object, extra: object = inProject): Promise<HttpAnswer> =>
    post(`/ng/api/connectors?${ACCOUNT}`, { connector: { identifier, name: identifier, ...extra, type, spec } });
  const idsOf = ({ body }: HttpAnswer): string[] =>
    body.data.content.map((row: { connector: { identifier: string } }) => row.connector.identifier);

  beforeAll(async () => {
    ng = await startNgManager();
    call = ng.as('A1');
    await post(`/ng/api/organizations?${ACCOUNT}`, { organization: { identifier: 'default', name: 'Default' } });
    for (const identifier of ['shop', 'lists', 'twin'])
      await post(`/ng/api/projects?${ORG}`, { project: { orgIdentifier: 'default', identifier, name: identifier } });
    for (const scope of [
      {},
      { orgIdentifier: 'default' },
      inProject,
      { orgIdentifier: 'default', projectIdentifier: 'twin' },
      { orgIdentifier: 'default', projectIdentifier: 'lists' },
    ])
      await post(`/ng/api/v2/secrets?${ACCOUNT}`, secret(SECRET, scope));
  }, 300_000);
  afterAll(() => ng.stop());

  describe('come back as they were sent', () => {
    it.each(CONNECTOR_SAMPLES.map((sample, at) => [...sample, at] as const))(
      '%s, %s: create, read, change, read',
      async (type, _variant, spec, at) => {
        const sent = {
          identifier: `trip_${at}`,
          name: `Trip ${at}`,
          description: 'as sent',
          ...inProject,
          tags: { team: 'one', empty: '' },
          type,
          spec,
        };
        const created = await post(`/ng/api/connectors?${ACCOUNT}`, { connector: sent });
        expect([created.status, created.body.data?.connector ?? created.body]).toEqual([200, sent]);
        const read = await get(`/ng/api/connectors/trip_${at}?${PROJECT}`);
        expect(read.body.data.connector).toEqual(sent);
        const changed = await call('PUT', `/ng/api/connectors?${PROJECT}&routingId=A1`, {
          connector: { ...read.body.data.connector, connectionType: type },
          ...inProject,
        });
        expect([changed.status, changed.body.data?.connector ?? changed.body]).toEqual([200, sent]);
        expect((await get(`/ng/api/connectors/trip_${at}?${PROJECT}`)).body.data.connector).toEqual(sent);
      },
    );

    it('with every field of a response', async () => {
      const { body } = await get(`/ng/api/connectors/trip_0?${PROJECT}&branch=main&repoIdentifier=x`);
      expect(body.data).toEqual({
        connector: expect.any(Object),
        createdAt: expect.any(Number),
        lastModifiedAt: expect.any(Number),
        status: null,
        activityDetails: { lastActivityTime: expect.any(Number) },
        harnessManaged: false,
        gitDetails: { valid: true },
        entityValidityDetails: { valid: true, invalidYaml: null },
        governanceMetadata: null,
      });
    });

    it('without what nobody documents: a secret under a made-up key is not kept', async () => {
      const { body } = await made('stray', 'Git', {
        ...gitSpec,
        password: 'hunter2',
        spec: { username: 'u', passwordRef: SECRET, password: 'hunter2' },
      });
      expect(JSON.stringify(body)).not.toContain('hunter2');
    });
  });

  it('a secret may refer to a path in the secret manager of a cloud, and not to one in a cloud', async () => {
    await made('aws_manager', 'AwsSecretManager', { region: 'eu', credential: { type: 'AssumeIAMRole' } });
    await made('aws_cloud', 'Aws', { credential: { type: 'Irsa' } });
    const reference = (secretManagerIdentifier: string) =>
      post(`/ng/api/v2/secrets?${PROJECT}`, {
        secret: {
          type: 'SecretText',
          identifier: `of_${secretManagerIdentifier}`,
          name: 'x',
          ...inProject,
          spec: { secretManagerIdentifier, valueType: 'Reference', value: 'db/password' },
        },
      });
    expect((await reference('aws_manager')).status).toBe(200);
    expect((await reference('aws_cloud')).body).toMatchObject({
      code: 'INVALID_IDENTIFIER_REF',
      message: expect.stringContaining('there is no secret manager "aws_cloud"'),
    });
  });

  describe('are refused, naming field and value', () => {
    it.each([
      [
        'JDBC',
        { url: 'jdbc:postgresql://h/d', auth: { type: 'Kerberos', spec: {} } },
        'connector.spec.auth',
        'JDBC authentication "Kerberos" is not supported; use one of UsernamePassword, ServiceAccount, KeyPair, InheritFromDelegate, Oidc',
      ],
      [
        'JDBC',
        { url: 'jdbc:postgresql://h/d?socketFactory=x.Y' },
        'connector.spec.url',
        'option "socketFactory" of the database URL is not allowed: it loads a class by name; allowed are applicationname',
      ],
      [
        'JDBC',
        { url: 'jdbc:postgresql://h/d', auth: { type: 'UsernamePassword', spec: { username: 'u' } } },
        'connector.spec.auth.spec.passwordRef',
        'passwordRef',
      ],
      [
        'JDBC',
        {
          url: 'jdbc:postgresql://h/d',
          auth: { type: 'UsernamePassword', spec: { username: 'u', passwordRef: 'nope' } },
        },
        'connector.spec.auth.spec.passwordRef',
        'there is no secret "nope"',
      ],
      [
        'JDBC',
        {
          url: 'jdbc:postgresql://h/d',
          auth: { type: 'UsernamePassword', spec: { usernameRef: 'account.nope', passwordRef: SECRET } },
        },
        'connector.spec.auth.spec.usernameRef',
        'there is no secret "nope" in account',
      ],
      [
        'JDBC',
        {
          url: 'jdbc:postgresql://h/d',
          auth: { type: 'UsernamePassword', spec: { username: 'u', passwordRef: 'a b' } },
        },
        'connector.spec.auth.spec.passwordRef',
        'must be "id", "org.id" or "account.id"',
      ],
      [
        'Git',
        { ...gitSpec, type: 'Ftp' },
        'connector.spec',
        'Git connection "Ftp" is not supported; use one of Http, Ssh',
      ],
      ['Git', { ...gitSpec, connectionType: 'Team' }, 'connector.spec.connectionType', 'connectionType'],
      [
        'Github',
        {
          url: 'https://g.example/o',
          type: 'Account',
          authentication: { type: 'Http', spec: { type: 'Password', spec: {} } },
        },
        'connector.spec.authentication.spec',
        'Github authentication "Password" is not supported; use one of UsernameToken, GithubApp, Anonymous, UsernamePassword',
      ],
      [
        'Gitlab',
        {
          url: 'https://g.example/o',
          type: 'Account',
          authentication: { type: 'Http', spec: { type: 'UsernamePassword', spec: {} } },
          apiAccess: { type: 'GithubApp', spec: {} },
        },
        'connector.spec.apiAccess',
        'Gitlab API access "GithubApp" is not supported; use one of Token',
      ],
      [
        'Bitbucket',
        { url: 'https://g.example/o', type: 'Team', authentication: { type: 'Ssh', spec: { sshKeyRef: SECRET } } },
        'connector.spec.type',
        'must be Account or Repo',
      ],
      ['K8sCluster', { credential: { type: 'Magic' } }, 'connector.spec.credential', 'Kubernetes credential "Magic"'],
      [
        'DockerRegistry',
        { dockerRegistryUrl: 'https://r.example', providerType: 'Ecr' },
        'connector.spec.providerType',
        'providerType',
      ],
      ['Vault', { vaultUrl: 'https://v.example' }, 'connector.spec.renewalIntervalMinutes', 'renewalIntervalMinutes'],
      [
        'Vault',
        { vaultUrl: 'https://v.example', renewalIntervalMinutes: 0, authToken: 'nope' },
        'connector.spec.authToken',
        'there is no secret "nope"',
      ],
      ...['\n', ' ', '"', "'", '\\'].map((bad): [string, object, string, string] => [
        'Git',
        { ...gitSpec, url: `https://git.example.com/a${bad}b.git` },
        'connector.spec.url',
        'must not hold a blank, a line break, a quote or a backslash',
      ]),
      [
        'Github',
        {
          url: 'git@git.example.com:a"b.git',
          type: 'Repo',
          authentication: { type: 'Ssh', spec: { sshKeyRef: SECRET } },
        },
        'connector.spec.url',
        'must not hold a blank',
      ],
      ['JDBC', { url: 'postgres://h/d' }, 'connector.spec.url', 'is not supported'],
      [
        'DockerRegistry',
        { dockerRegistryUrl: 'registry', providerType: 'Other' },
        'connector.spec.dockerRegistryUrl',
        'is not a URL; write for example https://registry.example.com/v2/',
      ],
      [
        'Vault',
        { vaultUrl: 'vault', renewalIntervalMinutes: 0 },
        'connector.spec.vaultUrl',
        'is not a URL; write for example https://vault.example.com:8200',
      ],
      [
        'Artifactory',
        { artifactoryServerUrl: 'artifactory' },
        'connector.spec.artifactoryServerUrl',
        'is not a URL; write for example https://artifactory.example.com/artifactory',
      ],
      [
        'Artifactory',
        { artifactoryServerUrl: 'https://me:pw@a.example' },
        'connector.spec.artifactoryServerUrl',
        'must not hold credentials',
      ],
      [
        'Nexus',
        { nexusServerUrl: 'https://n.example', version: '1.x' },
        'connector.spec.version',
        'must be 2.x or 3.x',
      ],
      [
        'Aws',
        { credential: { type: 'Magic' } },
        'connector.spec.credential',
        'AWS credential "Magic" is not supported; use one of ManualConfig, InheritFromDelegate, Irsa, OidcAuthentication',
      ],
      [
        'Aws',
        { credential: { type: 'ManualConfig', spec: { secretKeyRef: SECRET } } },
        'connector.spec.credential.spec.accessKey',
        'must be the only one given of credential.spec.accessKey, credential.spec.accessKeyRef',
      ],
      [
        'Aws',
        { credential: { type: 'ManualConfig', spec: { accessKey: 'a', secretKeyRef: 'nope' } } },
        'connector.spec.credential.spec.secretKeyRef',
        'there is no secret "nope"',
      ],
      [
        'Gcp',
        { credential: { type: 'ManualConfig', spec: { secretKeyRef: 'nope' } } },
        'connector.spec.credential.spec.secretKeyRef',
        'there is no secret "nope"',
      ],
      [
        'Azure',
        {
          credential: {
            type: 'ManualConfig',
            spec: {
              applicationId: 'a',
              tenantId: 't',
              auth: { type: 'Certificate', spec: { certificateRef: 'nope' } },
            },
          },
        },
        'connector.spec.credential.spec.auth.spec.certificateRef',
        'there is no secret "nope"',
      ],
      [
        'AwsSecretManager',
        { region: 'eu', credential: { type: 'ManualConfig', spec: { accessKey: SECRET, secretKey: 'nope' } } },
        'connector.spec.credential.spec.secretKey',
        'there is no secret "nope"',
      ],
      [
        'AwsSecretManager',
        { region: 'eu', credential: { type: 'AssumeSTSRole', spec: { roleArn: 'r', assumeStsRoleDuration: 60 } } },
        'connector.spec.credential.spec.assumeStsRoleDuration',
        'from 900 on',
      ],
      [
        'GcpSecretManager',
        {},
        'connector.spec.credentialsRef',
        'must be the only one given of credentialsRef, assumeCredentialsOnDelegate, credential',
      ],
      [
        'AzureKeyVault',
        { vaultName: 'v', subscription: 's', clientId: 'c', tenantId: 't' },
        'connector.spec.secretKey',
        'is required unless useManagedIdentity is true',
      ],
      [
        'AzureKeyVault',
        { vaultName: 'v', subscription: 's', clientId: 'c', tenantId: 't', secretKey: 'nope' },
        'connector.spec.secretKey',
        'there is no secret "nope"',
      ],
      ['Local', { default: true }, 'connector.type', 'harnessSecretManager'],
      ['Jira', {}, 'connector', 'connector type "Jira" is not supported by this server; use one of JDBC, Git, Github'],
      ['Fax', {}, 'connector', 'connector type "Fax" does not exist; use one of JDBC, Git'],
      ['jdbc', {}, 'connector', 'connector type "jdbc" does not exist'],
    ])('%s %j', async (type, spec, field, text) => {
      const { status, body } = await made('refused', type, spec);
      expect([status, body.status]).toEqual([400, 'FAILURE']);
      expect(body.message).toContain(text);
      expect(body.errors[0].fieldId).toContain(field);
      expect((await get(`/ng/api/connectors/refused?${PROJECT}`)).status).toBe(404);
    });

    it('when a secret cannot be reached from where the connector is, or is private to somebody else', async () => {
      const spec = (passwordRef: string) => ({
        url: 'jdbc:postgresql://h/d',
        auth: { type: 'UsernamePassword', spec: { username: 'u', passwordRef } },
      });
      const above = await made('refused', 'JDBC', spec(`org.${SECRET}`), {});
      expect([above.status, above.body.code, above.body.errors]).toEqual([
        400,
        'INVALID_IDENTIFIER_REF',
        [{ fieldId: 'connector.spec.auth.spec.passwordRef', error: `"org.${SECRET}" cannot be used from here` }],
      ]);
      const [owner, other] = [ng.as('A1', undefined, { id: 'owner' }), ng.as('A1', undefined, { id: 'other' })];
      await owner('POST', `/ng/api/v2/secrets?${PROJECT}&privateSecret=true`, secret('private_one', inProject));
      const body = (identifier: string) => ({
        connector: { identifier, name: identifier, ...inProject, type: 'JDBC', spec: spec('private_one') },
      });
      expect((await other('POST', `/ng/api/connectors?${PROJECT}`, body('refused'))).body).toMatchObject({
        code: 'INVALID_IDENTIFIER_REF',
        errors: [{ fieldId: 'connector.spec.auth.spec.passwordRef', error: 'secret "private_one" does not exist' }],
      });
      expect((await owner('POST', `/ng/api/connectors?${PROJECT}`, body('of_private'))).status).toBe(200);
      expect((await owner('DELETE', `/ng/api/v2/secrets/private_one?${PROJECT}`)).body.message).toContain(
        'connector of_private',
      );
    });

    it.each([
      { identifier: 'a-b', name: 'x', type: 'Git', spec: gitSpec },
      { name: 'x', type: 'Git', spec: gitSpec },
      { identifier: 'x', type: 'Git', spec: gitSpec },
      { identifier: 'x', name: 'x', spec: gitSpec },
      { identifier: 'x', name: 'x', type: 'Git' },
      { identifier: 'stats', name: 'x', type: 'Git', spec: gitSpec },
      { identifier: 'x', name: 'x'.repeat(129), type: 'Git', spec: gitSpec },
      { identifier: 'x', name: 'nul\u0000', type: 'Git', spec: { ...gitSpec, branchName: 'nul\u0000' } },
      { identifier: 'x', name: '\ud800', type: 'Git', spec: { ...gitSpec, branchName: '\udfff' } },
      { identifier: 'x', name: 'x', type: 'Git', spec: { ...gitSpec, url: `https://h/${'x'.repeat(5000)}` } },
      { identifier: 'x', name: 'x', type: 7, spec: [] },
      null,
      [],
      'text',
    ])('%#: what is malformed is no server error', async (connector) => {
      const { status } = await post(`/ng/api/connectors?${PROJECT}`, { connector });
      expect(status).toBeGreaterThanOrEqual(400);
      expect(status).toBeLessThan(500);
    });

    it('when the identifier is taken or the type would change', async () => {
      expect(await made('trip_0', 'Git', gitSpec)).toMatchObject({ status: 409, body: { code: 'DUPLICATE_FIELD' } });
      expect(
        (
          await call('PUT', `/ng/api/connectors?${PROJECT}`, {
            connector: { identifier: 'trip_0', name: 'x', type: 'Git', spec: gitSpec },
          })
        ).body.message,
      ).toContain('cannot be changed');
      expect(
        (
          await call('PUT', `/ng/api/connectors?${PROJECT}`, {
            connector: { identifier: 'nobody', name: 'x', type: 'Git', spec: gitSpec },
          })
        ).status,
      ).toBe(404);
    });
  });

  describe('are found', () => {
    const LISTS = `${ORG}&projectIdentifier=lists`;
    const inLists = { orgIdentifier: 'default', projectIdentifier: 'lists' };
    const list = (filter: object, query = '') =>
      post(`/ng/api/connectors/listV2?${LISTS}&pageIndex=0&pageSize=20${query}`, {
        filterType: 'Connector',
        ...filter,
        ...inLists,
      });

    beforeAll(async () => {
      await made(
        'db_main',
        'JDBC',
        { url: 'jdbc:postgresql://h/d', auth: { type: 'InheritFromDelegate' } },
        { ...inLists, name: 'Main database', description: 'Orders 100%', tags: { env: 'prod', team: 'a' } },
      );
      await made(
        'repo_app',
        'Git',
        { ...gitSpec, executeOnDelegate: false },
        { ...inLists, name: 'App repository', tags: { env: 'dev' } },
      );
      await made(
        'hub',
        'Github',
        { url: 'https://g.example/o', type: 'Account', authentication: { type: 'Http', spec: { type: 'Anonymous' } } },
        { ...inLists, name: 'Hub' },
      );
      await made(
        'in_cluster',
        'K8sCluster',
        { credential: { type: 'InheritFromDelegate' } },
        { ...inLists, name: 'Cluster' },
      );
      await made(
        'shared',
        'DockerRegistry',
        { dockerRegistryUrl: 'https://r.example', providerType: 'Other' },
        { orgIdentifier: 'default' },
      );
    });

    it.each([
      [{}, ['db_main', 'harnessSecretManager', 'hub', 'in_cluster', 'repo_app']],
      [{ types: ['Git', 'Github'] }, ['hub', 'repo_app']],
      [{ types: ['Splunk'] }, []],
      [{ categories: ['CODE_REPO', 'DATABASE'] }, ['db_main', 'hub', 'repo_app']],
      [{ categories: ['CODE_REPO'], types: ['Git', 'JDBC'] }, ['repo_app']],
      [{ categories: ['ML_OPS'] }, []],
      [{ connectorNames: ['Hub', 'Cluster'] }, ['hub', 'in_cluster']],
      [{ connectorIdentifiers: ['hub', 'shared'] }, ['hub']],
      [{ connectivityStatuses: ['UNKNOWN'], types: ['JDBC'] }, ['db_main']],
      [{ connectivityStatuses: ['SUCCESS'] }, []],
      [{ connectorConnectivityModes: ['MANAGER'] }, ['harnessSecretManager', 'repo_app']],
      [{ connectorConnectivityModes: ['DELEGATE'] }, ['db_main', 'hub', 'in_cluster']],
      [{ inheritingCredentialsFromDelegate: true }, ['db_main', 'in_cluster']],
      [{ inheritingCredentialsFromDelegate: false }, ['harnessSecretManager', 'hub', 'repo_app']],
      [{ description: 'orders 100%' }, ['db_main']],
      [{ description: '%' }, ['db_main']],
      [{ tags: { env: 'prod' } }, ['db_main']],
      [{ tags: { env: 'prod', team: 'b' } }, []],
      [{ ccmConnectorFilter: { featuresEnabled: ['BILLING'] } }, []],
      [
        { ccmConnectorFilter: {}, types: null, tags: null },
        ['db_main', 'harnessSecretManager', 'hub', 'in_cluster', 'repo_app'],
      ],
    ])('by filter %j', async (filter, expected) => {
      const answer = await list(filter, '&sortOrders=identifier,ASC');
      expect([idsOf(answer).sort(), answer.body.data.totalItems]).toEqual([[...expected].sort(), expected.length]);
    });

    it('by search, in order, page by page, with those of the scopes above when asked', async () => {
      expect(idsOf(await list({}, '&searchTerm=REPO'))).toEqual(['repo_app']);
      expect(idsOf(await list({ categories: ['CODE_REPO', 'DATABASE'] }, '&sortOrders=name,DESC'))).toEqual([
        'db_main',
        'hub',
        'repo_app',
      ]);
      expect(
        idsOf(await list({ categories: ['CODE_REPO', 'DATABASE'] }, '&sortOrders=type,ASC&sortOrders=name,ASC')),
      ).toEqual(['repo_app', 'hub', 'db_main']);
      const second = await post(`/ng/api/connectors/listV2?${LISTS}&pageIndex=1&pageSize=2&sortOrders=identifier,ASC`, {
        filterType: 'Connector',
      });
      expect([idsOf(second).length, second.body.data]).toEqual([
        2,
        expect.objectContaining({
          totalItems: 5,
          totalPages: 3,
          pageItemCount: 2,
          pageIndex: 1,
          pageSize: 2,
          empty: false,
        }),
      ]);
      const all = idsOf(await list({ types: ['DockerRegistry'] }, '&includeAllConnectorsAvailableAtScope=true'));
      expect(all.sort()).toEqual(['harnessImage', 'shared']);
      expect((await list({ filterType: 'Secret' })).status).toBe(400);
      expect((await list({}, '&filterIdentifier=mine')).body.message).toContain('there are none');
    });

    it('by the older list without the built-in secret manager, whose type its generated clients do not know, unless types or categories are asked for', async () => {
      const whole = await get(`/ng/api/connectors?${LISTS}&sortOrders=identifier,ASC`);
      expect([idsOf(whole), whole.body.data.totalItems]).toEqual([['db_main', 'hub', 'in_cluster', 'repo_app'], 4]);
      expect(
        idsOf(await get(`/ng/api/connectors?${LISTS}&includeAllConnectorsAvailableAtScope=true&pageSize=100`)),
      ).not.toContain('harnessSecretManager');
      expect(idsOf(await get(`/ng/api/connectors?${LISTS}&type=Local`))).toEqual(['harnessSecretManager']);
    });

    it('by the older list', async () => {
      expect(idsOf(await get(`/ng/api/connectors?${LISTS}&type=Git&searchTerm=app`))).toEqual(['repo_app']);
      expect(
        idsOf(await get(`/ng/api/connectors?${LISTS}&source_category=SECRET_MANAGER&pageIndex=0&pageSize=1`)),
      ).toEqual(['harnessSecretManager']);
      expect(idsOf(await get(`/ng/api/connectors?${LISTS}&category=CODE_REPO&type=Github`))).toEqual(['hub']);
    });

    it('by full names of any scope, leaving out what is not there or not seen', async () => {
      const names = [
        'A1/default/lists/hub',
        'A1/default/shared',
        'A1/harnessImage',
        'A1/default/lists/none',
        'B1/harnessImage',
      ];
      const answer = await post(`/ng/api/connectors/listbyfqn?${ACCOUNT}`, names);
      expect(
        answer.body.data.map(({ connector }: { connector: { identifier: string } }) => connector.identifier),
      ).toEqual(['hub', 'shared', 'harnessImage']);
      const narrow = ng.as('A1', [{ role: 'viewer', orgId: 'default', projectId: 'lists' }]);
      expect((await narrow('POST', `/ng/api/connectors/listbyfqn?${ACCOUNT}`, names)).body.data).toHaveLength(1);
      expect((await post(`/ng/api/connectors/listbyfqn?${ACCOUNT}`, ['hub'])).body.message).toContain(
        '"hub" is not the full name of a connector',
      );
    });

    it('counted by type and status, with the values of a filter, and whether a name is free', async () => {
      expect((await get(`/ng/api/connectors/stats?${LISTS}`)).body.data).toEqual({
        typeStats: ['Git', 'Github', 'JDBC', 'K8sCluster', 'Local'].map((type) => ({ type, count: 1 })),
        statusStats: [{ status: 'UNKNOWN', count: 5 }],
      });
      expect((await get(`/ng/api/connectors/fieldValues?${LISTS}`)).body.data.fieldValues).toMatchObject({
        types: expect.arrayContaining(['JDBC']),
        connectivityStatuses: ['SUCCESS', 'FAILURE', 'PARTIAL', 'UNKNOWN'],
      });
      const { body } = await get(`/ng/api/connectors/catalogue?${ACCOUNT}`);
      expect(body.data.catalogue).toContainEqual({ category: 'DATABASE', connectors: ['JDBC'] });
      expect((await get(`/ng/api/connectors/validateUniqueIdentifier?${LISTS}&identifier=hub`)).body.data).toBe(false);
      expect((await get(`/ng/api/connectors/validateUniqueIdentifier?${LISTS}&identifier=free`)).body.data).toBe(true);
    });
  });

  describe('that are built in', () => {
    it.each([
      ['harnessImage', ACCOUNT],
      ['harnessSecretManager', ACCOUNT],
      ['harnessSecretManager', ORG],
      ['harnessSecretManager', PROJECT],
    ])('%s of %s are there and stay as they are', async (identifier, scope) => {
      const known = await get(`/ng/api/connectors/${identifier}?${scope}`);
      expect(known.body.data).toMatchObject({ harnessManaged: true, connector: { identifier } });
      const { connector } = known.body.data;
      expect(
        (await call('DELETE', `/ng/api/connectors/${identifier}?${scope}&forceDelete=true`)).body.message,
      ).toContain('is built in');
      expect(
        (await call('PUT', `/ng/api/connectors?${scope}`, { connector: { ...connector, name: 'Mine' } })).body.message,
      ).toContain('is built in');
      expect((await post(`/ng/api/connectors?${scope}`, { connector })).status).toBeGreaterThanOrEqual(400);
      expect((await get(`/ng/api/connectors/${identifier}?${scope}`)).body.data.connector).toEqual(connector);
    });
  });

  describe('as /v1 twins', () => {
    const levels = [
      ['account', '/v1', {}],
      ['org', '/v1/orgs/default', { org: 'default' }],
      ['project', '/v1/orgs/default/projects/twin', { org: 'default', project: 'twin' }],
    ] as const;

    it.each(levels)(
      'of an %s: bare bodies, the type inside the spec, both names of the key',
      async (level, base, place) => {
        const spec = {
          type: 'JDBC',
          url: 'jdbc:postgresql://h/d',
          auth: { type: 'UsernamePassword', spec: { username: 'u', passwordRef: SECRET } },
          delegateSelectors: ['a'],
        };
        const created = await post(`${base}/connectors?accountIdentifier=A1&routingId=A1`, {
          connector: { slug: `v1_${level}`, name: 'One', description: 'd', tags: { a: 'b' }, ...place, spec },
        });
        expect([created.status, created.body]).toEqual([
          201,
          {
            connector: {
              identifier: `v1_${level}`,
              slug: `v1_${level}`,
              name: 'One',
              org: null,
              project: null,
              ...place,
              description: 'd',
              tags: { a: 'b' },
              spec,
            },
            created: expect.any(Number),
            updated: expect.any(Number),
            status: null,
            harness_managed: false,
          },
        ]);
        expect((await get(`${base}/connectors/v1_${level}`)).body.connector).toEqual(created.body.connector);
        expect(
          (
            await call('PUT', `${base}/connectors/v1_${level}`, {
              connector: { identifier: `v1_${level}`, name: 'Two', spec },
            })
          ).body.connector,
        ).toMatchObject({ name: 'Two', description: '', spec });
        expect(
          (
            await call('PUT', `${base}/connectors/other`, {
              connector: { identifier: `v1_${level}`, name: 'Two', spec },
            })
          ).body.message,
        ).toContain('cannot be changed');
        const listed = await get(`${base}/connectors?type=JDBC&search_term=v1_&limit=5&sort=name&order=ASC`);
        expect([
          listed.headers.get('x-total-elements'),
          listed.headers.get('x-page-size'),
          listed.body.map((row: { connector: { slug: string } }) => row.connector.slug),
        ]).toEqual(['1', '5', [`v1_${level}`]]);
        ng.delegateService.behaviour = () => ({
          kind: 'test-jdbc',
          outcome: { status: 'succeeded', product: 'PostgreSQL' },
        });
        expect((await get(`${base}/connectors/v1_${level}/test-connection`)).body).toEqual({
          status: 'SUCCESS',
          errors: [],
          error_summary: null,
          tested_at: expect.any(Number),
          delegate_id: 'd1',
        });
        expect((await get(`${base}/connectors/v1_${level}`)).body.status).toMatchObject({ status: 'SUCCESS' });
        expect((await call('DELETE', `${base}/connectors/v1_${level}`)).body.connector.slug).toBe(`v1_${level}`);
        expect((await get(`${base}/connectors/v1_${level}`)).status).toBe(404);
      },
    );

    it.each([
      [
        'Git',
        {
          url: 'https://g.example/r',
          protocol: 'Http',
          connectionType: 'Repo',
          spec: { username: 'u', passwordRef: SECRET },
        },
      ],
      [
        'Github',
        {
          url: 'https://g.example/o',
          connectionType: 'Account',
          authentication: { type: 'Ssh', spec: { sshKeyRef: SECRET } },
        },
      ],
    ])('%s says otherwise what the other generation calls type', async (type, fields) => {
      const spec = { type, ...fields, ...(type === 'Github' ? { url: 'git@g.example:o' } : {}) };
      const created = await post('/v1/orgs/default/projects/twin/connectors', {
        connector: { identifier: `own_${type}`, name: type, spec },
      });
      expect([created.status, created.body.connector?.spec ?? created.body]).toEqual([201, spec]);
      expect(
        (await get(`/ng/api/connectors/own_${type}?${ORG}&projectIdentifier=twin`)).body.data.connector,
      ).toMatchObject({ type, spec: { type: type === 'Git' ? 'Http' : 'Account' } });
    });

    it('name what is wrong where it was written', async () => {
      const at = '/v1/orgs/default/projects/twin/connectors';
      const send = async (spec: unknown, rest: object = {}) =>
        (await post(at, { connector: { identifier: 'x', name: 'x', spec, ...rest } })).body;
      expect(await send({ type: 'Jira' })).toMatchObject({
        code: 'INVALID_REQUEST',
        message: expect.stringContaining('connector type "Jira" is not supported'),
      });
      expect(
        (await send({ type: 'Git', url: 'https://g.example/r', protocol: 'Ftp', connectionType: 'Repo' })).message,
      ).toContain('Git connection "Ftp"');
      expect(
        (
          await send({
            type: 'Github',
            url: 'https://g.example/r',
            connectionType: 'Team',
            authentication: { type: 'Ssh', spec: { sshKeyRef: SECRET } },
          })
        ).errors[0].fieldId,
      ).toBe('connector.spec.connectionType');
      expect((await send({ url: 'x' })).message).toContain('connector.spec.type');
      expect((await send({ type: 'Git' }, { org: 'other' })).message).toContain(
        'connector.org is "other", the path says "default"',
      );
      expect((await send({ type: 'Git' }, { identifier: undefined })).message).toContain('give identifier or slug');
    });
  });

  describe('in use', () => {
    it('are not deleted: the error names schemas, instances and secrets of them, and forceDelete deletes them', async () => {
      await made('used_vault', 'Vault', {
        vaultUrl: 'https://v.example',
        renewalIntervalMinutes: 0,
        authToken: SECRET,
      });
      await post(`/ng/api/v2/secrets?${PROJECT}`, {
        secret: {
          type: 'SecretText',
          identifier: 'from_vault',
          name: 'x',
          ...inProject,
          spec: { secretManagerIdentifier: 'used_vault', valueType: 'Reference', value: 'kv/db#password' },
        },
      });
      ng.dbdevops.uses = [
        { kind: 'dbschema', orgId: 'default', projectId: 'shop', identifier: 'orders' },
        { kind: 'dbinstance', orgId: 'default', projectId: 'shop', identifier: 'prod' },
      ];
      const refused = await call('DELETE', `/ng/api/connectors/used_vault?${PROJECT}`);
      expect([refused.status, refused.body.code]).toEqual([400, 'ENTITY_REFERENCED']);
      for (const user of [
        'dbschema default/shop/orders',
        'dbinstance default/shop/prod',
        'secret from_vault',
        'forceDelete=true',
      ])
        expect(refused.body.message).toContain(user);
      expect((await get(`/ng/api/connectors/used_vault?${PROJECT}`)).status).toBe(200);
      expect((await call('DELETE', `/ng/api/connectors/used_vault?${PROJECT}&forceDelete=true`)).body.data).toBe(true);
      ng.dbdevops.uses = [];
    });

    it('are not deleted while a schema that names them is being stored', async () => {
      await made('in_making', 'Git', { url: 'https://git.example/repo', type: 'Http', connectionType: 'Repo' });
      let deletion: Promise<{ readonly status: number }> | undefined;
      ng.dbdevops.beforeCreate = async () => {
        deletion = call('DELETE', `/ng/api/connectors/in_making?${PROJECT}`);
        await Promise.race([deletion, pause(300)]);
        ng.dbdevops.uses = [{ kind: 'dbschema', orgId: 'default', projectId: 'shop', identifier: 'fresh' }];
      };
      const schema = await post('/v1/orgs/default/projects/shop/dbschema', {
        identifier: 'fresh',
        name: 'Fresh',
        changelog: { connector: 'in_making', location: 'db.xml' },
      });
      expect([schema.status, (await deletion)?.status]).toEqual([201, 400]);
      ng.dbdevops.beforeCreate = () => Promise.resolve();
      ng.dbdevops.uses = [];
    });
  });
});
